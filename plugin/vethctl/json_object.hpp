#pragma once

#include <string>
#include <string_view>

namespace vethctl {

/// {"name": "text"} with a newline: the JSON output of commands that print only a text.
std::string to_json_object(std::string_view name, std::string_view text);

}  // namespace vethctl
