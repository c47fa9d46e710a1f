#pragma once

#include "plugin/state/folder.hpp"

#include <optional>
#include <string>

namespace attachment {

/// Opens the state folder below `root`, and creates it if it is missing. Throws cni::Error system_refused if users
/// other than root can write to the folder or to the network's directories in it.
state::Folder open_folder(const std::string& root, const std::string& network);

/// As open_folder, but creates nothing: nullopt if there is no state folder.
std::optional<state::Folder> find_folder(const std::string& root, const std::string& network);

}  // namespace attachment
