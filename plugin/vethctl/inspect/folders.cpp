#include "plugin/vethctl/inspect/folders.hpp"

#include "plugin/vethctl/inspect/configurations.hpp"

#include <set>
#include <system_error>

namespace inspect {
namespace {

/// The same folder is not to be read twice.
std::string plain(std::string root) {
  while (root.ends_with('/')) root.pop_back();
  return root;
}

/// What cannot be opened is noted.
void find_folder(const std::string& root, FoundFolders& found) try {
  if (auto folder = state::Folder::find(root)) found.folders.push_back(std::move(*folder));
} catch (const std::system_error& error) {
  found.unusable.emplace_back(cni::ErrorCode::system_refused, error.what());
} catch (const cni::Error& error) {
  found.unusable.push_back(error);
}

/// Those that the first has written down, and, as it may have been lost, those that configurations name.
void find_others(const std::string& root, const std::string& configurations, FoundFolders& found) {
  std::set<std::string> others;
  for (const auto& other : configured_roots(configurations)) others.insert(plain(other));
  if (!found.folders.empty()) {
    for (const auto& other : found.folders.front().data_dirs()) others.insert(plain(other));
  }
  others.erase(plain(root));
  for (const auto& other : others) find_folder(other, found);
}

}  // namespace

std::vector<state::Folder> open_folders(const std::string& root, const std::string& configurations) {
  FoundFolders found;
  if (auto first = state::Folder::find(root)) found.folders.push_back(std::move(*first));
  find_others(root, configurations, found);
  return std::move(found.folders);
}

FoundFolders find_folders(const std::string& root, const std::string& configurations) {
  FoundFolders found;
  find_folder(root, found);
  find_others(root, configurations, found);
  return found;
}

}  // namespace inspect
