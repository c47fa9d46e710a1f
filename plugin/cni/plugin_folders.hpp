#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// The folders of CNI_PATH, which are separated by ':'. Empty ones are left out.
std::vector<std::string> plugin_folders(std::string_view path);

}  // namespace cni
