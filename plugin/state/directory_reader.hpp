#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace state {

struct DirectoryEntry {
  std::string_view name;   ///< valid until the next call of the reader
  unsigned char type = 0;  ///< as in readdir(3): DT_DIR, DT_UNKNOWN, ...
};

/// The names in an open directory, in no order, without "." and "..". Unlike readdir(3) it reads no more of the
/// directory at once than its buffer holds: a look at the first name costs the same however many there are.
class DirectoryReader {
 public:
  static constexpr std::size_t room_for_one = 512;
  static constexpr std::size_t room_for_many = 32768;

  explicit DirectoryReader(int directory, std::size_t room = room_for_many) : directory_(directory), buffer_(room) {}

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

}  // namespace state
