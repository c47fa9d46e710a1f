#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <string>

namespace report {

/// The node as a graph for Graphviz: `dot -Tpng`.
std::string dot(const inspect::Node& node);

}  // namespace report
