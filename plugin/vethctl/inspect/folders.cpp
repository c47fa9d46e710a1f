#include "plugin/vethctl/inspect/folders.hpp"

#include <system_error>

namespace inspect {
namespace {

/// What cannot be opened is noted.
void find_folder(const std::string& root, FoundFolders& found) try {
  if (auto folder = state::Folder::find(root)) found.folders.push_back(std::move(*folder));
} catch (const std::system_error& error) {
  found.unusable.emplace_back(cni::ErrorCode::system_refused, error.what());
} catch (const cni::Error& error) {
  found.unusable.push_back(error);
}

void find_others(FoundFolders& found) {
  if (found.folders.empty()) return;
  for (const auto& other : found.folders.front().data_dirs()) find_folder(other, found);
}

}  // namespace

std::vector<state::Folder> open_folders(const std::string& root) {
  FoundFolders found;
  if (auto first = state::Folder::find(root)) found.folders.push_back(std::move(*first));
  find_others(found);
  return std::move(found.folders);
}

FoundFolders find_folders(const std::string& root) {
  FoundFolders found;
  find_folder(root, found);
  find_others(found);
  return found;
}

}  // namespace inspect
