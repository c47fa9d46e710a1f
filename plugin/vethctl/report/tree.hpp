#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <cstddef>
#include <string>

namespace report {

/// The node as a tree for the terminal: the host with its interfaces and bridges, then pairs between namespaces, then
/// leases for interfaces of other plugins.
std::string tree(const inspect::Node& node, std::size_t width);

}  // namespace report
