#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <string>

namespace report {

/// The node as a Mermaid flowchart. GitHub and GitLab draw it in a code block of type "mermaid".
std::string mermaid(const inspect::Node& node);

}  // namespace report
