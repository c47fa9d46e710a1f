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

/// What is wanted of the container's end and of its namespace besides the network.
struct Tuning {
  std::optional<std::uint32_t> tx_queue_length{};  ///< packets
  bool promiscuous = false;
  bool all_multicast = false;
  std::vector<Sysctl> sysctls{};

  bool operator==(const Tuning&) const = default;
};

/// nullopt where the request wants nothing of it. The sysctls name the attachment's interface.
std::optional<Tuning> tuning_of(const cni::Request& request);

/// Whether the settings switch IPv6 off on the interface.
bool disables_ipv6(const Tuning& tuning, const std::string& interface);

/// Whether two values are the same to the kernel, which tells several numbers with tabs between them.
bool is_same_value(std::string_view left, std::string_view right);

}  // namespace wiring
