#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/reference_rules.hpp"

#include <string>

// The names that the reference plugins derive from network and container. They do not contain the interface.
namespace chained {

/// The ifb of the reference plugin bandwidth: "bwp" and 12 digits.
std::string ifb_name_of_reference(const cni::Attachment& attachment);

/// The rules of the reference plugin portmap for a container, of both of its backends.
kernel::ReferenceRules portmap_rules_of_reference(const cni::Attachment& attachment);

}  // namespace chained
