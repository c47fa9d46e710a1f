#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/cni/lease.hpp"
#include "plugin/cni/mode_config.hpp"
#include "plugin/wiring/big_tcp.hpp"
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
  bool prefix_route = true;  ///< the kernel adds the connected route; false: IFA_F_NOPREFIXROUTE

  auto operator<=>(const Address&) const = default;
};

/// RT_TABLE_MAIN: the routing table of a route without one.
constexpr std::uint32_t main_table = 254;

/// A route through one end of the pair, in the words of `ip route`.
struct Route {
  cni::Prefix destination;
  std::optional<cni::IpAddress> gateway{};  ///< via; nullopt: a link route
  std::optional<cni::IpAddress> source{};   ///< src
  std::optional<std::uint32_t> mtu{};
  std::optional<std::uint32_t> advmss{};
  std::optional<std::uint32_t> priority{};
  std::optional<std::uint32_t> table{};
  std::optional<std::uint8_t> scope{};
  bool exclusive = false;  ///< another route to the destination is a conflict: the address is in use elsewhere

  bool operator==(const Route&) const = default;
};

/// The configured route with this next hop.
Route route_by(const cni::Route& configured, const std::optional<cni::IpAddress>& gateway);

/// A neighbour entry for an address of the other end. It is added in state "reachable", so that the first packet is
/// sent without ARP or neighbour discovery.
struct Neighbour {
  cni::IpAddress address;
  cni::MacAddress mac;
  bool is_permanent = false;  ///< never verified: the other end does not answer neighbour discovery for the address

  auto operator<=>(const Neighbour&) const = default;
};

/// One end of the pair with its addresses, routes and neighbours.
struct End {
  std::string name{};
  cni::MacAddress mac{};
  std::vector<Address> addresses{};
  std::vector<Route> routes{};
  std::vector<Neighbour> neighbours{};

  bool operator==(const End&) const = default;
};

/// Whether the end has a route with the same destination, gateway, table and priority, which is the same route for the
/// kernel.
bool has_route(const End& end, const Route& route);

/// A Linux bridge of which the host end is a port; in the words of `ip link` and `bridge`.
struct Bridge {
  std::string name;
  std::vector<cni::Prefix> gateways{};  ///< addresses of the bridge itself, or of its interface in the port's VLAN
  bool force_address = false;           ///< other addresses of the bridge are removed
  bool promiscuous = false;
  bool hairpin = false;                 ///< the port may send frames back to where they came from
  bool isolated = false;                ///< the port exchanges frames only with ports that are not isolated
  std::uint16_t vlan = 0;               ///< the port's PVID, untagged; 0: none
  std::vector<cni::VlanRange> trunk{};  ///< further VLANs of the port, tagged
  bool keep_default_vlan = false;       ///< the port stays in the default VLAN of the bridge
  bool check_macs = false;  ///< frames from the port with a source MAC other than the container's are dropped

  bool operator==(const Bridge&) const = default;
};

/// A port of an Open vSwitch bridge, in the words of ovs-vswitchd.conf.db(5).
struct OvsPort {
  std::string bridge{};
  std::string socket{};                  ///< path of the socket of the database
  std::uint16_t tag = 0;                 ///< VLAN ID; 0: none
  std::vector<cni::VlanRange> trunks{};  ///< empty: all VLANs, if the port is a trunk
  std::string vlan_mode{};               ///< empty: access with a tag, trunk without
  std::uint16_t ofport_request = 0;      ///< OpenFlow port number; 0: any
  std::string iface_id{};                ///< logical port of OVN; empty: none
  std::uint32_t policing_rate = 0;       ///< ingress_policing_rate: kbit/s that the switch accepts; 0: any
  std::uint32_t policing_burst = 0;      ///< ingress_policing_burst: kbit

  bool operator==(const OvsPort&) const = default;
};

/// The VLAN IDs of the ranges, each once, in ascending order.
std::vector<std::uint16_t> vlan_ids(const std::vector<cni::VlanRange>& ranges);

/// Source NAT of a container's address, as `masquerade` of nft(8).
struct Masquerade {
  cni::IpAddress source;
  std::vector<cni::Prefix> except{};  ///< no source NAT for packets to these destinations

  bool operator==(const Masquerade&) const = default;
};

