#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/reference_rules.hpp"

namespace kernel {

/// The rules of the reference plugins ptp and bridge for one attachment, by the names that they derive: masquerading
/// with iptables (the name does not contain the interface) and with nftables, and bridge's check of MACs.
ReferenceRules interface_rules_of_reference(const cni::Attachment& attachment);

/// Removes them. Does nothing on a kernel without nftables. Throws std::system_error.
void remove_interface_rules_of_reference(const cni::Attachment& attachment);

}  // namespace kernel
