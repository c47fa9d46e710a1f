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
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace kernel {
namespace {

/// `structure` begins with the command (linux/ethtool.h). False with errno if the kernel refuses it.
bool call_ethtool(const std::string& interface, void* structure) {
  const posix::FileDescriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) posix::throw_errno("open a socket");
  ifreq request{};
  std::copy_n(interface.begin(), std::min(interface.size(), sizeof request.ifr_name - 1),
              &request.ifr_name[0]);                      // NOLINT(cppcoreguidelines-pro-type-union-access)
  request.ifr_data = reinterpret_cast<char*>(structure);  // NOLINT
  return ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0;
}

/// Structures of ethtool end with an array. Its memory is in words, since all their fields are 32-bit numbers or bytes.
using EthtoolWords = std::vector<std::uint32_t>;

/// The names of the features, in the order of their bits; empty if the interface does not report them.
std::vector<std::string> feature_names(const std::string& interface) {
  EthtoolWords set_info{ETHTOOL_GSSET_INFO, 0, 1U << ETH_SS_FEATURES, 0, 0};
  if (!call_ethtool(interface, set_info.data())) return {};
  const auto count = set_info.back();
  EthtoolWords strings(3 + count * ETH_GSTRING_LEN / sizeof(std::uint32_t));
  strings[0] = ETHTOOL_GSTRINGS;
  strings[1] = ETH_SS_FEATURES;
  strings[2] = count;
  if (!call_ethtool(interface, strings.data())) return {};
  std::vector<std::string> names;
  const auto* text = reinterpret_cast<const char*>(&strings[3]);
  for (std::uint32_t number = 0; number < count; ++number, text += ETH_GSTRING_LEN) {
    names.emplace_back(text, ::strnlen(text, ETH_GSTRING_LEN));
  }
  return names;
}

/// The 32 features of a block are followed by three other words for them: available, requested, active, never changed.
bool is_feature_active(const std::string& interface, std::size_t number) {
  constexpr std::size_t bits = 32;
  constexpr std::size_t words_per_block = 4;
  constexpr std::size_t active = 2;
  const auto blocks = number / bits + 1;
  EthtoolWords features(2 + blocks * words_per_block);
  features[0] = ETHTOOL_GFEATURES;
  features[1] = static_cast<std::uint32_t>(blocks);
  if (!call_ethtool(interface, features.data())) return false;
  return ((features[2 + number / bits * words_per_block + active] >> (number % bits)) & 1U) != 0;
}

/// Returns the value after the call.
std::uint32_t call_ethtool(std::uint32_t command, const std::string& interface, std::uint32_t data) {
  ethtool_value value{.cmd = command, .data = data};
  if (call_ethtool(interface, &value)) return value.data;
  const std::string act = command == ETHTOOL_STXCSUM ? "switch off" : "read";
  posix::throw_errno(act + " checksum offload of interface " + text::quoted(interface));
}

}  // namespace

void disable_checksum_offload(const std::string& interface) { call_ethtool(ETHTOOL_STXCSUM, interface, 0); }

bool completes_checksums(const std::string& interface) { return call_ethtool(ETHTOOL_GTXCSUM, interface, 0) == 0; }

bool segments_udp_tunnels(const std::string& interface) {
  const auto names = feature_names(interface);
  const auto found = std::ranges::find(names, "tx-udp_tnl-segmentation");
  return found != names.end() && is_feature_active(interface, static_cast<std::size_t>(found - names.begin()));
}

}  // namespace kernel
