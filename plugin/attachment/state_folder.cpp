#include "plugin/attachment/state_folder.hpp"

namespace attachment {

state::Folder open_folder(const std::string& root, const std::string& network) {
  auto folder = state::Folder::open(root);
  folder.require_private(network);
  return folder;
}

std::optional<state::Folder> find_folder(const std::string& root, const std::string& network) {
  auto folder = state::Folder::find(root);
  if (folder) folder->require_private(network);
  return folder;
}

}  // namespace attachment
