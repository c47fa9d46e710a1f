#include "plugin/kernel/bridge_builder.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/big_tcp.hpp"
#include "plugin/kernel/bridges.hpp"
#include "plugin/kernel/observer.hpp"
#include "plugin/kernel/pairs.hpp"
#include "plugin/kernel/port_vlans.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/sysctls.hpp"
#include "plugin/kernel/wait.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

namespace kernel {
namespace {

using InterfaceAddresses = std::vector<InterfaceAddress>;

/// Locally administered, and different on each node, since bridges of several nodes may share one Ethernet segment.
cni::MacAddress random_mac() {
  cni::MacAddress mac;
  if (::getrandom(mac.bytes.data(), mac.bytes.size(), 0) < 0) posix::throw_errno("get a random number");
  mac.bytes[0] = static_cast<std::uint8_t>((mac.bytes[0] & 0xfcU) | 0x02U);
  return mac;
}

bool is_among(const std::vector<cni::Prefix>& prefixes, const cni::Prefix& prefix) {
  return std::find(prefixes.begin(), prefixes.end(), prefix) != prefixes.end();
}

bool is_among(const InterfaceAddresses& present, const cni::Prefix& prefix) {
  return std::ranges::find(present, prefix, &InterfaceAddress::prefix) != present.end();
}

bool is_tentative(const InterfaceAddresses& present, const cni::Prefix& prefix) {
  const auto address = std::ranges::find(present, prefix, &InterfaceAddress::prefix);
  return address != present.end() && address->is_tentative;
}

cni::Prefix link_local_prefix(const Link& link) {
  constexpr std::uint8_t length = 64;
  return {cni::link_local_address(link.mac), length};
}

/// Adds an address without duplicate address detection, which takes one to two seconds. If it has begun, the address is
/// replaced.
void add_without_dad(const Device& device, const InterfaceAddresses& present, const cni::Prefix& prefix,
                     std::vector<NetlinkRequest>& requests) {
  if (is_tentative(present, prefix)) requests.push_back(delete_address(device, prefix));
  requests.push_back(add_address(device, {prefix}, false));
  requests.back().tolerated = {EEXIST};
}

/// A bridge has only one IPv4 network. IPv6 networks conflict if they overlap.
bool conflicts_with(const cni::Prefix& other, const cni::Prefix& gateway) {
  if (other.address.family != gateway.address.family) return false;
  return other.address.family == cni::Family::ipv4 || cni::overlap(other, gateway);
}

}  // namespace

BridgeBuilder::BridgeBuilder(const wiring::Wiring& wiring, const AttachmentContext& context, NetlinkSocket& host,
                             wiring::BridgeChange& change)
    : wiring_(wiring), wanted_(*wiring.bridge), context_(context), host_(host), change_(change) {}

Link BridgeBuilder::build() {
  auto bridge = find_or_create();
  if (wiring::has_vlans(wanted_) && !bridge.filters_vlans) throw_no_vlan_filtering();
  const Device device{bridge.name, bridge.index};
  if (!bridge.is_up) bring_bridge_up(bridge);
  if (wanted_.promiscuous && !bridge.is_promiscuous) host_.send_or_throw(set_promiscuous(device));
  if (bridge.mac == cni::MacAddress{}) bridge.mac = random_mac();  // its last port has left it
  if (!wanted_.gateways.empty()) {
    const auto link = gateway_link(bridge);
    if (link.index != bridge.index) {
      vlan_interface_mac_ = link.mac;
      raise_big_tcp(link);
    }
    configure_gateways(link);
  }
  if (bridge.is_up) disable_accept_ra_if_unneeded(bridge);
  if (!bridge.has_fixed_mac) fix_bridge_mac(bridge);
  return bridge;
}

Link BridgeBuilder::repair() {
  auto bridge = build();
  if (vlan_interface_mac_) remove_other_gateway_vlans(bridge);
  enable_missing_forwarding();
  return bridge;
}

void BridgeBuilder::remove_other_gateway_vlans(const Link& bridge) {
  const auto port = first_link(host_.send_or_throw(get_link(wiring::gateway_port(wanted_))));
  if (!port) return;  // created by an administrator
  const Device device{port->name, port->index};
  const auto wanted = wiring::gateway_port_vlans(wanted_, bridge.default_vlan);
  const auto requests = delete_other_vlans(device, observe_vlans(host_, device), wanted);
  if (!requests.empty()) host_.send_or_throw(requests);
}

Link BridgeBuilder::find_or_create() {
  const auto found = first_link(host_.send_or_throw(get_link(wanted_.name)));
  auto bridge = found ? *found : create();
  if (bridge.kind == "bridge") return bridge;
  throw cni::Error{cni::ErrorCode::invalid_config, text::quoted(wanted_.name) + " already exists but is not a bridge",
                   "set the key bridge to the name of a bridge, or to an unused name"};
}

/// Without VLAN filtering all containers on the bridge would be in one network.
void BridgeBuilder::throw_no_vlan_filtering() const {
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "/vlan: bridge " + text::quoted(wanted_.name) + " exists and does not filter VLANs",
                   "enable VLAN filtering: ip link set " + wanted_.name + " type bridge vlan_filtering 1"};
}

