// Files of other programs, and our own log, that vethctl reads: a lease of host-local, a result in libcni's cache,
// lines of the log.
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

/// One file for all inputs, each in place of the one before.
std::string file_with(std::string_view text) {
  static const int file = ::memfd_create("log", MFD_CLOEXEC);
  expect(::ftruncate(file, 0) == 0 && ::lseek(file, 0, SEEK_SET) == 0, "a file in memory can be emptied");
  posix::write_all(file, text);
  return "/proc/self/fd/" + std::to_string(file);
}

void read_log(std::string_view text) {
  vethctl::LogReader reader{file_with(text)};
  const auto lines = reader.read_lines();
  expect(static_cast<std::ptrdiff_t>(lines.size()) == std::ranges::count(text, '\n'), "each line that ends is read");
  for (const auto& line : lines) {
    const auto row = report::event_row(line);
    expect(row.find('\n') == row.size() - 1, "a line has one row");
    report::time_of_event(line);
  }
}

}  // namespace

void examine(std::string_view text) {
  const auto lease = vethctl::parse_host_local(address, text);
  expect(lease.container.empty() || !lease.interface.empty(), "who has a lease has an interface");
  vethctl::find_cached(std::string{text}, "eth0");
  read_log(text);
}

}  // namespace fuzz
