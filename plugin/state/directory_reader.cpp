#include "plugin/state/directory_reader.hpp"

#include "plugin/posix/system_error.hpp"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace state {

bool DirectoryReader::fill() {
  const long count = ::syscall(SYS_getdents64, directory_, buffer_.data(), buffer_.size());
  if (count < 0) posix::throw_errno("read a directory");
  position_ = 0;
  end_ = static_cast<std::size_t>(count);
  return count > 0;
}

DirectoryEntry DirectoryReader::take_entry() {
  const char* const entry = buffer_.data() + position_;
  std::uint16_t length = 0;
  std::memcpy(&length, entry + offsetof(dirent64, d_reclen), sizeof length);
  position_ += length;
  return {.name = entry + offsetof(dirent64, d_name),
          .type = static_cast<unsigned char>(entry[offsetof(dirent64, d_type)])};
}

std::optional<DirectoryEntry> DirectoryReader::next() {
  while (position_ < end_ || fill()) {
    const DirectoryEntry entry = take_entry();
    if (entry.name != "." && entry.name != "..") return entry;
  }
  return std::nullopt;
}

std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  DirectoryReader reader{directory};
  while (const auto entry = reader.next()) names.emplace_back(entry->name);
  return names;
}

}  // namespace state
