#pragma once

#include "plugin/cni/error.hpp"
#include "plugin/state/folder.hpp"

#include <string>
#include <vector>

namespace inspect {

/// The state folders of this node: the one below `root`, and those below the roots that it lists or that network
/// configurations contain (key dataDir). Empty if nothing was ever attached. Throws if the first folder cannot be
/// opened; another one is left out then. `configurations` is the folder of the configurations; empty: none is read.
std::vector<state::Folder> open_folders(const std::string& root, const std::string& configurations = {});

/// The same, with one error for each folder that cannot be opened.
struct FoundFolders {
  std::vector<state::Folder> folders{};
  std::vector<cni::Error> unusable{};
};
FoundFolders find_folders(const std::string& root, const std::string& configurations = {});

}  // namespace inspect
