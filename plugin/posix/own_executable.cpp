#include "plugin/posix/own_executable.hpp"

#include "plugin/posix/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>

namespace posix {
namespace {

constexpr auto own_path = "/proc/self/exe";

/// The beginning of the file. It contains the ELF headers and the build ID.
using Beginning = std::array<char, 4096>;

bool read_beginning(const char* path, Beginning& beginning) {
  const FileDescriptor file{::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  return file && ::pread(file.get(), beginning.data(), beginning.size(), 0) == static_cast<ssize_t>(beginning.size());
}

}  // namespace

bool is_own_executable(const std::string& path) {
  struct stat own {};
  struct stat other {};
  if (::stat(own_path, &own) < 0 || ::stat(path.c_str(), &other) < 0) return false;
  if (own.st_dev == other.st_dev && own.st_ino == other.st_ino) return true;
  if (own.st_size != other.st_size || !S_ISREG(other.st_mode)) return false;
  Beginning left;
  Beginning right;
  return read_beginning(own_path, left) && read_beginning(path.c_str(), right) && left == right;
}

std::string own_folder() {
  std::string path(PATH_MAX, '\0');
  const auto length = ::readlink(own_path, path.data(), path.size());
  if (length <= 0) return {};
  path.resize(static_cast<std::size_t>(length));
  return path.substr(0, std::max(path.rfind('/'), std::size_t{1}));
}

}  // namespace posix