/// Another ADD may have created the bridge since find_or_create() looked for it. Then the answer describes that bridge.
Link BridgeBuilder::create() {
  std::vector<NetlinkRequest> requests;
  requests.push_back(create_bridge(wanted_.name, random_mac(), wiring_.mtu, wiring::has_vlans(wanted_)));
  requests.push_back(get_link(wanted_.name));
  const auto answers = host_.send(requests);
  if (!answers.refusals.empty()) throw_create_error(answers.refusals.front(), requests);
  const auto link = first_link(answers.messages);
  if (!link) throw posix::system_error(ENODEV, "find bridge " + text::quoted(wanted_.name) + " after its creation");
  is_new_ = true;
  return *link;
}

void BridgeBuilder::throw_create_error(const Refusal& refusal, const std::vector<NetlinkRequest>& requests) const {
  if (refusal.error != EOPNOTSUPP || !wiring::has_vlans(wanted_)) throw refusal_error(refusal, requests);
  throw cni::Error{cni::ErrorCode::unsupported_field,
                   "/vlan: this kernel does not filter VLANs (CONFIG_BRIDGE_VLAN_FILTERING)",
                   "remove vlan and vlanTrunk, or use a kernel with VLAN filtering"};
}

/// Leaves accept_ra of an existing bridge unchanged if the host may need router advertisements from it: the bridge may
/// become the uplink of the host.
void BridgeBuilder::bring_bridge_up(const Link& bridge) {
  if (is_new_ || !may_need_router_advertisements(bridge.index, host_))
    return bring_up_without_ra({bridge.name, bridge.index});
  host_.send_or_throw(bring_up(bridge.index, bridge.name));
}

/// The bridge must not accept router advertisements, since its ports are containers (CVE-2020-10749).
void BridgeBuilder::bring_up_without_ra(const Device& device) {
  disable_accept_ra(device.name);
  host_.send_or_throw(bring_up(device.index, device.name));
}

/// A bridge that an administrator created may have a port to the outside, and the host may get its default route there
/// by router advertisement, now or later. If this ADD enabled forwarding, accept_ra is 2 (enable_forwarding()).
void BridgeBuilder::disable_accept_ra_if_unneeded(const Link& bridge) {
  if (!bridge.accepts_router_advertisements || may_need_router_advertisements(bridge.index, host_)) return;
  disable_accept_ra(bridge.name);
}

/// Containers have the MAC of the bridge as that of their gateway.
void BridgeBuilder::fix_bridge_mac(const Link& bridge) {
  host_.send_or_throw(fix_mac({bridge.name, bridge.index}, bridge.mac));
  set_ndisc_notify(bridge.name);
}

/// What the host sends to containers passes the bridge's interface in their VLAN.
void BridgeBuilder::raise_big_tcp(const Link& link) {
  if (!wiring_.big_tcp) return;
  const auto raised = wiring::to_raise(*wiring_.big_tcp, link.big_tcp);
  if (raised != wiring::BigTcp{}) host_.send_or_throw(set_big_tcp(link.name, raised));
}

/// The interface that carries the gateways. With a VLAN, that is an interface in this VLAN, not the bridge itself.
Link BridgeBuilder::gateway_link(const Link& bridge) {
  const auto name = wiring::gateway_interface(wanted_);
  if (name == bridge.name) return bridge;
  const auto port = wiring::gateway_port(wanted_);
  std::vector<NetlinkRequest> queries;
  queries.push_back(get_link(name));
  queries.push_back(get_link(port));
  const auto existing = host_.send_or_throw(queries);
  auto link = find_link_named(name, existing);
  const bool is_foreign = link && !find_link_named(port, existing);  // created by an administrator
  if (!is_foreign) create_vlan_interface(name, port, bridge);
  if (!link) link = first_link(host_.send_or_throw(get_link(name)));
  if (!link) throw posix::system_error(ENODEV, "find " + text::quoted(name) + " after its creation");
  if (!link->is_up) bring_up_without_ra({name, link->index});
  return *link;
}

