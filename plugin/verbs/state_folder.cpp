#include "plugin/verbs/state_folder.hpp"

namespace verbs {

state::Folder open_folder(const std::string& root, const std::string& network) {
  auto folder = state::Folder::open(root);
  folder.refuse_planted(network);
  return folder;
}

std::optional<state::Folder> find_folder(const std::string& root, const std::string& network) {
  auto folder = state::Folder::find(root);
  if (folder) folder->refuse_planted(network);
  return folder;
}

}  // namespace verbs
