#pragma once

#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>
#include <vector>

namespace wiring {

/// In what something differs from what is wanted.
enum class Kind {
  network_namespace,  ///< cannot be opened; object: its path, found: the reason
  missing,            ///< there is no interface of the name
  down,               ///< the interface is not up
  not_a_bridge,       ///< another device has the bridge's name
  name,               ///< the interface was renamed
  alias,
  mac,
  mtu,
  peer,     ///< the two ends are not one pair; wanted: the name of the other end
  address,  ///< missing on the interface
  route,    ///< missing on the interface
  master,   ///< the interface is not a port of the bridge
  hairpin,
  isolation,
  promiscuous,
  all_multicast,
  tx_queue_length,
  rate_limit,      ///< found is empty where there is none
  redirection,     ///< what the container sends does not go to the ifb
  sysctl,          ///< object: its path
  sysctl_missing,  ///< it cannot be read; object: its path
  gateway,         ///< missing on the host's lo
  ipv4_forwarding,
  ipv6_forwarding,
  route_localnet,
  loopback_route,  ///< the local route to ::1
  rule,            ///< missing in nftables; object: the words for it
};

/// What the difference is about: an end of the pair, another interface, or the node itself.
enum class Side { container, host, bridge, ifb, node };

/// One thing that is not as it is wanted.
struct Difference {
  Kind kind{};
  Side side{};
  std::string object{};  ///< name of the interface where `kind` names nothing else
  std::string wanted{};
  std::string found{};  ///< empty where it is missing

  bool operator==(const Difference&) const = default;
};

/// One sentence for people.
std::string to_string(const Difference& difference);

/// In the order given, separated by "; ".
std::string to_string(const std::vector<Difference>& differences);

/// Everything that is wanted and is missing or different; empty where all is well. What is there and not wanted does
/// not count: later plugins of a chain may add to an interface, and may move its routes to a table of their own. Nor
/// does a link-local address that nothing goes through: IPv6 may be off there. Neighbours are not compared: they serve
/// the first packets, and the kernel may forget them and ask again at any time. Nor are the VLANs of a port: only a
/// listing of all ports contains them.
std::vector<Difference> difference(const Wiring& wanted, const Observed& observed);

/// Whether both ends exist, are one pair, and are this attachment's: the host's end has its alias or its MAC.
bool is_own_pair(const Wiring& wanted, const Observed& observed);

/// The wiring without the addresses and routes that exist, and with the MACs that both ends have: what a repair has to
/// put on both ends. They have to exist.
Wiring missing_parts(Wiring wanted, const Observed& observed);

}  // namespace wiring
