#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <string>

namespace report {

/// The node as a flowchart of Mermaid, which Markdown pages of GitHub and GitLab draw in a block called "mermaid".
std::string mermaid(const inspect::Node& node);

}  // namespace report
