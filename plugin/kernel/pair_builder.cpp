#include "plugin/kernel/pair_builder.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/bridge_builder.hpp"
#include "plugin/kernel/bridges.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/neighbours.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/patience.hpp"
#include "plugin/kernel/rate_limits.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/sysctls.hpp"
#include "plugin/kernel/tuning.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <map>

namespace kernel {
namespace {

using Requests = std::vector<NetlinkRequest>;

constexpr std::uint32_t loopback_index = 1;

bool is_refused_for_disabled_ipv6(const Refusal& refusal) { return refusal.error == EACCES; }

Requests take_refused(Requests& requests, const std::vector<Refusal>& refusals) {
  Requests refused;
  for (const auto& refusal : refusals) refused.push_back(std::move(requests[refusal.request]));
  return refused;
}

/// IPv6 may be switched off on an interface (disable_ipv6 of a new namespace): addresses that are wanted there switch
/// it on. Throws the first refusal that remains.
void transact_with_ipv6(NetlinkSocket& socket, Requests& requests, const std::function<void()>& enable) {
  const auto refusals = socket.send(requests).refusals;
  if (refusals.empty()) return;
  if (std::none_of(refusals.begin(), refusals.end(), is_refused_for_disabled_ipv6)) {
    throw refusal_error(refusals.front(), requests);
  }
  enable();
  socket.transact(take_refused(requests, refusals));
}

/// The link-local address of a container without any other IPv6 address is a courtesy: where IPv6 is off, it stays off.
void tolerate_disabled_ipv6(NetlinkRequest& request) {
  request.tolerated = {EACCES, EADDRNOTAVAIL, EAFNOSUPPORT, EOPNOTSUPP, EPERM};
}

void ask_for_gateways(const wiring::Wiring& wiring, Requests& questions) {
  for (const auto& gateway : wiring.host_gateways) questions.push_back(get_route(gateway));
}

}  // namespace

PairBuilder::PairBuilder(const wiring::Wiring& wiring, const Site& site, int home, NetlinkSocket& host)
    : wiring_(wiring),
      site_(site),
      home_(home),
      host_(host),
      host_device_{wiring.host.name, 0},
      container_device_{wiring.container.name, 0} {}

BuildOutcome PairBuilder::build(wiring::Footprint& footprint) {
  if (wiring_.bridge) {
    bridge_ = BridgeBuilder{wiring_, host_}.build();
    cni::lap(site_.stopwatch, "kernel_bridge");
  }
  create(footprint);
  cni::lap(site_.stopwatch, "kernel_create");
  enter_container();
  if (const auto conflict = furnish()) return *conflict;
  return Built{.bridge_mac = bridge_.mac};
}

namespace {

/// Routes of ours that were altered would stand before the new ones, or in their place.
void make_way(NetlinkSocket& socket, const Device& device, const wiring::End& end) {
  Requests requests;
  for (const auto& route : end.routes) requests.push_back(delete_route_like(device, route));
  if (!requests.empty()) socket.transact(requests);
}

}  // namespace

/// What comes up anew has lost its IPv6 addresses and all routes: it does so before they are put there.
std::optional<Conflict> PairBuilder::repair(const Device& host) {
  restore_identity(host);
  if (wiring_.bridge) bridge_ = BridgeBuilder{wiring_, host_}.repair();
  if (wiring_.ingress_limit || wiring_.egress_limit) lift_limits(wiring_, host_);
  find();
  host_.transact(one(set_mtu(host_device_, wiring_.mtu)));
  enter_container();
  if (!wiring_.leave_down) container_->transact(one(bring_up(container_device_.index, container_device_.name)));
  make_way(*container_, container_device_, wiring_.container);
  make_way(host_, host_device_, wiring_.host);
  return furnish();
}

namespace {

/// The marks of the pair that is created next.
void expect_links(const wiring::Wiring& wiring, const Site& site, wiring::Footprint& footprint) {
  footprint.may_have_pair = true;
  footprint.may_have_ifb = wiring.egress_limit.has_value();
  footprint.host.name = wiring.host.name;
  footprint.host.mac = wiring.host.mac;
  footprint.container.name = wiring.container.name;
  footprint.container.mac = wiring.container.mac;
  footprint.is_netns_pair = site.peer.has_value();
  if (!site.peer) return;
  footprint.host.netns = {site.peer->path};
  footprint.container.netns = {site.container.path};
}

}  // namespace

/// Pair, alias and all in one send: no kill can leave a link behind that does not say whose it is. In a peer's
/// namespace the name is not ours alone: what goes by it must not reach an interface of somebody else, which refused
/// the creation. A refused creation leaves no pair of this call, but the ifb.
void PairBuilder::create(wiring::Footprint& footprint) {
  Requests requests;
  requests.push_back(create_pair(wiring_, site_.container.file.get()));
  if (!site_.peer) label(requests);
  join(requests);
  expect_links(wiring_, site_, footprint);
  const auto answers = host_.send(requests);
  const bool is_refused = !answers.refusals.empty() && answers.refusals.front().request == 0;
  if (is_refused) footprint.may_have_pair = false;
  if (!answers.refusals.empty()) explain(answers.refusals.front(), requests);
  learn(answers.messages);
  footprint.host.index = host_device_.index;
  footprint.container.index = container_device_.index;
  if (!site_.peer) return;
  Requests labels;
  label(labels);
  host_.transact(labels);
}

/// Name and alias come first: the requests that follow address the host's end by its name.
void PairBuilder::restore_identity(const Device& host) {
  Requests requests;
  if (host.name != wiring_.host.name) requests.push_back(rename(host, wiring_.host.name));
  requests.push_back(set_alias(wiring_.host.name, wiring_.attachment));
  host_.transact(requests);
}

void PairBuilder::find() {
  Requests requests;
  join(requests);
  if (wiring_.bridge) requests.push_back(set_port_flags(wiring_.host.name, *wiring_.bridge));
  learn(host_.transact(requests));
}

/// Makes the host's end part of the host: of its bridge, or of its routing.
void PairBuilder::join(std::vector<NetlinkRequest>& requests) const {
  if (wiring_.bridge) make_port(requests);
  if (is_routed()) ask_to_forward(requests);
  ask_for_gateways(wiring_, requests);
  requests.push_back(get_link(wiring_.host.name));
  if (wiring_.egress_limit) create_ifb(wiring_, requests);
}

void PairBuilder::label(std::vector<NetlinkRequest>& requests) const {
  requests.push_back(set_alias(wiring_.host.name, wiring_.attachment));
  requests.push_back(stop_address_generation(wiring_.host.name));
}

void PairBuilder::make_port(std::vector<NetlinkRequest>& requests) const {
  requests.push_back(enslave(wiring_.host.name, {bridge_.name, bridge_.index}));
  const bool has_flags = wiring_.bridge->hairpin || wiring_.bridge->isolated;
  if (has_flags) requests.push_back(set_port_flags(wiring_.host.name, *wiring_.bridge));
}

void PairBuilder::ask_to_forward(std::vector<NetlinkRequest>& requests) const {
  requests.push_back(forward_ipv4(wiring_.host.name));
  if (wiring_.forward_ipv4) requests.push_back(ask_forwarding(cni::Family::ipv4));
  if (wiring_.forward_ipv6) requests.push_back(ask_forwarding(cni::Family::ipv6));
}

bool PairBuilder::is_routed() const { return !wiring_.bridge && !site_.peer; }

namespace {

Device find_ifb(const wiring::Wiring& wiring, const std::vector<std::string>& messages) {
  const auto name = ifb_name(wiring);
  const auto link = find_link_named(name, messages);
  if (!link) throw posix::system_error(ENODEV, "find " + text::quoted(name) + " after its creation");
  return {name, link->index};
}

}  // namespace

void PairBuilder::learn(const std::vector<std::string>& messages) {
  const auto link = first_link(messages);
  if (!link) throw posix::system_error(ENODEV, "find interface " + text::quoted(wiring_.host.name));
  if (wiring_.egress_limit) ifb_ = find_ifb(wiring_, messages);
  host_device_.index = link->index;
  container_device_.index = link->peer_index;
  has_gateways_ = count_local(messages, loopback_index) == wiring_.host_gateways.size();
  if (link->is_ipv6_disabled && (wiring_.forward_ipv6 || has_ipv6(wiring_.host)) && !wiring_.bridge) {
    on_host([&] { enable_ipv6(wiring_.host.name); });
  }
  if (is_routed()) forward(messages);
}

namespace {

bool forwards(cni::Family family, const std::vector<std::string>& answers) {
  return std::ranges::any_of(answers, [&](const std::string& answer) {
    const auto forwarding = find_forwarding(answer);
    return forwarding && forwarding->family == family && forwarding->is_on;
  });
}

}  // namespace

/// What the kernel has not said that it does, it is told.
void PairBuilder::forward(const std::vector<std::string>& answers) {
  if (wiring_.forward_ipv4 && !forwards(cni::Family::ipv4, answers)) enable_forwarding(cni::Family::ipv4, host_);
  if (wiring_.forward_ipv6 && !forwards(cni::Family::ipv6, answers)) enable_forwarding(cni::Family::ipv6, host_);
}

/// The kernel's "File exists" does not say which end it means.
void PairBuilder::explain(const Refusal& refusal, const std::vector<NetlinkRequest>& requests) {
  if (refusal.request != 0 || refusal.error != EEXIST) throw refusal_error(refusal, requests);
  auto container = open_socket_inside(site_.container.file.get(), home_);
  if (first_link(container.transact(one(get_link(wiring_.container.name))))) {
    throw posix::system_error(EEXIST, "create interface " + text::quoted(wiring_.container.name) + " in " +
                                          text::quoted(site_.container.path) + ": the container has one of this name");
  }
  if (site_.peer) {
    throw posix::system_error(EEXIST, "create interface " + text::quoted(wiring_.host.name) + " in " +
                                          text::quoted(site_.peer->path) + ": the namespace has one of this name");
  }
  throw cni::Error{cni::ErrorCode::already_attached, "the attachment stands already: interface " +
                                                         text::quoted(wiring_.host.name) +
                                                         " of the host is its end; DEL it before it is added again"};
}

/// Once for all: what has no message of its own is set while the socket is opened there.
void PairBuilder::enter_container() {
  inside_container([&] {
    container_.emplace(NETLINK_ROUTE);
    if (has_ipv6(wiring_.container)) announce_mac_to_ipv6(wiring_.container.name);
  });
}

/// A container must not be able to give the host routes; what a peer takes is its own affair.
std::optional<Conflict> PairBuilder::furnish() {
  if (!site_.peer) ignore_router_advertisements(wiring_.host.name);
  furnish_container();
  if (wiring_.tuning && !wiring_.tuning->sysctls.empty()) tune_container();
  cni::lap(site_.stopwatch, "kernel_container");
  if (const auto conflict = furnish_host()) return conflict;
  cni::lap(site_.stopwatch, "kernel_host");
  if (wiring_.enable_dad) settle();
  if (wiring_.leave_down) return std::nullopt;
  let_container_talk();
  if (!is_routed() || !has_gateways_) let_host_talk();
  if (wiring_.bridge) announce();
  cni::lap(site_.stopwatch, "kernel_ready");
  return std::nullopt;
}

namespace {

void add_neighbours(const Device& device, const wiring::End& end, Requests& requests) {
  for (const auto& neighbour : end.neighbours) requests.push_back(set_neighbour(device, neighbour));
}

}  // namespace

/// The link-local address of a routed host end is the container's next hop, and no courtesy then.
void PairBuilder::add_addresses(const Device& device, const wiring::End& end, bool enable_dad,
                                Requests& requests) const {
  const bool is_next_hop = is_routed() && has_ipv6(wiring_.container);
  for (const auto& address : end.addresses) {
    requests.push_back(add_address(device, address, enable_dad));
    const bool is_ipv6 = address.prefix.address.family == cni::Family::ipv6;
    if (is_ipv6 && !has_ipv6(end) && !is_next_hop) tolerate_disabled_ipv6(requests.back());
  }
}

void PairBuilder::furnish_container() {
  Requests requests;
  if (site_.peer) requests.push_back(set_alias(wiring_.container.name, wiring_.attachment));
  requests.push_back(announce_mac(wiring_.container.name));
  if (!wiring_.enable_dad) requests.push_back(stop_address_generation(wiring_.container.name));
  add_addresses(container_device_, wiring_.container, wiring_.enable_dad, requests);
  for (const auto& route : wiring_.container.routes) requests.push_back(add_route(container_device_, route));
  transact_with_ipv6(*container_, requests, [&] { inside_container([&] { enable_ipv6(wiring_.container.name); }); });
}

/// After all that is done to the container's end, so that what a configuration says is what holds.
void PairBuilder::tune_container() {
  inside_container([&] { write_sysctls(wiring_.tuning->sysctls); });
}

namespace {

void add_host_gateways(const wiring::Wiring& wiring, Requests& requests) {
  for (const auto& gateway : wiring.host_gateways) {
    requests.push_back(add_address({"lo", loopback_index}, {cni::host_prefix(gateway), false}, false));
    requests.back().tolerated = {EEXIST};
  }
}

}  // namespace

/// Packets from 127.0.0.1 and ::1 to mapped ports leave by the interface that leads to the container. On a bridge all
/// its containers share that.
void PairBuilder::open_loopback(Requests& requests) {
  const auto name = wiring::host_side_interface(wiring_);
  if (wiring::maps_loopback(wiring_, cni::Family::ipv4)) requests.push_back(route_loopback(name, true));
  if (!wiring::maps_loopback(wiring_, cni::Family::ipv6)) return;
  const auto link = wiring_.bridge ? first_link(host_.transact(one(get_link(name)))) : std::nullopt;
  requests.push_back(take_loopback_answers({name, link ? link->index : host_device_.index}));
}

/// A host route that exists already means that packets for the address go elsewhere on this node.
std::optional<Conflict> PairBuilder::furnish_host() {
  Requests requests;
  std::map<std::size_t, cni::IpAddress> exclusive;
  limit_rates(wiring_, host_device_, ifb_, requests);
  requests.push_back(bring_up(host_device_.index, host_device_.name));
  if (wiring_.bridge && wants_vlans(*wiring_.bridge)) {
    for (auto& request : set_vlans(host_device_, *wiring_.bridge)) requests.push_back(std::move(request));
  }
  if (!has_gateways_) add_host_gateways(wiring_, requests);
  add_addresses(host_device_, wiring_.host, false, requests);
  open_loopback(requests);
  for (const auto& route : wiring_.host.routes) {
    if (route.exclusive) exclusive.emplace(requests.size(), route.destination.address);
    requests.push_back(add_route(host_device_, route));
  }
  add_neighbours(host_device_, wiring_.host, requests);
  for (const auto& refusal : host_.send(requests).refusals) {
    const auto route = exclusive.find(refusal.request);
    if (refusal.error == EEXIST && route != exclusive.end()) return Conflict{.address = route->second};
    throw refusal_error(refusal, requests);
  }
  return std::nullopt;
}

namespace {

/// Questions about the container's IPv6 addresses, which are to be its own.
void ask_for_addresses(const std::vector<wiring::Address>& addresses, const Device& device, Requests& questions) {
  for (const auto& address : addresses) {
    const auto& wanted = address.prefix.address;
    if (wanted.family == cni::Family::ipv6) questions.push_back(get_route(wanted, device.index));
  }
}

}  // namespace

/// The end that was brought up first drops what it sends until the kernel's deferred work has seen the other end; since
/// Linux 6.8 a question about the link does that work at once, before that the answer tells when it is done. An IPv6
/// address, too, is the host's own only when deferred work has given it a local route (addrconf_dad_work), flag or no
/// flag: on a busy node that is milliseconds later, and what arrives before is dropped. The container's neighbours come
/// only now: as long as the other end is down, the same deferred work forgets them (neigh_carrier_down).
void PairBuilder::let_container_talk() {
  Requests requests;
  requests.push_back(get_link(container_device_.index));
  if (has_ipv6(wiring_.container)) ask_for_addresses(wiring_.container.addresses, container_device_, requests);
  const auto questions = requests.size();
  add_neighbours(container_device_, wiring_.container, requests);
  await("packets of", container_device_.name, [&] {
    const auto answers = container_->transact(requests);
    const auto link = first_link(answers);
    return link && link->has_carrier && count_local(answers) + 1 == questions;
  });
}

/// Routed: only the first container of a network has to wait, for the others the gateway stands already.
void PairBuilder::let_host_talk() {
  Requests questions;
  ask_for_gateways(wiring_, questions);
  if (site_.peer && has_ipv6(wiring_.host)) ask_for_addresses(wiring_.host.addresses, host_device_, questions);
  if (wiring_.bridge) return await("port", host_device_.name, [&] { return is_port_open(); });
  if (questions.empty()) return;
  await("gateways of", host_device_.name, [&] { return count_local(host_.transact(questions)) == questions.size(); });
}

/// A bridge with the spanning tree protocol lets the port learn for half a minute first: that is what was asked of it.
/// One that had no port drops what the host sends, as an end of a pair does, until it is asked about.
bool PairBuilder::is_port_open() {
  const auto link = first_link(host_.transact(one(get_link(host_device_.index))));
  if (!link || !link->port || link->port->is_closed) return false;
  const auto bridge = first_link(host_.transact(one(get_link(bridge_.index))));
  return bridge && bridge->has_carrier;
}

/// The kernel announces a MAC that is set, the same one too, by gratuitous ARP (arp_notify) and unsolicited neighbour
/// advertisements (ndisc_notify): what the bridge and its neighbours knew of these addresses is put right.
void PairBuilder::announce() { container_->transact(one(set_mac(container_device_, wiring_.container.mac))); }

/// Duplicate address detection takes one to two seconds; an ADD whose addresses may not be used yet would be a false
/// success.
void PairBuilder::settle() {
  if (comes_true([&] { return is_settled(); })) return;
  throw posix::system_error(ETIMEDOUT, "duplicate address detection on \"" + container_device_.name + '"');
}

bool PairBuilder::is_settled() {
  bool is_settled = true;
  for (const auto& message : container_->dump(list_addresses(container_device_))) {
    const auto address = find_interface_address(message);
    if (!address) continue;
    if (address->is_duplicate) {
      throw posix::system_error(EADDRINUSE,
                                "add address " + cni::to_string(address->prefix) + ": it has another owner");
    }
    is_settled = is_settled && !address->is_tentative;
  }
  return is_settled;
}

void PairBuilder::inside_container(const std::function<void()>& act) const {
  run_inside(site_.container.file.get(), home_, act);
}

void PairBuilder::on_host(const std::function<void()>& act) const {
  if (!site_.peer) return act();
  run_inside(site_.peer->file.get(), home_, act);
}

}  // namespace kernel
