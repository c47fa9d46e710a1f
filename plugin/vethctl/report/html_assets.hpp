#pragma once

#include <string_view>

namespace report {

/// The style sheet of the page. It follows the colour scheme of the browser.
std::string_view html_style();

/// The script of the page: search, filters and the panel with details.
std::string_view html_script();

/// The hash of the script for the Content-Security-Policy: "sha256-" and base64. A test compares it with the script.
std::string_view html_script_hash();

}  // namespace report
