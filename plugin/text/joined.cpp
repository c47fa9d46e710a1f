#include "plugin/text/joined.hpp"

#include <algorithm>
#include <span>

namespace text {

std::string listed(const std::vector<std::string>& names, std::size_t limit) {
  const auto shown = std::span{names}.first(std::min(names.size(), limit));
  const auto rest = names.size() - shown.size();
  const auto list = joined(shown, ", ");
  return rest == 0 ? list : list + " and " + std::to_string(rest) + " more";
}

}  // namespace text
