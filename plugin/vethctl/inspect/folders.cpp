#include "plugin/vethctl/inspect/folders.hpp"

#include "plugin/cni/error.hpp"

#include <system_error>

namespace inspect {
namespace {

std::optional<state::Folder> find_folder(const std::string& root) try {
  return state::Folder::find(root);
} catch (const std::system_error&) {
  return std::nullopt;
} catch (const cni::Error&) {
  return std::nullopt;
}

}  // namespace

std::vector<state::Folder> open_folders(const std::string& root) {
  std::vector<state::Folder> folders;
  auto first = state::Folder::find(root);
  if (!first) return folders;
  const auto others = first->data_dirs();
  folders.push_back(std::move(*first));
  for (const auto& other : others) {
    if (auto folder = find_folder(other)) folders.push_back(std::move(*folder));
  }
  return folders;
}

}  // namespace inspect
