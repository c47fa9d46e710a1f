#pragma once

#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <string>
#include <vector>

// The same values for programs: JSON with a newline at its end. Names and texts are always there, empty where they are
// not known; what a mode does not have is left out.
namespace report {

/// An array.
std::string json(const std::vector<inspect::Attachment>& attachments);

/// An object with the hostname, the gateways, the bridges and the attachments.
std::string json(const inspect::Node& node);

/// An object: the attachment as in the array, "wanted" as in its record, "kernel", "counters", "differences".
std::string json(const inspect::Detail& detail);

}  // namespace report
