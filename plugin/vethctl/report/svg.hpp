#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <string>

namespace report {

/// The node as a self-contained SVG document.
std::string svg(const inspect::Node& node);

}  // namespace report
