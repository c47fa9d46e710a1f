#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace state {

/// The content of a file.
struct FileContent {
  std::string text;                                                   ///< empty if the file cannot be read
  std::optional<std::chrono::system_clock::time_point> written_at{};  ///< nullopt: not a regular file
};

/// The opened state folder, with the file operations that locks, records, addresses and gateways need. Names are
/// relative to it. Each write takes effect by one system call; missing parent directories are created. Each call throws
/// std::system_error with the path for an error of the system.
class Directory {
 public:
  Directory(std::string path, posix::FileDescriptor directory);

  int descriptor() const { return directory_.get(); }
  /// The absolute path, for messages.
  const std::string& path() const { return path_; }
  /// The absolute path of `name` in double quotes, for messages.
  std::string quoted(const std::string& name) const;

  /// nullopt if no directory has this name.
  std::optional<posix::FileDescriptor> find_directory(const std::string& name) const;
  /// Whether a directory has no entries; temporary files (".name") do not count. True if it is missing.
  bool is_empty(const std::string& name) const;
  /// Whether a file of any kind has the name.
  bool exists(const std::string& name) const;
  /// The target of a symlink; empty for another kind of file, nullopt if none exists.
  std::optional<std::string> symlink_target(const std::string& name) const;
  /// nullopt if no file exists; empty text for a file that is not regular or is larger than `limit` bytes.
  std::optional<FileContent> content(const std::string& name, std::size_t limit) const;

  /// Creates a symlink; false if a file of that name exists. `act` begins the error message.
  bool create_symlink(const std::string& target, const std::string& name, std::string_view act) const;
  /// The same without creating the directory: nullopt if it does not exist.
  std::optional<bool> create_symlink_in_existing(const std::string& target, const std::string& name) const;
  /// Creates a symlink; replaces a file of that name.
  void replace_symlink(const std::string& target, const std::string& name) const;
  /// Writes a new file, which replaces one of that name, and returns it open for writing.
  posix::FileDescriptor write_file(const std::string& name, std::string_view text) const;
  /// Renames `temporary` to `name`; replaces any file or directory of that name.
  void replace(const std::string& temporary, const std::string& name) const;

  /// Removes the file, or the directory with its content; false if it does not exist.
  bool remove(const std::string& name) const;
  /// Removes an empty directory; false if it is not empty. True if it does not exist.
  bool remove_if_empty(const std::string& name) const;

 private:
  int create(const std::string& name) const;

  std::string path_;
  posix::FileDescriptor directory_;
};

}  // namespace state