/// Destination NAT of a host port to a container port.
struct PortMapping {
  std::string protocol{};                        ///< tcp, udp or sctp
  std::optional<cni::IpAddress> host_address{};  ///< nullopt: every host address of the container's family
  std::uint16_t host_port = 0;
  cni::IpAddress container_address{};
  std::uint16_t container_port = 0;

  bool operator==(const PortMapping&) const = default;
};

struct HostPorts {
  std::vector<PortMapping> mappings{};
  bool source_nat = true;               ///< they are reachable from 127.0.0.1, ::1, the container itself and its bridge
  bool masquerade_all_clients = false;  ///< masqAll: packets of all clients get an address of the host as source

  bool operator==(const HostPorts&) const = default;
};

/// The complete wanted network of one attachment. The mode follows from its parts: with a bridge, the host end is a
/// port of it (mode bridge); with a port of Open vSwitch, the host end is that port (ovs); with a peer namespace, the
/// host end is in that namespace (netns); else it is routed (ptp). With a bridge and a port of Open vSwitch, the
/// container end is that port: the pair joins the two switches.
struct Wiring {
  cni::Attachment attachment{};
  cni::PairKind pair_kind = cni::PairKind::veth;
  std::uint32_t mtu = 0;    ///< bytes, both ends; 0: unknown (CHECK without a record)
  bool enable_dad = false;  ///< addresses go through IPv6 duplicate address detection
  bool leave_down = false;  ///< the container end is not brought up
  End container{};
  End host{};
  std::optional<Bridge> bridge{};
  std::optional<OvsPort> ovs_port{};
  std::string peer_netns{};                     ///< path of the namespace of `host`; empty: the host's own
  std::vector<cni::IpAddress> host_gateways{};  ///< IPv6 gateways on the host's lo, each once for all containers
  bool forward_ipv4 = false;                    ///< the host has to forward packets of the family
  bool forward_ipv6 = false;
  std::vector<Masquerade> masquerades{};
  std::optional<HostPorts> host_ports{};
  std::optional<RateLimit> ingress_limit{};  ///< of the packets that the host end sends to the container
  std::optional<RateLimit> egress_limit{};   ///< of the packets that it receives, which are redirected to an ifb
  std::string ifb{};  ///< name of the ifb of the egress limit; empty: derived from the attachment
  std::optional<Tuning> tuning{};
  std::optional<BigTcp> big_tcp{};                 ///< of both ends; in mode bridge also of the bridge
  std::vector<cni::IpAddress> accepted_sources{};  ///< mode ptp: the host accepts IPv4, IPv6 and ARP packets only from
                                                   ///< these addresses of the container; empty: from all
  bool guards_loopback = false;  ///< the host end drops packets for 127.0.0.0/8, which route_localnet would accept; not
                                 ///< set if the check of sources drops them

  bool operator==(const Wiring&) const = default;
};

/// The interface by which the host receives packets from the container: the host end, or the bridge.
std::string host_side_interface(const Wiring& wiring);

/// Whether the host routes the packets of the container: mode ptp.
bool is_routed(const Wiring& wiring);

/// The end that is the port of Open vSwitch, in a wiring with such a port; and the end opposite to it.
const End& ovs_end(const Wiring& wiring);
const End& end_opposite_to_ovs(const Wiring& wiring);

/// Whether the wiring has elements in nftables.
bool needs_rules(const Wiring& wiring);

/// Whether mapped ports must be reachable at the loopback addresses of the family.
bool maps_loopback(const Wiring& wiring, cni::Family family);

/// The addresses that an end sends from.
std::vector<cni::IpAddress> sources_of(const End& end);

/// The interface that has the gateway addresses: the bridge, or its interface in the port's VLAN ("cni0.100").
std::string gateway_interface(const Bridge& bridge);

/// The port of the bridge that leads to its interface in a VLAN, whose name has to differ from that of the bridge.
std::string gateway_port(const Bridge& bridge);

/// Whether an end has IPv6 addresses besides a link-local one.
bool has_ipv6(const End& end);

constexpr std::uint32_t min_ipv6_mtu = 1280;  ///< RFC 8200, section 5

/// The ifb of a wiring with an egress limit.
std::string ifb_name(const Wiring& wiring);

/// "ptp", "bridge", "ovs" or "netns", as in the key "mode".
std::string_view mode_of(const Wiring& wiring);

}  // namespace wiring
