#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// One setting of the container's network namespace.
struct Sysctl {
  std::string key;    ///< as configured: "net.ipv4.conf.IFNAME.arp_ignore"
  std::string path;   ///< the same below /proc/sys: "net/ipv4/conf/IFNAME/arp_ignore"
  std::string value;  ///< one line

  bool operator==(const Sysctl&) const = default;
};

/// The settings of the reference plugin tuning.
struct TuningConfig {
  std::vector<Sysctl> sysctls{};                   ///< sysctl; each path once
  std::optional<std::uint32_t> tx_queue_length{};  ///< txQLen of the container's interface
  bool promiscuous = false;                        ///< promisc
  bool all_multicast = false;                      ///< allmulti

  bool operator==(const TuningConfig&) const = default;
};

/// Replaced by the name of the container's interface if it is a whole part of a path.
constexpr std::string_view interface_placeholder = "IFNAME";

/// The path of a key by the rules of sysctl(8): the first separator, '.' or '/', separates all parts, and the other one
/// is part of a name. nullopt if the key is not below "net".
std::optional<std::string> find_sysctl_path(std::string_view key);

/// The paths that are allowed by default, without a list of the administrator; '*' matches a name or the rest of a
/// name. All of them are settings of the container's network namespace and do not affect other namespaces.
std::vector<std::string_view> default_sysctls();

bool is_default_sysctl(const std::string& path);

}  // namespace cni
