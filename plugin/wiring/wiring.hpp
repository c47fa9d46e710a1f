#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/cni/lease.hpp"
#include "plugin/cni/mode_config.hpp"
#include "plugin/wiring/rate_limit.hpp"
#include "plugin/wiring/tuning.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wiring {

/// An address on one end of the pair.
struct Address {
  cni::Prefix prefix;
  bool prefix_route = true;  ///< whether the kernel makes the connected route (else IFA_F_NOPREFIXROUTE)

  auto operator<=>(const Address&) const = default;
};

/// A route through one end of the pair, in the words of `ip route`.
struct Route {
  cni::Prefix destination;
  std::optional<cni::IpAddress> gateway{};  ///< via; absent: directly on the link
  std::optional<cni::IpAddress> source{};   ///< src
  std::optional<std::uint32_t> mtu{};
  std::optional<std::uint32_t> advmss{};
  std::optional<std::uint32_t> priority{};
  std::optional<std::uint32_t> table{};
  std::optional<std::uint8_t> scope{};
  bool exclusive = false;  ///< the route says that the destination lives here and nowhere else: one that exists already
                           ///< is not joined

  bool operator==(const Route&) const = default;
};

/// Who has an address on the other end: put in place as "reachable", so that the first packet needs no question.
struct Neighbour {
  cni::IpAddress address;
  cni::MacAddress mac;

  auto operator<=>(const Neighbour&) const = default;
};

/// One end of the pair and all that stands on it.
struct End {
  std::string name{};
  cni::MacAddress mac{};
  std::vector<Address> addresses{};
  std::vector<Route> routes{};
  std::vector<Neighbour> neighbours{};

  bool operator==(const End&) const = default;
};

/// A Linux bridge, one port of which is the host's end; in the words of `ip link` and `bridge`.
struct Bridge {
  std::string name;
  std::vector<cni::Prefix> gateways{};  ///< addresses of the bridge itself, or of its interface in the port's VLAN
  bool force_address = false;           ///< other addresses give way to the gateways
  bool promiscuous = false;
  bool hairpin = false;                 ///< the port sends frames back to where they came from
  bool isolated = false;                ///< the port exchanges frames with ports that are not isolated alone
  std::uint16_t vlan = 0;               ///< the port's PVID, untagged; 0: none
  std::vector<cni::VlanRange> trunk{};  ///< further VLANs of the port, tagged
  bool keep_default_vlan = false;       ///< the port stays in the VLAN that the bridge gives every port
  bool check_macs = false;              ///< frames of the port with another source than the container's MAC are dropped

  bool operator==(const Bridge&) const = default;
};

/// Packets of a container that leave the node under the node's own address, as `masquerade` of nft(8) has it.
struct Masquerade {
  cni::IpAddress source;
  std::vector<cni::Prefix> except{};  ///< destinations that see the container's own address all the same

  bool operator==(const Masquerade&) const = default;
};

/// Packets to a port of the host that go to the container instead.
struct PortMapping {
  std::string protocol{};                        ///< tcp, udp or sctp
  std::optional<cni::IpAddress> host_address{};  ///< absent: every address of the host of the container's family
  std::uint16_t host_port = 0;
  cni::IpAddress container_address{};
  std::uint16_t container_port = 0;

  bool operator==(const PortMapping&) const = default;
};

struct HostPorts {
  std::vector<PortMapping> mappings{};
  bool source_nat = true;      ///< they work from 127.0.0.1, ::1, the container itself and its neighbours on a bridge
  bool hides_clients = false;  ///< the container sees the host's address for every client

  bool operator==(const HostPorts&) const = default;
};

/// The whole wanted network of one attachment: how it is laid follows from what it names. With a bridge the host's end
/// is a port of it, with a peer namespace it is not on the host at all, and without both it is routed.
struct Wiring {
  cni::Attachment attachment{};
  std::uint32_t mtu = 0;    ///< bytes, both ends; 0: not known, in what a CHECK without a record compares with
  bool enable_dad = false;  ///< addresses go through IPv6 duplicate address detection
  bool leave_down = false;  ///< the container's end is not brought up
  End container{};
  End host{};
  std::optional<Bridge> bridge{};
  std::string peer_netns{};  ///< path of the namespace of the end that is called "host" here; empty: the host's own
  std::vector<cni::IpAddress>
      host_gateways{};        ///< IPv6 gateways: they stand once on the host's lo, for all its containers
  bool forward_ipv4 = false;  ///< the host has to forward packets of the family
  bool forward_ipv6 = false;
  std::vector<Masquerade> masquerades{};
  std::optional<HostPorts> host_ports{};
  std::optional<RateLimit> ingress_limit{};  ///< of what the host's end sends to the container
  std::optional<RateLimit> egress_limit{};   ///< of what it receives: on an ifb, to which that is redirected
  std::optional<Tuning> tuning{};

  bool operator==(const Wiring&) const = default;
};

/// The host's interface that packets from the container come in by: its own end, or the bridge's.
std::string host_side_interface(const Wiring& wiring);

/// Whether anything of it stands in nftables.
bool wants_rules(const Wiring& wiring);

/// Whether mapped ports are to be reached over the loopback addresses of the family.
bool maps_loopback(const Wiring& wiring, cni::Family family);

/// The interface that carries the gateways: the bridge, or its interface in the port's VLAN ("cni0.100").
std::string gateway_interface(const Bridge& bridge);

/// Whether an end has IPv6 addresses besides a link-local one.
bool has_ipv6(const End& end);

/// The ifb of a wiring with an egress limit.
std::string ifb_name(const Wiring& wiring);

/// "ptp", "bridge" or "netns", as in the key "mode".
std::string_view mode_of(const Wiring& wiring);

}  // namespace wiring
