#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vethctl {

/// The first syntax error of a text that should be one JSON value.
struct JsonSyntaxFault {
  std::size_t line = 1;    ///< from 1
  std::size_t column = 1;  ///< in characters, from 1
  std::string message{};   ///< the cause, and what to change

  bool operator==(const JsonSyntaxFault&) const = default;
};

/// Recognizes common causes, such as comments, commas before a closing bracket, and YAML. nullopt if the text has no
/// fault, or one that only the parser reports: invalid UTF-8, a number out of range.
std::optional<JsonSyntaxFault> find_syntax_fault(std::string_view text);

/// "line 3, column 5: MESSAGE"
std::string to_string(const JsonSyntaxFault& fault);

}  // namespace vethctl
