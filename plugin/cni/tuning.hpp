#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// One setting of the container's network namespace.
struct Sysctl {
  std::string key;    ///< as it is written: "net.ipv4.conf.IFNAME.arp_ignore"
  std::string path;   ///< the same below /proc/sys: "net/ipv4/conf/IFNAME/arp_ignore"
  std::string value;  ///< one line

  bool operator==(const Sysctl&) const = default;
};

/// What the reference plugin tuning does, in its words.
struct TuningConfig {
  std::vector<Sysctl> sysctls{};                   ///< key sysctl; each path once
  std::optional<std::uint32_t> tx_queue_length{};  ///< key txQLen: of the container's interface
  bool promiscuous = false;                        ///< key promisc
  bool all_multicast = false;                      ///< key allmulti

  bool operator==(const TuningConfig&) const = default;
};

/// Stands for the name of the container's interface, as one part of a path.
constexpr std::string_view interface_placeholder = "IFNAME";

/// The path of a key as sysctl(8) reads it: what separates the first two parts separates all, and of dots and slashes
/// the other one is part of a name. nullopt for any text that does not name something below "net".
std::optional<std::string> find_sysctl_path(std::string_view key);

/// The paths that may be set unless the node's administrator says otherwise; '*' stands for any name, or for the rest
/// of one. They are the container's own: the kernel shows a namespace what belongs to it, and lets nothing else be
/// written there.
std::vector<std::string_view> default_sysctls();

bool is_default_sysctl(const std::string& path);

}  // namespace cni
