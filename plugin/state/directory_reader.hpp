#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace state {

struct DirectoryEntry {
  std::string_view name;   ///< valid until the next call of the reader
  unsigned char type = 0;  ///< as in readdir(3): DT_DIR, DT_UNKNOWN, ...
};

/// Reads the names in an open directory, in no order, without "." and "..". Unlike readdir(3) it uses a buffer of the
/// given size, so that reading the first name of a large directory is cheap.
class DirectoryReader {
 public:
  static constexpr std::size_t small_buffer = 512;
  static constexpr std::size_t large_buffer = 32768;

  explicit DirectoryReader(int directory, std::size_t buffer_size = large_buffer)
      : directory_(directory), buffer_(buffer_size) {}

  /// nullopt at the end. Throws std::system_error.
  std::optional<DirectoryEntry> next();

 private:
  bool fill();
  DirectoryEntry take_entry();

  int directory_;
  std::vector<char> buffer_;
  std::size_t position_ = 0;
  std::size_t end_ = 0;
};

/// All names in an open directory, for a caller that removes files: that may hide others from a reader at work.
std::vector<std::string> names_in(int directory);

}  // namespace state
