#include "plugin/kernel/offloads.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

namespace kernel {
namespace {

/// Returns the value after the call.
std::uint32_t call_ethtool(std::uint32_t command, const std::string& interface, std::uint32_t data) {
  const posix::FileDescriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) posix::throw_errno("open a socket");
  ethtool_value value{.cmd = command, .data = data};
  ifreq request{};
  std::copy_n(interface.begin(), std::min(interface.size(), sizeof request.ifr_name - 1),
              &request.ifr_name[0]);                   // NOLINT(cppcoreguidelines-pro-type-union-access)
  request.ifr_data = reinterpret_cast<char*>(&value);  // NOLINT
  if (::ioctl(socket.get(), SIOCETHTOOL, &request) == 0) return value.data;
  const std::string act = command == ETHTOOL_STXCSUM ? "switch off" : "read";
  posix::throw_errno(act + " checksum offload of interface " + text::quoted(interface));
}

}  // namespace

void disable_checksum_offload(const std::string& interface) { call_ethtool(ETHTOOL_STXCSUM, interface, 0); }

bool completes_checksums(const std::string& interface) { return call_ethtool(ETHTOOL_GTXCSUM, interface, 0) == 0; }

}  // namespace kernel
