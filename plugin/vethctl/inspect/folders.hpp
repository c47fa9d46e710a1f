#pragma once

#include "plugin/cni/error.hpp"
#include "plugin/state/folder.hpp"

#include <string>
#include <vector>

namespace inspect {

/// The state folders of this node: the one below `root`, and those below the roots that are written down in it or named
/// by a network configuration (key dataDir). None where nothing was ever attached. Throws what the opening of the first
/// throws; another that cannot be opened is left out. `configurations` is the folder of these; empty: none is looked
/// at.
std::vector<state::Folder> open_folders(const std::string& root, const std::string& configurations = {});

/// The same, with the reason for each that cannot be opened.
struct FoundFolders {
  std::vector<state::Folder> folders{};
  std::vector<cni::Error> unusable{};
};
FoundFolders find_folders(const std::string& root, const std::string& configurations = {});

}  // namespace inspect
