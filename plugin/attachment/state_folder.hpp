#pragma once

#include "plugin/state/folder.hpp"

#include <optional>
#include <string>

namespace attachment {

/// The state folder below `root`, made where it is missing. Throws Error system_refused where the folder, or what it
/// has of the network, is not root's alone.
state::Folder open_folder(const std::string& root, const std::string& network);

/// As open_folder, but makes nothing: nullopt where there is none.
std::optional<state::Folder> find_folder(const std::string& root, const std::string& network);

}  // namespace attachment
