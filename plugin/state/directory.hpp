#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace state {

/// The text is empty where the file cannot be read.
struct FileContent {
  std::string text;
  std::optional<std::chrono::system_clock::time_point> written_at{};  ///< nullopt: there is no regular file
};

/// The opened state folder: what locks, records, addresses and gateways do with its files. Names are relative to it.
/// What is written is put in place by one system call; parent directories that are missing are made. Every call throws
/// std::system_error with the path for what the system refuses.
class Directory {
 public:
  Directory(std::string path, posix::FileDescriptor directory);

  int number() const { return directory_.get(); }
  /// The absolute path, for messages.
  const std::string& path() const { return path_; }
  /// The absolute path of `name` in double quotes, for messages.
  std::string quoted(const std::string& name) const;

  /// nullopt where there is no such directory, whatever else stands there.
  std::optional<posix::FileDescriptor> find_directory(const std::string& name) const;
  /// Whether a directory has no entry but `besides`; temporary files (".name") do not count. True where it is missing.
  bool is_empty(const std::string& name, std::string_view besides = {}) const;
  /// Whether a file of any kind has the name.
  bool exists(const std::string& name) const;
  /// Where a symbolic link leads; empty for another file of that name, nullopt where there is none.
  std::optional<std::string> link_text(const std::string& name) const;
  /// nullopt where there is no file; empty text for what is no regular file or is larger than `limit` bytes.
  std::optional<FileContent> content(const std::string& name, std::size_t limit) const;

  /// Makes a symbolic link; false where a file of that name exists. `act` begins the message of a failure.
  bool make_link(const std::string& target, const std::string& name, std::string_view act) const;
  /// The same in a directory that exists: nullopt where it does not, nothing is made then.
  std::optional<bool> make_link_inside(const std::string& target, const std::string& name) const;
  /// Makes a symbolic link in place of a file of that name.
  void put_link(const std::string& target, const std::string& name) const;
  /// Writes a new file in place of one of that name, and returns it open for writing.
  posix::FileDescriptor write_file(const std::string& name, std::string_view text) const;
  /// Renames `temporary` to `name`, whatever has that name.
  void replace(const std::string& temporary, const std::string& name) const;

  /// Removes the file, or the directory with all that is in it; false where there is none.
  bool remove(const std::string& name) const;
  /// Removes a directory that is empty; false where it is not empty. True where there is no such directory.
  bool remove_if_empty(const std::string& name) const;

 private:
  int create(const std::string& name) const;

  std::string path_;
  posix::FileDescriptor directory_;
};

}  // namespace state
