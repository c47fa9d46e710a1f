#include "plugin/posix/process.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>

namespace posix {
namespace {

/// If a standard stream were closed, the next file that is opened would get its number, and output would be written
/// into that file. The replacement is open for reading only: writing a result to a closed stream must still fail.
void open_standard_streams() {
  std::array<pollfd, 3> streams{pollfd{0, 0, 0}, pollfd{1, 0, 0}, pollfd{2, 0, 0}};
  ::poll(streams.data(), streams.size(), 0);
  for (const auto& stream : streams) {
    const bool is_closed = (stream.revents & POLLNVAL) != 0;
    if (is_closed) ::open("/dev/null", O_RDONLY);
  }
}

constexpr std::uint32_t bit(int capability) { return std::uint32_t{1} << static_cast<unsigned>(capability); }

/// CAP_SYS_PTRACE opens /proc/PID/ns/net of processes with more capabilities; the last two open files of other users.
constexpr std::uint32_t needed =
    bit(CAP_NET_ADMIN) | bit(CAP_SYS_ADMIN) | bit(CAP_SYS_PTRACE) | bit(CAP_DAC_OVERRIDE) | bit(CAP_DAC_READ_SEARCH);

using CapabilitySets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

__user_cap_header_struct own_process() { return {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0}; }

bool keep_capabilities(std::uint32_t kept) {
  auto header = own_process();
  CapabilitySets sets{};
  sets[0].effective = sets[0].permitted = kept;
  return ::syscall(SYS_capset, &header, sets.data()) == 0;
}

std::uint32_t permitted_capabilities() {
  auto header = own_process();
  CapabilitySets sets{};
  ::syscall(SYS_capget, &header, sets.data());
  return sets[0].permitted;
}

}  // namespace

void prepare_process() {
  open_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

/// capset(2) fails if the process lacks any of these, so the second attempt asks only for those that it has.
void drop_capabilities() {
  if (keep_capabilities(needed)) return;
  keep_capabilities(needed & permitted_capabilities());
}

void forbid_new_privileges() { ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

}  // namespace posix
