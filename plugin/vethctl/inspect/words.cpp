#include "plugin/vethctl/inspect/words.hpp"

#include <algorithm>

namespace inspect {

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) {
    if (&part != &parts.front()) text += separator;
    text += part;
  }
  return text;
}

std::string listed(const std::vector<std::string>& names, std::size_t most) {
  const auto shown = std::min(names.size(), most);
  auto text = joined({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown)}, ", ");
  const auto rest = names.size() - shown;
  return rest == 0 ? text : text + " and " + std::to_string(rest) + " more";
}

}  // namespace inspect
