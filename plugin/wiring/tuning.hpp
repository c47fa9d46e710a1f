#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni {
struct Request;
}

namespace wiring {

/// One setting of the container's network namespace.
struct Sysctl {
  std::string path;  ///< below /proc/sys: "net/ipv4/conf/eth0/arp_ignore"
  std::string value;

  bool operator==(const Sysctl&) const = default;
};

/// Wanted settings of the container end and of its namespace, besides addresses and routes.
struct Tuning {
  std::optional<std::uint32_t> tx_queue_length{};  ///< packets
  bool promiscuous = false;
  bool all_multicast = false;
  std::vector<Sysctl> sysctls{};

  bool operator==(const Tuning&) const = default;
};

/// nullopt if the request has none of these settings. In sysctl paths IFNAME is replaced by the interface name.
std::optional<Tuning> tuning_of(const cni::Request& request);

/// Whether the sysctls disable IPv6 on the interface.
bool disables_ipv6(const Tuning& tuning, const std::string& interface);

/// Whether two values are equal up to white space: the kernel separates several numbers by tabs.
bool is_same_value(std::string_view left, std::string_view right);

}  // namespace wiring
