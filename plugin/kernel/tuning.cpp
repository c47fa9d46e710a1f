#include "plugin/kernel/tuning.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>

#include <cerrno>
#include <chrono>

namespace kernel {
namespace {

posix::FileDescriptor open_settings() { return posix::open_file(AT_FDCWD, "/proc/sys", O_PATH | O_DIRECTORY); }

std::string action(const wiring::Sysctl& sysctl, int error) {
  const auto text = "set sysctl " + sysctl.path + " to " + text::quoted(sysctl.value);
  return error == ENOENT ? text + " (the network namespace of the container has no such sysctl)" : text;
}

void write(int folder, const wiring::Sysctl& sysctl) try {
  const auto file = posix::open_beneath(folder, sysctl.path, O_WRONLY);
  posix::write_all(file.get(), sysctl.value);
} catch (const std::system_error& error) {
  throw posix::system_error(error.code().value(), action(sysctl, error.code().value()));
}

std::string read(int folder, const std::string& path) {
  constexpr std::size_t longest = 4096;
  constexpr std::chrono::seconds timeout{1};
  const auto file = posix::open_beneath(folder, path, O_RDONLY);
  return posix::read_to_end(file.get(), longest, timeout);
}

}  // namespace

void write_sysctls(const std::vector<wiring::Sysctl>& sysctls) {
  const auto folder = open_settings();
  for (const auto& sysctl : sysctls) write(folder.get(), sysctl);
}

std::vector<wiring::Sysctl> read_sysctls(const std::vector<wiring::Sysctl>& sysctls) {
  const auto folder = open_settings();
  std::vector<wiring::Sysctl> found;
  for (const auto& sysctl : sysctls) {
    try {
      found.push_back({sysctl.path, read(folder.get(), sysctl.path)});
    } catch (const std::system_error&) {
      continue;
    }
  }
  return found;
}

}  // namespace kernel
