#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace vethctl {

struct InstallableFile {
  std::string name;
  std::string content;
  bool is_program = false;  ///< mode 0755; otherwise 0644
};

/// Who has installed a file.
enum class Owner {
  none,     ///< the file does not exist
  vethctl,  ///< an earlier install, and the file is unchanged
  other,
};

/// The files that install has written into a folder, such as /opt/cni/bin. The file .veth-cni of that folder lists
/// their names and the hashes of their contents, so that files of others and changed files are recognized.
class InstalledFiles {
 public:
  /// Creates the folder if it is missing. Throws std::system_error, and Error try_again_later if another install is
  /// running in it.
  static InstalledFiles open(const std::string& folder);
  /// As open, but returns nullopt if the folder does not exist.
  static std::optional<InstalledFiles> find(const std::string& folder);

  Owner owner(const std::string& name) const;
  /// Whether a file of this name and content exists, regardless of its owner.
  bool has(const InstallableFile& file) const;
  /// Writes the file atomically and replaces an existing one, regardless of its owner.
  void put(const InstallableFile& file);
  /// Removes the file if it is unchanged since install, or if `even_if_changed` is set; otherwise returns false.
  /// Removes its entry in each case.
  bool remove(const std::string& name, bool even_if_changed = false);
  /// Makes `name` a hard link of the file `target` in this folder, atomically. A file of another owner is kept as
  /// "NAME.reference".
  void link(const std::string& name, const std::string& target);
  /// Moves NAME.reference back to NAME, if it exists and NAME is unchanged since install, and removes the entry; false
  /// otherwise.
  bool restore(const std::string& name);
  /// Whether `name` is the same file as `target`, not only a file with the same content.
  bool is_link(const std::string& name, const std::string& target) const;
  /// Throws std::system_error if files cannot be removed from the folder.
  void require_writable() const;
  /// In ascending order.
  std::vector<std::string> names() const;

  std::string path(const std::string& name) const { return folder_ + '/' + name; }

 private:
  using Entry = std::pair<std::string, std::string>;  ///< name and hash

  InstalledFiles(std::string folder, posix::FileDescriptor directory);

  std::optional<std::string> content(const std::string& name) const;
  bool is_ours(const std::string& name, const std::string& content) const;
  void write(const InstallableFile& file);
  void keep_original(const std::string& name);
  void rename(const std::string& from, const std::string& to);
  void write_entries();
  void erase_entry(const std::string& name);

  std::string folder_;
  posix::FileDescriptor directory_;
  std::set<Entry> entries_{};
};

}  // namespace vethctl
