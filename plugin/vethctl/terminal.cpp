#include "plugin/vethctl/terminal.hpp"

#include <algorithm>
#include <cctype>

namespace vethctl {
namespace {

/// Empty if it is not set.
std::string value_of(const std::string& name, const Environment& environment) {
  return environment(name).value_or(std::string{});
}

std::string locale_of(const Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (auto locale = value_of(name, environment); !locale.empty()) return locale;
  }
  return {};
}

}  // namespace

bool is_utf8(const Environment& environment) {
  auto locale = locale_of(environment);
  std::ranges::transform(locale, locale.begin(), [](unsigned char character) { return std::toupper(character); });
  return locale.find("UTF-8") != std::string::npos || locale.find("UTF8") != std::string::npos;
}

bool uses_colour(const std::string& when, bool is_terminal, const Environment& environment) {
  if (when != "auto") return when == "always";
  return is_terminal && value_of("NO_COLOR", environment).empty() && value_of("TERM", environment) != "dumb";
}

}  // namespace vethctl
