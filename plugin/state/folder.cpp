#include "plugin/state/folder.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/state/layout.hpp"
#include "plugin/state/location.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace state {
namespace {

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::optional<posix::FileDescriptor> find_root(const std::string& root) {
  return root == default_root ? find_private_directory(AT_FDCWD, root, root) : find_private_path(root);
}

posix::FileDescriptor open_root(const std::string& root) {
  if (auto found = find_root(root)) return std::move(*found);
  if (root != default_root) make_parents(root);
  make_private_directory(AT_FDCWD, root, root);
  if (auto created = find_root(root)) return std::move(*created);
  throw posix::system_error(ENOENT, "open the state folder " + text::quoted(root));
}

}  // namespace

Folder::Folder(std::unique_ptr<const Directory> directory, Locks opened_locks)
    : directory_(std::move(directory)),
      locks(std::move(opened_locks)),
      records(*directory_),
      addresses(*directory_),
      gateways(*directory_),
      bridges(*directory_),
      ovs(*directory_) {}

Folder Folder::open(const std::string& root, const std::string& registry) {
  const std::string parent_path = without_trailing_slashes(root);
  const std::string name = folder_name();
  const std::string path = parent_path + "/" + name;
  const auto parent = open_root(parent_path);
  auto directory = find_private_directory(parent.get(), name, path);
  const bool is_new = !directory.has_value();
  if (is_new) {
    register_root(parent_path, without_trailing_slashes(registry));
    remove_unused_folders(parent.get(), name);
    directory = make_private_directory(parent.get(), name, path);
    mark_namespace(directory->get());
  }
  auto locks = Locks::open(directory->get(), path);
  Folder folder{std::make_unique<const Directory>(path, std::move(*directory)), std::move(locks)};
  folder.is_new_ = is_new;
  return folder;
}

std::optional<Folder> Folder::find(const std::string& root) {
  const std::string parent_path = without_trailing_slashes(root);
  const auto parent = find_root(parent_path);
  if (!parent) return std::nullopt;
  const std::string name = folder_name();
  const std::string path = parent_path + "/" + name;
  auto directory = find_private_directory(parent->get(), name, path);
  if (!directory) return std::nullopt;
  auto locks = Locks::find(directory->get(), path);
  return Folder{std::make_unique<const Directory>(path, std::move(*directory)), std::move(locks)};
}

void Folder::register_root(const std::string& root, const std::string& registry) {
  if (root == registry) return;
  const auto folder = open(registry, registry);
  folder.directory_->replace_symlink(root,
                                     std::string{data_dirs_name} + "/" + cni::to_string(cni::tag_of_network(root)));
}

void Folder::require_private(const std::string& network) const {
  for (const auto& name : {network_directory(network), addresses_directory(network), pending_directory(network),
                           live_directory(network)}) {
    state::require_private(directory_->descriptor(), path(), name);
  }
}

void Folder::check_writable() const {
  const std::string name = ".status";
  directory_->write_file(name, "");
  directory_->remove(name);
}

std::vector<std::string> Folder::data_dirs() const {
  std::vector<std::string> roots;
  const std::string name{data_dirs_name};
  const auto directory = directory_->find_directory(name);
  if (!directory) return roots;
  DirectoryReader reader{directory->get()};
  while (const auto entry = reader.next()) {
    const auto root = directory_->symlink_target(name + "/" + std::string{entry->name});
    if (root && !root->empty()) roots.push_back(*root);
  }
  return roots;
}

}  // namespace state
