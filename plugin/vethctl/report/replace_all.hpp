#pragma once

#include <string>
#include <string_view>

namespace report {

/// Replaces each occurrence in the text.
void replace_all(std::string& text, std::string_view old, std::string_view replacement);

}  // namespace report
