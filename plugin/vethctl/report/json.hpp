#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <string>
#include <vector>

// JSON output with a newline at its end. Names and texts are always present, and empty if unknown; members that a mode
// does not have are left out.
namespace report {

/// An object with the network, the container and the interface.
std::string json(const cni::Attachment& attachment);

/// An array.
std::string json(const std::vector<inspect::Attachment>& attachments);

/// An object with the hostname, the gateways, the bridges and the attachments.
std::string json(const inspect::Node& node);

/// An object: the members of the attachment, then "wanted" (from its record), "kernel", "limits", "counters" and
/// "differences".
std::string json(const inspect::Detail& detail);

}  // namespace report
