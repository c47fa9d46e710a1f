#include "plugin/kernel/bridge_builder.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/bridges.hpp"
#include "plugin/kernel/observer.hpp"
#include "plugin/kernel/patience.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/sysctls.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

namespace kernel {
namespace {

constexpr std::uint8_t link_local_length = 64;

/// Locally administered, and another on each node: bridges of several nodes may meet on one wire.
cni::MacAddress random_mac() {
  cni::MacAddress mac;
  if (::getrandom(mac.bytes.data(), mac.bytes.size(), 0) < 0) posix::throw_errno("get a random number");
  mac.bytes[0] = static_cast<std::uint8_t>((mac.bytes[0] & 0xfcU) | 0x02U);
  return mac;
}

bool is_among(const std::vector<cni::Prefix>& prefixes, const cni::Prefix& prefix) {
  return std::find(prefixes.begin(), prefixes.end(), prefix) != prefixes.end();
}

}  // namespace

BridgeBuilder::BridgeBuilder(const wiring::Wiring& wiring, NetlinkSocket& host)
    : wiring_(wiring), wanted_(*wiring.bridge), host_(host) {}

Link BridgeBuilder::build() {
  auto bridge = find_or_create();
  if (wants_vlans(wanted_) && !bridge.filters_vlans) refuse_unfiltered();
  const Device device{bridge.name, bridge.index};
  if (!bridge.is_up) start_bridge(bridge);
  if (wanted_.promiscuous && !bridge.is_promiscuous) host_.transact(one(set_promiscuous(device)));
  if (!wanted_.gateways.empty()) carry_gateways(gateway_link(bridge));
  if (bridge.is_up) distrust_containers(bridge);
  return bridge;
}

Link BridgeBuilder::repair() {
  auto bridge = build();
  forward();
  return bridge;
}

Link BridgeBuilder::find_or_create() {
  const auto found = first_link(host_.transact(one(get_link(wanted_.name))));
  auto bridge = found ? *found : create();
  if (bridge.kind == "bridge") return bridge;
  throw cni::Error{cni::ErrorCode::invalid_config, text::quoted(wanted_.name) + " already exists but is not a bridge",
                   "name a bridge, or choose a name that no interface has"};
}

/// Without the filter all containers would be in one network.
void BridgeBuilder::refuse_unfiltered() const {
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "/vlan: bridge " + text::quoted(wanted_.name) + " exists and does not filter VLANs",
                   "switch it on: ip link set " + wanted_.name + " type bridge vlan_filtering 1"};
}

/// Another ADD may have made it since we looked: the answer tells of the bridge that there is.
Link BridgeBuilder::create() {
  std::vector<NetlinkRequest> requests;
  requests.push_back(create_bridge(wanted_.name, random_mac(), wiring_.mtu, wants_vlans(wanted_)));
  requests.push_back(get_link(wanted_.name));
  const auto answers = host_.send(requests);
  if (!answers.refusals.empty()) explain(answers.refusals.front(), requests);
  const auto link = first_link(answers.messages);
  if (!link) throw posix::system_error(ENODEV, "find bridge " + text::quoted(wanted_.name) + " after its creation");
  is_new_ = true;
  return *link;
}

void BridgeBuilder::explain(const Refusal& refusal, const std::vector<NetlinkRequest>& requests) const {
  if (refusal.error != EOPNOTSUPP || !wants_vlans(wanted_)) throw refusal_error(refusal, requests);
  throw cni::Error{cni::ErrorCode::unsupported_field,
                   "/vlan: this kernel does not filter VLANs (CONFIG_BRIDGE_VLAN_FILTERING)",
                   "leave vlan and vlanTrunk out, or use a kernel that has it"};
}

/// One that the administrator has made, and which is down, may become the host's uplink.
void BridgeBuilder::start_bridge(const Link& bridge) {
  if (is_new_ || !may_need_router_advertisements(bridge.index, host_)) return start({bridge.name, bridge.index});
  host_.transact(one(bring_up(bridge.index, bridge.name)));
}

/// A bridge takes no router advertisements: its ports are containers (CVE-2020-10749).
void BridgeBuilder::start(const Device& device) {
  ignore_router_advertisements(device.name);
  host_.transact(one(bring_up(device.index, device.name)));
}

/// One that the administrator has made may have a port to the outside, and the host a router there that it lives by,
/// now or later. Forwarding, which was switched on by this ADD, has made accept_ra 2 then.
void BridgeBuilder::distrust_containers(const Link& bridge) {
  if (!bridge.takes_router_advertisements || may_need_router_advertisements(bridge.index, host_)) return;
  ignore_router_advertisements(bridge.name);
}

