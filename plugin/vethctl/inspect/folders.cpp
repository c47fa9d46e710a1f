#include "plugin/vethctl/inspect/folders.hpp"

#include "plugin/vethctl/inspect/configurations.hpp"

#include <set>
#include <system_error>

namespace inspect {
namespace {

/// Equal for equal folders, so that none is read twice.
std::string without_trailing_slashes(std::string root) {
  while (root.ends_with('/')) root.pop_back();
  return root;
}

/// Opens a folder; adds the error to found.unusable if that fails.
void find_folder(const std::string& root, FoundFolders& found) try {
  if (auto folder = state::Folder::find(root)) found.folders.push_back(std::move(*folder));
} catch (const std::system_error& error) {
  found.unusable.emplace_back(cni::ErrorCode::system_refused, error.what());
} catch (const cni::Error& error) {
  found.unusable.push_back(error);
}

/// The folders that the first one lists, and, since that list may be missing, those that configurations contain.
void find_others(const std::string& root, const std::string& configurations, FoundFolders& found) {
  std::set<std::string> others;
  for (const auto& other : configured_roots(configurations)) others.insert(without_trailing_slashes(other));
  if (!found.folders.empty()) {
    for (const auto& other : found.folders.front().data_dirs()) others.insert(without_trailing_slashes(other));
  }
  others.erase(without_trailing_slashes(root));
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
