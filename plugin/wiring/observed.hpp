#pragma once

#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wiring {

/// One end of a pair as the kernel has it.
struct ObservedEnd {
  std::uint32_t index = 0;
  std::uint32_t peer_index = 0;  ///< index of the other end, in the other end's namespace
  std::string name{};
  std::string kind{};  ///< "veth", "bridge", ...; empty for hardware
  std::string alias{};
  cni::MacAddress mac{};
  std::uint32_t mtu = 0;
  bool is_up = false;
  std::uint32_t tx_queue_length = 0;
  bool is_promiscuous = false;
  bool is_all_multicast = false;
  std::uint32_t master_index = 0;  ///< of the bridge that it is a port of; 0: none
  bool is_hairpin = false;
  bool is_isolated = false;
  bool routes_loopback = false;  ///< route_localnet is set
  std::vector<cni::Prefix> addresses{};
  std::vector<Route> routes{};                  ///< those through this interface, of every table
  std::vector<cni::Prefix> own_destinations{};  ///< of those of them that have this plugin's protocol number

  bool operator==(const ObservedEnd&) const = default;
};

/// The bridge of a wiring as the kernel has it.
struct ObservedBridge {
  std::uint32_t index = 0;
  bool is_bridge = false;  ///< and not another device of that name
  bool is_up = false;
  bool is_promiscuous = false;
  // of the interface that is to carry the gateways
  std::vector<cni::Prefix> addresses{};
  bool routes_loopback = false;  ///< route_localnet is set
  std::vector<Route> routes{};   ///< through it; asked for only where mapped ports are to be reached over ::1

  bool operator==(const ObservedBridge&) const = default;
};

/// What an attachment that no record tells of has in nftables.
struct ObservedRules {
  std::vector<Masquerade> masquerades{};
  std::optional<HostPorts> host_ports{};
  bool checks_macs = false;

  bool operator==(const ObservedRules&) const = default;
};

/// The ifb of an attachment as the kernel has it.
struct ObservedIfb {
  std::uint32_t index = 0;
  std::string alias{};
  bool is_up = false;
  std::optional<RateLimit> limit{};  ///< of what goes through it

  bool operator==(const ObservedIfb&) const = default;
};

/// What is there of one attachment.
struct Observed {
  std::optional<ObservedEnd> container;
  std::optional<ObservedEnd> host;
  bool is_pair = false;  ///< both ends exist, are of kind veth, and each names the other by ifindex and network
                         ///< namespace (IFLA_LINK, IFLA_LINK_NETNSID)
  std::optional<ObservedBridge> bridge{};
  std::vector<cni::IpAddress> host_gateways;  ///< those of the wanted ones that stand on the host's lo
  bool forward_ipv4 = false;
  bool forward_ipv6 = false;
  std::vector<std::string> missing_rules{};  ///< what is wanted in nftables and is not there, in words
  std::optional<RateLimit> ingress_limit{};  ///< of what the host's end sends
  std::optional<ObservedIfb> ifb{};          ///< asked for only where one is wanted
  std::vector<Sysctl> sysctls{};             ///< those of the wanted ones that can be read
  std::uint32_t redirected_to = 0;           ///< index of the device to which the host's end redirects all that it
                                             ///< receives; 0: none, or not asked for

  bool operator==(const Observed&) const = default;
};

}  // namespace wiring