/// Frames of the port's VLAN reach the host by an interface of that VLAN.
Link BridgeBuilder::gateway_link(const Link& bridge) {
  const auto name = wiring::gateway_interface(wanted_);
  if (name == bridge.name) return bridge;
  const auto port = cni::host_interface_name(cni::tag_of_network(name));
  std::vector<NetlinkRequest> questions;
  questions.push_back(get_link(name));
  questions.push_back(get_link(port));
  const auto there = host_.transact(questions);
  auto link = find_link_named(name, there);
  const bool is_anothers = link && !find_link_named(port, there);  // an interface that the administrator has made
  if (!is_anothers) join_vlan_interface(name, port, bridge);
  if (!link) link = first_link(host_.transact(one(get_link(name))));
  if (!link) throw posix::system_error(ENODEV, "find " + text::quoted(name) + " after its creation");
  if (!link->is_up) start({name, link->index});
  return *link;
}

/// As the reference has it: a veth pair on the host, the other end of which is a port of the bridge. One that stands
/// already is joined, too: who made it may have been killed before that.
void BridgeBuilder::join_vlan_interface(const std::string& name, const std::string& port, const Link& bridge) {
  std::vector<NetlinkRequest> requests;
  requests.push_back(create_local_pair(name, port, wiring_.mtu));
  requests.back().tolerated = {EEXIST};
  requests.push_back(enslave(port, {bridge.name, bridge.index}));
  requests.push_back(get_link(port));
  const auto link = first_link(host_.transact(requests));
  if (!link) throw posix::system_error(ENODEV, "find " + text::quoted(port) + " after its creation");
  auto joining = set_vlans({port, link->index}, {.name = wanted_.name, .vlan = wanted_.vlan});
  joining.push_back(bring_up(link->index, port));
  host_.transact(joining);
}

/// With IPv6 it gets its link-local address here: the kernel would make it when there is a carrier, and detect
/// duplicates of it for a second or two, in which it can ask for no neighbour on behalf of what it forwards.
void BridgeBuilder::carry_gateways(const Link& link) {
  const Device device{link.name, link.index};
  auto requests = missing_gateways(device);
  if (requests.empty()) return;
  forward();
  if (wiring_.forward_ipv6) enable_ipv6(device.name);
  requests.push_back(forward_ipv4(device.name));
  if (wiring_.forward_ipv6) {
    requests.push_back(add_address(device, {{cni::link_local_address(link.mac), link_local_length}}, false));
    requests.back().tolerated = {EEXIST};
  }
  host_.transact(requests);
  await_gateways(link);
}

void BridgeBuilder::forward() {
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    const bool is_wanted = family == cni::Family::ipv4 ? wiring_.forward_ipv4 : wiring_.forward_ipv6;
    if (is_wanted && !observe_forwarding(host_, family)) enable_forwarding(family, host_);
  }
}

std::vector<NetlinkRequest> BridgeBuilder::missing_gateways(const Device& device) {
  const auto present = observe_addresses(host_, device.name, device.index);
  auto requests = make_way(device, present);
  for (const auto& gateway : wanted_.gateways) {
    if (is_among(present, gateway)) continue;
    requests.push_back(add_address(device, {gateway}, false));
    requests.back().tolerated = {EEXIST};
  }
  return requests;
}

namespace {

/// A bridge has one IPv4 network; of IPv6 those exclude each other that overlap.
bool is_in_the_way(const cni::Prefix& other, const cni::Prefix& gateway) {
  if (other.address.family != gateway.address.family) return false;
  return other.address.family == cni::Family::ipv4 || cni::overlap(other, gateway);
}

}  // namespace

std::vector<NetlinkRequest> BridgeBuilder::make_way(const Device& device,
                                                    const std::vector<cni::Prefix>& present) const {
  std::vector<NetlinkRequest> requests;
  for (const auto& other : present) {
    if (cni::is_link_local(other.address) || is_among(wanted_.gateways, other)) continue;
    for (const auto& gateway : wanted_.gateways) {
      if (!is_in_the_way(other, gateway) || is_among(present, gateway)) continue;
      if (!wanted_.force_address) refuse(device, gateway, other);
      requests.push_back(delete_address(device, other));
    }
  }
  return requests;
}

void BridgeBuilder::refuse(const Device& device, const cni::Prefix& gateway, const cni::Prefix& other) {
  throw cni::Error{cni::ErrorCode::invalid_config,
                   text::quoted(device.name) + " already has an IP address different from " + cni::to_string(gateway),
                   "it has " + cni::to_string(other) + "; \"forceAddress\": true replaces it"};
}

/// An IPv6 address is the host's own only when deferred work of the kernel has given it a local route.
void BridgeBuilder::await_gateways(const Link& link) {
  std::vector<NetlinkRequest> questions;
  for (const auto& gateway : wanted_.gateways) questions.push_back(get_route(gateway.address));
  if (wiring_.forward_ipv6) questions.push_back(get_route(cni::link_local_address(link.mac), link.index));
  await("gateways of", wanted_.name, [&] { return count_local(host_.transact(questions)) == questions.size(); });
}

}  // namespace kernel
