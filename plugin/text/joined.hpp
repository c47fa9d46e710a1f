#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace text {

/// The parts with the separator between them. `text_of` returns the text of a part: a string, a string view or a C
/// string.
template <class Parts, class TextOf = std::identity>
std::string joined(const Parts& parts, std::string_view separator, TextOf text_of = {}) {
  std::string result;
  bool is_first = true;
  for (const auto& part : parts) {
    if (!is_first) result += separator;
    is_first = false;
    result += std::invoke(text_of, part);
  }
  return result;
}

/// The first `limit` names and the number of the others: "a, b and 7 more".
std::string listed(const std::vector<std::string>& names, std::size_t limit);

}  // namespace text
