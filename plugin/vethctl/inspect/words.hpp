#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace inspect {

std::string joined(const std::vector<std::string>& parts, std::string_view separator);

/// The first few, as many as people read: "a, b and 7 more".
std::string listed(const std::vector<std::string>& names, std::size_t most);

}  // namespace inspect
