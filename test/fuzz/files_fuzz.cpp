// Files that vethctl reads: a lease of host-local, a result in libcni's cache, and the log of the plugin.
#include "plugin/cni/address.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/vethctl/host_local.hpp"
#include "plugin/vethctl/log_reader.hpp"
#include "plugin/vethctl/report/event.hpp"
#include "test/fuzz/input.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace fuzz {
namespace {

const cni::IpAddress address = cni::find_address("10.1.2.3").value();

/// Writes the text to a file in memory and returns its path. Each call replaces the text of the call before.
std::string write_file(std::string_view text) {
  static const int file = ::memfd_create("log", MFD_CLOEXEC);
  expect(::ftruncate(file, 0) == 0 && ::lseek(file, 0, SEEK_SET) == 0, "the file in memory is emptied");
  posix::write_all(file, text);
  return "/proc/self/fd/" + std::to_string(file);
}

void check_log(std::string_view text) {
  vethctl::LogReader reader{write_file(text)};
  const auto lines = reader.read_lines();
  expect(static_cast<std::ptrdiff_t>(lines.size()) == std::ranges::count(text, '\n'), "each complete line is read");
  for (const auto& line : lines) {
    const auto row = report::event_row(line);
    expect(row.find('\n') == row.size() - 1, "an event is one row");
    report::time_of_event(line);
  }
}

}  // namespace

void check_input(std::string_view text) {
  const auto lease = vethctl::parse_host_local(address, text);
  expect(lease.container.empty() || !lease.interface.empty(), "a lease with a container has an interface");
  vethctl::find_cached(std::string{text}, "eth0");
  check_log(text);
}

}  // namespace fuzz
