#include "plugin/vethctl/log_reader.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>

namespace vethctl {
namespace {

struct stat status_of(int file, const std::string& path) {
  struct stat status {};
  if (::fstat(file, &status) < 0) posix::throw_errno("stat " + text::quoted(path));
  return status;
}

void move_lines(std::string& text, std::vector<std::string>& lines) {
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  text.erase(0, begin);
}

}  // namespace

std::vector<std::string> LogReader::read_lines() {
  std::vector<std::string> lines;
  if (file_) {
    restart_if_truncated();
    read_rest(lines);
    if (!was_replaced()) return lines;
    read_rest(lines);  // what was written before the rename was detected
    partial_line_.clear();
    file_.close();
  }
  if (auto found = posix::find_file(AT_FDCWD, path_, O_RDONLY | O_NONBLOCK)) {
    file_ = std::move(*found);
    read_rest(lines);
  }
  return lines;
}

void LogReader::read_rest(std::vector<std::string>& lines) {
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t count = ::read(file_.get(), buffer.data(), buffer.size());
    if (count < 0) posix::throw_errno("read " + text::quoted(path_));
    if (count == 0) return;
    partial_line_.append(buffer.data(), static_cast<std::size_t>(count));
    move_lines(partial_line_, lines);
  }
}

/// logrotate truncates the file with the option copytruncate.
void LogReader::restart_if_truncated() {
  const auto position = ::lseek(file_.get(), 0, SEEK_CUR);
  if (position <= status_of(file_.get(), path_).st_size) return;
  ::lseek(file_.get(), 0, SEEK_SET);
  partial_line_.clear();
}

/// False while the name does not exist: the new file may not have been created yet.
bool LogReader::was_replaced() const {
  struct stat named {};
  if (::stat(path_.c_str(), &named) < 0) return false;
  const auto open = status_of(file_.get(), path_);
  return named.st_ino != open.st_ino || named.st_dev != open.st_dev;
}

}  // namespace vethctl
