#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <string>

namespace report {

/// The node as a picture: an SVG document that needs no other file, for browsers and for programs.
std::string svg(const inspect::Node& node);

}  // namespace report
