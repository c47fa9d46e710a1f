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
  bool is_program = false;  ///< may be executed by all; otherwise it may be read by all
};

/// Who has put a file where one is to be installed.
enum class Owner {
  nobody,  ///< there is none
  us,      ///< an earlier install, and nobody has changed it since
  other,
};

/// The files that install has put into a folder, such as /opt/cni/bin. They stand by name and hash of the content in
/// the file .veth-cni of that folder, so that another's file, and one that was changed, is known as such.
class InstalledFiles {
 public:
  /// Makes the folder where it is missing. Throws std::system_error, and Error try_again_later where another install is
  /// at work in it.
  static InstalledFiles open(const std::string& folder);
  /// As open, but makes nothing: nullopt where there is no such folder.
  static std::optional<InstalledFiles> find(const std::string& folder);

  Owner owner(const std::string& name) const;
  /// Whether it has the content already, whoever has put it there.
  bool has(const InstallableFile& file) const;
  /// Whole or not at all, in place of what has that name, whoever has put it there.
  void put(const InstallableFile& file);
  /// False where the file is not, or no more, as install has put it: it is left then, and no longer thought of.
  bool remove(const std::string& name);
  /// In ascending order.
  std::vector<std::string> names() const;

  std::string path(const std::string& name) const { return folder_ + '/' + name; }

 private:
  using Entry = std::pair<std::string, std::string>;  ///< name and hash

  InstalledFiles(std::string folder, posix::FileDescriptor directory);

  std::optional<std::string> content(const std::string& name) const;
  bool is_ours(const std::string& name, const std::string& content) const;
  void write(const InstallableFile& file);
  void write_entries();
  void forget(const std::string& name);

  std::string folder_;
  posix::FileDescriptor directory_;
  std::set<Entry> entries_{};
};

}  // namespace vethctl
