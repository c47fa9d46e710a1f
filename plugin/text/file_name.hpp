#pragma once

#include <string_view>

namespace text {

/// The part of a path after its last slash.
constexpr std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace text