/// As in the reference plugin bridge: a veth pair on the host, of which the other end is a port of the bridge. The
/// steps are done for an existing pair too, since the process that created it may have been killed before it did them.
void BridgeBuilder::create_vlan_interface(const std::string& name, const std::string& port, const Link& bridge) {
  std::vector<NetlinkRequest> requests;
  requests.push_back(create_local_pair(name, port, wiring_.mtu));
  requests.back().tolerated = {EEXIST};
  requests.push_back(enslave(port, {bridge.name, bridge.index}));
  requests.push_back(get_link(port));
  const auto link = first_link(host_.send_or_throw(requests));
  if (!link) throw posix::system_error(ENODEV, "find " + text::quoted(port) + " after its creation");
  auto configuration =
      set_vlans({port, link->index}, {.name = wanted_.name, .vlan = wanted_.vlan}, bridge.default_vlan);
  configuration.push_back(bring_up(link->index, port));
  raise_big_tcp(*link);
  host_.send_or_throw(configuration);
}

/// With IPv6 the link-local address is added here. The kernel would generate it when the link has a carrier and do
/// duplicate address detection for one to two seconds, during which it cannot resolve neighbours of forwarded packets.
void BridgeBuilder::configure_gateways(const Link& link) {
  const Device device{link.name, link.index};
  const auto present = observe_usable_addresses(host_, device);
  const auto link_local = link_local_prefix(link);
  auto requests = gateway_requests(device, present);
  const bool needs_link_local = wiring_.forward_ipv6 && (!requests.empty() || is_tentative(present, link_local));
  if (needs_link_local) add_without_dad(device, present, link_local, requests);
  if (requests.empty()) return;
  enable_missing_forwarding();
  if (wiring_.forward_ipv6) enable_ipv6(device.name);
  requests.push_back(configure_next_hop(device.name));
  host_.send_or_throw(requests);
  if (device.name != wanted_.name) set_ndisc_notify(device.name);
  wait_for_gateways(link);
}

void BridgeBuilder::enable_missing_forwarding() {
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    const bool is_wanted = family == cni::Family::ipv4 ? wiring_.forward_ipv4 : wiring_.forward_ipv6;
    if (is_wanted && !observe_forwarding(host_, family)) enable_forwarding(family, host_);
  }
}

std::vector<NetlinkRequest> BridgeBuilder::gateway_requests(const Device& device, const InterfaceAddresses& present) {
  change_.interface = device.name;
  auto requests = conflicting_address_deletions(device, present);
  for (const auto& gateway : wanted_.gateways) {
    const bool is_present = is_among(present, gateway);
    if (is_present && !is_tentative(present, gateway)) continue;
    if (!is_present) {
      context_.check_new_gateway(gateway.address);
      change_.added.push_back(gateway);
    }
    add_without_dad(device, present, gateway, requests);
  }
  return requests;
}

std::vector<NetlinkRequest> BridgeBuilder::conflicting_address_deletions(const Device& device,
                                                                         const InterfaceAddresses& present) {
  std::vector<NetlinkRequest> requests;
  for (const auto& [other, is_tentative, is_duplicate] : present) {
    if (cni::is_link_local(other.address) || is_among(wanted_.gateways, other)) continue;
    for (const auto& gateway : wanted_.gateways) {
      if (!conflicts_with(other, gateway) || is_among(present, gateway)) continue;
      if (!wanted_.force_address) throw_address_conflict(device, gateway, other);
      requests.push_back(delete_address(device, other));
      change_.deleted.push_back(other);
    }
  }
  return requests;
}

void BridgeBuilder::throw_address_conflict(const Device& device, const cni::Prefix& gateway, const cni::Prefix& other) {
  throw cni::Error{cni::ErrorCode::invalid_config,
                   text::quoted(device.name) + " already has an IP address different from " + cni::to_string(gateway),
                   "it has " + cni::to_string(other) + "; \"forceAddress\": true replaces it"};
}

/// Packets to an IPv6 address are accepted only after deferred work of the kernel has added its local route
/// (addrconf_dad_work() in net/ipv6/addrconf.c).
void BridgeBuilder::wait_for_gateways(const Link& link) {
  std::vector<NetlinkRequest> queries;
  for (const auto& gateway : wanted_.gateways) queries.push_back(get_route(gateway.address));
  if (wiring_.forward_ipv6) queries.push_back(get_route(link_local_prefix(link).address, link.index));
  wait_until_ready("the gateways of", wanted_.name,
                   [&] { return count_local_routes(host_.send_or_throw(queries)) == queries.size(); });
}

}  // namespace kernel
