#include "plugin/kernel/pair_builder.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/big_tcp.hpp"
#include "plugin/kernel/bridge_builder.hpp"
#include "plugin/kernel/bridges.hpp"
#include "plugin/kernel/identity.hpp"
#include "plugin/kernel/ingress_filters.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/neighbours.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/offloads.hpp"
#include "plugin/kernel/pairs.hpp"
#include "plugin/kernel/port_vlans.hpp"
#include "plugin/kernel/rate_limits.hpp"
#include "plugin/kernel/reachability.hpp"
#include "plugin/kernel/release.hpp"
#include "plugin/kernel/route_batch.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/sysctls.hpp"
#include "plugin/kernel/tuning.hpp"
#include "plugin/kernel/wait.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <map>

namespace kernel {
namespace {

using Requests = std::vector<NetlinkRequest>;

Requests take_refused_requests(Requests& requests, const std::vector<Refusal>& refusals) {
  Requests refused;
  for (const auto& refusal : refusals) refused.push_back(std::move(requests[refusal.request]));
  return refused;
}

/// IPv6 may be disabled on an interface (disable_ipv6 of a new namespace). If it is, `enable` is called and the refused
/// requests are sent again. Throws the first refusal that remains.
void transact_with_ipv6(NetlinkSocket& socket, Requests& requests, const std::function<void()>& enable) {
  const auto refusals = send_routes(socket, requests).refusals;
  if (refusals.empty()) return;
  const bool is_ipv6_disabled =
      std::ranges::any_of(refusals, [](const Refusal& refusal) { return refusal.error == EACCES; });
  if (!is_ipv6_disabled) throw refusal_error(refusals.front(), requests);
  enable();
  auto refused = take_refused_requests(requests, refusals);
  const auto remaining = send_routes(socket, refused).refusals;
  if (!remaining.empty()) throw refusal_error(remaining.front(), refused);
}

/// The link-local address of a container without other IPv6 addresses is optional: if IPv6 is disabled, it stays so.
void tolerate_disabled_ipv6(NetlinkRequest& request) {
  request.tolerated = {EACCES, EADDRNOTAVAIL, EAFNOSUPPORT, EOPNOTSUPP, EPERM};
}

/// A changed route of this plugin would take precedence over the new one, or make its creation fail.
void delete_stale_routes(NetlinkSocket& socket, const Device& device, const wiring::End& end) {
  Requests requests;
  for (const auto& route : end.routes) requests.push_back(delete_matching_route(device, route));
  if (!requests.empty()) socket.send_or_throw(requests);
}

/// Deletes existing addresses that would make the addition fail: with another prefix length, as the kernel generates
/// link-local addresses when the MTU permits IPv6 again.
void delete_same_addresses(NetlinkSocket& socket, const Device& device, const wiring::End& end) {
  Requests requests;
  for (const auto& message : socket.dump(list_addresses(device))) {
    const auto existing = find_interface_address(message);
    const bool is_wanted = existing && std::ranges::any_of(end.addresses, [&](const wiring::Address& address) {
                             return address.prefix.address == existing->prefix.address;
                           });
    if (is_wanted) requests.push_back(delete_address(device, existing->prefix));
  }
  if (!requests.empty()) socket.send_or_throw(requests);
}

/// Sets names, MACs and namespaces of the pair that create() is about to create.
void set_expected_identity(const wiring::Wiring& wiring, const AttachmentContext& context,
                           wiring::Footprint& footprint) {
  footprint.may_have_pair = true;
  wiring::set_identity(wiring, footprint);
  footprint.is_netns_pair = context.peer.has_value();
  if (!context.peer) return;
  footprint.host.netns = {context.peer->path};
  footprint.container.netns = {context.container.path};
}

/// A route that could not be added because one to the same destination exists: `exclusive` has its request. Throws for
/// another refusal of a request before `first_query`.
std::optional<Conflict> find_existing_route(const Answers& answers, const Requests& requests,
                                            const std::map<std::size_t, cni::IpAddress>& exclusive,
                                            std::size_t first_query) {
  for (const auto& refusal : answers.refusals) {
    if (refusal.request >= first_query) break;
    const auto route = exclusive.find(refusal.request);
    if (refusal.error == EEXIST && route != exclusive.end()) return Conflict{.address = route->second};
    throw refusal_error(refusal, requests);
  }
  return std::nullopt;
}

/// Whether the kernel has no ingress qdiscs, or no classifier bpf (CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_BPF). If so,
/// erases the refusals of the requests that need them, `count` from `first` on: the container works without.
bool take_unsupported_filters(std::vector<Refusal>& refusals, std::size_t first, std::size_t count) {
  const auto is_of_filter = [&](const Refusal& refusal) { return refusal.request - first < count; };
  const auto has_error = [&](int error) {
    return [&, error](const Refusal& refusal) { return is_of_filter(refusal) && refusal.error == error; };
  };
  const auto without_qdiscs = std::ranges::count_if(refusals, has_error(EOPNOTSUPP));
  const bool is_unsupported = std::ranges::any_of(refusals, has_error(ENOENT)) ||
                              (count != 0 && static_cast<std::size_t>(without_qdiscs) == count);
  if (is_unsupported) std::erase_if(refusals, is_of_filter);
  return is_unsupported;
}

Device find_ifb(const wiring::Wiring& wiring, const std::vector<std::string>& messages) {
  const auto name = ifb_name(wiring);
  const auto link = find_link_named(name, messages);
  if (!link) throw posix::system_error(ENODEV, "find " + text::quoted(name) + " after its creation");
  return {name, link->index};
}

bool forwards(cni::Family family, const std::vector<std::string>& answers) {
  return std::ranges::any_of(answers, [&](const std::string& answer) {
    const auto forwarding = find_forwarding(answer);
    return forwarding && forwarding->family == family && forwarding->is_on;
  });
}

/// The error number by which the first request, the creation of the pair, was refused; 0 if it was not.
int creation_error(const Answers& answers) {
  const bool is_refused = !answers.refusals.empty() && answers.refusals.front().request == 0;
  return is_refused ? answers.refusals.front().error : 0;
}

/// A kernel that is too old need not be asked.
bool tries_netkit(cni::PairKind kind) {
  return kind == cni::PairKind::netkit || (kind == cni::PairKind::automatic && has_netkit_version());
}

cni::Error netkit_error() {
  return {cni::ErrorCode::system_refused,
          R"(create a netkit pair: this kernel, Linux )" + release() + ", has no netkit",
          R"(netkit needs Linux 6.7 or newer with CONFIG_NETKIT: use "device": "auto", or "veth")"};
}

void add_neighbours(const Device& device, const wiring::End& end, Requests& requests) {
  for (const auto& neighbour : end.neighbours) requests.push_back(set_neighbour(device, neighbour));
}

void add_host_gateways(const wiring::Wiring& wiring, Requests& requests) {
  for (const auto& gateway : wiring.host_gateways) {
    requests.push_back(add_address({"lo", loopback_index}, {cni::host_prefix(gateway), false}, false));
    requests.back().tolerated = {EEXIST};
  }
}

/// Queries whether the IPv6 addresses have local routes yet. The link-local address is not queried: it was added first,
/// and the deferred work of the kernel keeps the order.
void add_address_queries(const std::vector<wiring::Address>& addresses, const Device& device, Requests& queries) {
  for (const auto& address : addresses) {
    const auto& wanted = address.prefix.address;
    if (wanted.family == cni::Family::ipv6 && !cni::is_link_local(wanted))
      queries.push_back(get_route(wanted, device.index));
  }
}

}  // namespace

PairBuilder::PairBuilder(const wiring::Wiring& wiring, const AttachmentContext& context, int host_netns,
                         NetlinkSocket& host)
    : wiring_(wiring),
      context_(context),
      host_netns_(host_netns),
      host_(host),
      creation_(tries_netkit(wiring.pair_kind) ? Creation::netkit : Creation::veth),
      host_device_{wiring.host.name, 0},
      container_device_{wiring.container.name, 0} {}

BuildOutcome PairBuilder::build(wiring::Footprint& footprint) {
  if (wiring_.bridge) {
    BridgeBuilder builder{wiring_, context_, host_, footprint.bridge_change};
    bridge_ = builder.build();
    vlan_interface_mac_ = builder.vlan_interface_mac();
    cni::lap(context_.stopwatch, "kernel_bridge");
  }
  create(footprint);
  cni::lap(context_.stopwatch, "kernel_create");
  if (held_gateway_) return gateway_conflict();
  if (wiring_.ovs_port) context_.ovs.request();
  open_container_socket();
  if (const auto conflict = configure_ends()) return *conflict;
  return Built{.bridge_mac = bridge_.mac, .vlan_interface_mac = vlan_interface_mac_, .lacks_filters = lacks_filters_};
}

/// An interface that was down has no IPv6 addresses and no routes, so it is brought up before they are added.
std::optional<Conflict> PairBuilder::repair(const Device& host) {
  restore_identity(host);
  wiring::BridgeChange kept;
  if (wiring_.bridge) bridge_ = BridgeBuilder{wiring_, context_, host_, kept}.repair();
  if (wiring_.ingress_limit || wiring_.egress_limit) remove_limits(wiring_, host_);
  find_existing_links();
  if (held_gateway_) return gateway_conflict();
  host_.send_or_throw(set_mtu(host_device_, wiring_.mtu));
  if (has_vlans()) remove_other_vlans();
  open_container_socket();
  if (wiring_.big_tcp) {
    host_.send_or_throw(set_big_tcp(host_device_.name, *wiring_.big_tcp));
    container_->send_or_throw(set_big_tcp(container_device_.name, *wiring_.big_tcp));
  }
  if (!wiring_.leave_down) container_->send_or_throw(bring_up(container_device_.index, container_device_.name));
  restore_container_mtu();
  delete_same_addresses(*container_, container_device_, wiring_.container);
  delete_same_addresses(host_, host_device_, wiring_.host);
  delete_stale_routes(*container_, container_device_, wiring_.container);
  delete_stale_routes(host_, host_device_, wiring_.host);
  return configure_ends();
}

/// A later plugin of a chain may have set another MTU, but none with which the wanted IPv6 addresses are impossible. In
/// mode netns there is no later plugin.
void PairBuilder::restore_container_mtu() {
  const auto link = first_link(container_->send_or_throw(get_link(container_device_.index)));
  const bool is_too_small = link && link->mtu < wiring::min_ipv6_mtu && has_ipv6(wiring_.container);
  if (is_too_small || context_.peer) container_->send_or_throw(set_mtu(container_device_, wiring_.mtu));
}

/// The pair is created and gets its alias in one sendmsg, so that a killed ADD leaves no interface without an alias.
/// The alias is set by name: it would change another interface that has the name and makes the creation fail. On the
/// host the names are checked before; in the namespace of a peer the alias is set afterwards. If the creation is
/// refused, only the ifb of this call may exist.
void PairBuilder::create(wiring::Footprint& footprint) {
  set_expected_identity(wiring_, context_, footprint);
  if (!context_.peer) require_free_names(footprint);
  if (creation_ == Creation::veth) creation_ = creation_of_veth();
  auto requests = creation_requests();
  auto answers = host_.send(requests);
  if (wiring_.pair_kind == cni::PairKind::automatic && lacks_netkit(answers)) {
    creation_ = creation_of_veth();
    if (wiring_.egress_limit) remove_limits(wiring_, host_);
    requests = creation_requests();
    answers = host_.send(requests);
  }
  if (creation_error(answers) != 0) footprint.may_have_pair = false;
  if (lacks_netkit(answers)) throw netkit_error();
  if (!answers.refusals.empty()) throw_create_error(answers.refusals.front(), requests);
  read_link_indexes(answers.messages);
  footprint.host.index = host_device_.index;
  footprint.container.index = container_device_.index;
  if (!context_.peer) return;
  Requests alias_requests;
  add_alias_requests(alias_requests);
  host_.send_or_throw(alias_requests);
}

Requests PairBuilder::creation_requests() const {
  const auto netns = context_.container.file.get();
  auto requests = batch_of(creation_ == Creation::netkit ? create_netkit_pair(wiring_, netns)
                           : creation_ == Creation::veth ? create_veth_pair(wiring_, netns)
                                                         : create_veth_pair_by_host_end(wiring_, netns));
  if (!context_.peer) add_alias_requests(requests);
  add_host_end_requests(requests);
  return requests;
}

/// Whether the creation of a netkit pair was refused because the kernel does not know the kind (rtnl_newlink() in
/// net/core/rtnetlink.c: "Unknown device type").
bool PairBuilder::lacks_netkit(const Answers& answers) const {
  return creation_ == Creation::netkit && creation_error(answers) == EOPNOTSUPP;
}

/// A kernel before 6.15 looks for the name of the container end in the namespace of the socket: a node's own "eth0"
/// would make the creation of the container's fail with EEXIST.
PairBuilder::Creation PairBuilder::creation_of_veth() const {
  const bool is_confused = !is_at_least(6, 15) && host_.has_interface(wiring_.container.name);
  return is_confused ? Creation::veth_by_host_end : Creation::veth;
}

/// An end or an ifb that an incomplete removal of this attachment left makes the creation fail, and changes nothing
/// else.
void PairBuilder::require_free_names(wiring::Footprint& footprint) {
  std::vector<std::string> names{wiring_.host.name};
  if (wiring_.egress_limit) names.push_back(ifb_name(wiring_));
  for (const auto& name : names) {
    if (!host_.has_interface(name)) continue;
    const auto link = first_link(host_.send_or_throw(get_link(name)));
    if (!link || is_host_end(*link, footprint) || is_ifb(*link, footprint)) continue;
    footprint.may_have_pair = footprint.may_have_ifb = false;
    throw posix::system_error(EEXIST, "create interface " + text::quoted(name) +
                                          ": the host already has an interface with this name, which does not belong "
                                          "to this attachment (rename or delete it)");
  }
}

/// Linux before 6.2 renames only an interface that is down. repair() brings it up again.
void PairBuilder::restore_name(const Device& host) {
  auto request = rename(host, wiring_.host.name);
  request.tolerated = {EBUSY};
  host_.send_or_throw(request);
  if (host_.has_interface(wiring_.host.name)) return;
  Requests requests;
  requests.push_back(bring_down(host.index, host.name));
  requests.push_back(rename(host, wiring_.host.name));
  host_.send_or_throw(requests);
}

/// Name and alias are restored first, since the following requests address the host end by its name.
void PairBuilder::restore_identity(const Device& host) {
  if (host.name != wiring_.host.name) restore_name(host);
  host_.send_or_throw(set_alias(wiring_.host.name, wiring_.attachment));
}

void PairBuilder::find_existing_links() {
  Requests requests;
  add_host_end_requests(requests);
  if (wiring_.bridge) requests.push_back(set_port_flags(wiring_.host.name, *wiring_.bridge));
  read_link_indexes(host_.send_or_throw(requests));
}

/// Connects the host end to its bridge or enables forwarding on it, and queries what read_link_indexes() reads.
void PairBuilder::add_host_end_requests(std::vector<NetlinkRequest>& requests) const {
  if (wiring_.bridge) add_port_requests(requests);
  if (is_routed()) add_forwarding_requests(requests);
  add_gateway_queries(wiring_, requests);
  requests.push_back(get_link(wiring_.host.name));
  if (wiring_.bridge) add_bridge_queries(requests);
  if (wiring_.egress_limit) create_ifb(wiring_, requests);
}

void PairBuilder::add_alias_requests(std::vector<NetlinkRequest>& requests) const {
  requests.push_back(set_alias(wiring_.host.name, wiring_.attachment));
  requests.push_back(disable_address_generation(wiring_.host.name));
}

void PairBuilder::add_port_requests(std::vector<NetlinkRequest>& requests) const {
  requests.push_back(enslave(wiring_.host.name, {bridge_.name, bridge_.index}));
  const bool has_flags = wiring_.bridge->hairpin || wiring_.bridge->isolated;
  if (has_flags) requests.push_back(set_port_flags(wiring_.host.name, *wiring_.bridge));
}

/// Queries the current MAC of the bridge, and whether a mapped port has set route_localnet on the interface that
/// carries the gateways. Other software that has set it (the reference plugin portmap) has its own guard.
void PairBuilder::add_bridge_queries(std::vector<NetlinkRequest>& requests) const {
  const auto carrier = wiring::host_side_interface(wiring_);
  requests.push_back(get_link(bridge_.index));
  if (carrier != bridge_.name) requests.push_back(get_link(carrier));
}

void PairBuilder::add_forwarding_requests(std::vector<NetlinkRequest>& requests) const {
  requests.push_back(configure_next_hop(wiring_.host.name));
  if (wiring_.forward_ipv4) requests.push_back(get_forwarding(cni::Family::ipv4));
  if (wiring_.forward_ipv6) requests.push_back(get_forwarding(cni::Family::ipv6));
}

bool PairBuilder::is_routed() const { return !wiring_.bridge && !wiring_.ovs_port && !context_.peer; }

bool PairBuilder::has_vlans() const { return wiring_.bridge && wiring::has_vlans(*wiring_.bridge); }

/// Those that other software has added to the port.
void PairBuilder::remove_other_vlans() {
  const auto wanted = wiring::port_vlans(*wiring_.bridge, bridge_.default_vlan);
  const auto requests = delete_other_vlans(host_device_, observe_vlans(host_, host_device_), wanted);
  if (!requests.empty()) host_.send_or_throw(requests);
}

/// Port of a bridge or of Open vSwitch.
bool PairBuilder::is_port() const { return wiring_.bridge || wiring_.ovs_port; }

/// Reads the answers to add_host_end_requests(), and enables IPv6 and forwarding if they are off and needed.
void PairBuilder::read_link_indexes(const std::vector<std::string>& messages) {
  const auto link = first_link(messages);
  if (!link) throw posix::system_error(ENODEV, "find interface " + text::quoted(wiring_.host.name));
  if (wiring_.egress_limit) ifb_ = find_ifb(wiring_, messages);
  host_device_.index = link->index;
  container_device_.index = link->peer_index;
  if (wiring_.bridge) read_bridge(messages);
  has_gateways_ = has_all_gateways(wiring_, messages);
  held_gateway_ = find_held_gateway(wiring_, messages);
  if (link->is_ipv6_disabled && (wiring_.forward_ipv6 || has_ipv6(wiring_.host)) && !wiring_.bridge) {
    run_at_host_end([&] { enable_ipv6(wiring_.host.name); });
  }
  if (is_routed()) enable_missing_forwarding(messages);
}

void PairBuilder::read_bridge(const std::vector<std::string>& messages) {
  if (const auto bridge = find_link_named(bridge_.name, messages)) bridge_.mac = bridge->mac;
  const auto carrier = find_link_named(wiring::host_side_interface(wiring_), messages);
  needs_guarded_ports_ = carrier && carrier->is_own_route_localnet;
}

/// Enables forwarding for each family that does not forward yet.
void PairBuilder::enable_missing_forwarding(const std::vector<std::string>& answers) {
  if (wiring_.forward_ipv4 && !forwards(cni::Family::ipv4, answers)) enable_forwarding(cni::Family::ipv4, host_);
  if (wiring_.forward_ipv6 && !forwards(cni::Family::ipv6, answers)) enable_forwarding(cni::Family::ipv6, host_);
}

/// The error EEXIST does not name the end that exists.
void PairBuilder::throw_create_error(const Refusal& refusal, const std::vector<NetlinkRequest>& requests) {
  if (refusal.request != 0 || refusal.error != EEXIST) throw refusal_error(refusal, requests);
  auto container = open_socket_inside(context_.container.file.get(), host_netns_);
  if (first_link(container.send_or_throw(get_link(wiring_.container.name)))) {
    throw posix::system_error(EEXIST, "create interface " + text::quoted(wiring_.container.name) + " in " +
                                          text::quoted(context_.container.path) +
                                          ": the container already has an interface with this name");
  }
  if (context_.peer) {
    throw posix::system_error(EEXIST, "create interface " + text::quoted(wiring_.host.name) + " in " +
                                          text::quoted(context_.peer->path) +
                                          ": the namespace already has an interface with this name");
  }
  throw cni::Error{cni::ErrorCode::already_attached,
                   "interface " + text::quoted(wiring_.host.name) + " of this attachment already exists on the host",
                   "call DEL before ADD"};
}

/// Enters the namespace once: sysctls without a netlink attribute are written while the socket is opened.
void PairBuilder::open_container_socket() {
  run_in_container([&] {
    container_.emplace(NETLINK_ROUTE);
    if (has_ipv6(wiring_.container)) set_ndisc_notify(wiring_.container.name);
    if (creation_ == Creation::netkit && wiring_.enable_dad) enable_dad(wiring_.container.name);
  });
}

/// The host must not accept router advertisements of a container (CVE-2020-10749). In a peer's namespace accept_ra is
/// left unchanged. The configured sysctls are written after the other settings, so that they take precedence.
std::optional<Conflict> PairBuilder::configure_ends() {
  if (!context_.peer) disable_accept_ra(wiring_.host.name);
  if (!is_port()) announce_mac_to_ipv6();
  configure_container_end();
  if (wiring_.tuning && !wiring_.tuning->sysctls.empty()) {
    run_in_container([&] { write_sysctls(wiring_.tuning->sysctls); });
  }
  cni::lap(context_.stopwatch, "kernel_container");
  if (auto conflict = configure_host_end()) return conflict;
  cni::lap(context_.stopwatch, "kernel_host");
  if (wiring_.ovs_port) connect_to_ovs();
  if (wiring_.enable_dad) wait_for_dad();
  if (wiring_.leave_down) return std::nullopt;
  wait_for_container_end();
  if (!is_routed() || !has_gateways_) wait_for_host_end();
  if (is_port()) announce_container_mac();
  cni::lap(context_.stopwatch, "kernel_ready");
  return std::nullopt;
}

/// The container has the host end as its next hop, and has to know a later change of its MAC. arp_notify, the setting
/// of IPv4, is set with forwarding, or with the addresses of a peer. In mode bridge the next hop is the bridge.
void PairBuilder::announce_mac_to_ipv6() const {
  if (!has_ipv6(wiring_.container) && !has_ipv6(wiring_.host)) return;
  run_at_host_end([&] { set_ndisc_notify(wiring_.host.name); });
}

/// The link-local address of a routed host end is the next hop of the container, so it is not optional.
void PairBuilder::add_addresses(const Device& device, const wiring::End& end, bool enable_dad,
                                Requests& requests) const {
  const bool is_next_hop = is_routed() && has_ipv6(wiring_.container);
  for (const auto& address : end.addresses) {
    requests.push_back(add_address(device, address, enable_dad));
    const bool is_ipv6 = address.prefix.address.family == cni::Family::ipv6;
    if (is_ipv6 && !has_ipv6(end) && !is_next_hop) tolerate_disabled_ipv6(requests.back());
  }
}

void PairBuilder::configure_container_end() {
  Requests requests;
  if (context_.peer) requests.push_back(set_alias(wiring_.container.name, wiring_.attachment));
  requests.push_back(set_arp_notify(wiring_.container.name));
  if (!wiring_.enable_dad) requests.push_back(disable_address_generation(wiring_.container.name));
  if (creation_ != Creation::veth) requests.push_back(set_flags(container_device_, wiring_));
  add_addresses(container_device_, wiring_.container, wiring_.enable_dad, requests);
  for (const auto& route : wiring_.container.routes) requests.push_back(add_route(container_device_, route));
  transact_with_ipv6(*container_, requests, [&] { run_in_container([&] { enable_ipv6(wiring_.container.name); }); });
}

/// Packets from 127.0.0.1 and ::1 to mapped ports leave through the host end, or through the bridge, which all of its
/// containers share.
void PairBuilder::add_loopback_requests(Requests& requests) {
  const auto name = wiring::host_side_interface(wiring_);
  if (wiring::maps_loopback(wiring_, cni::Family::ipv4)) {
    requests.push_back(wiring_.bridge ? set_route_localnet_of_bridge(name) : set_route_localnet(name, true));
  }
  if (!wiring::maps_loopback(wiring_, cni::Family::ipv6)) return;
  const auto link = wiring_.bridge ? first_link(host_.send_or_throw(get_link(name))) : std::nullopt;
  requests.push_back(add_loopback_route({name, link ? link->index : host_device_.index}));
}

/// The ports are listed after route_localnet was set on the bridge: an ADD whose port is not among them finds it set.
/// Ports of other software may refuse a filter; the chain "guard" in nftables protects against them.
void PairBuilder::guard_other_ports() {
  const bool is_first_mapping =
      wiring_.bridge && wiring::maps_loopback(wiring_, cni::Family::ipv4) && !needs_guarded_ports_;
  if (!is_first_mapping) return;
  Requests requests;
  for (const auto& message : host_.dump(list_ports(bridge_.index))) {
    const auto link = find_link(message);
    const bool is_other = link && link->master_index == bridge_.index && link->index != host_device_.index;
    if (is_other) guard_loopback({link->name, link->index}, requests);
  }
  if (!requests.empty()) host_.send(requests);
}

/// The host would answer for the address instead of the container that has it.
Conflict PairBuilder::gateway_conflict() {
  const auto holder = first_link(host_.send(batch_of(get_link(held_gateway_->device_index))).messages);
  return {.kind = Conflict::Kind::gateway,
          .address = held_gateway_->address,
          .holder = holder ? cni::tag_of_alias(holder->alias) : std::nullopt};
}

/// The bridge is shared by its containers, so each port needs a guard if a port is mapped to one of them.
void PairBuilder::add_filters(Requests& requests) const {
  add_source_filters(requests);
  if (wiring_.guards_loopback || needs_guarded_ports_) guard_loopback(host_device_, requests);
}

/// Packets that are redirected to an ifb are checked there, since a block can be applied to only one device. Answers of
/// the container's other networks may leave by an attachment without a check, and the other way round, so the addresses
/// of this one are accepted there. Index 2 means that the container has no other networks: lo has index 1.
void PairBuilder::add_source_filters(Requests& requests) const {
  constexpr std::uint32_t first_index = 2;
  const SourceFilters filters{wiring_.attachment};
  if (wiring_.accepted_sources.empty()) {
    const bool may_have_others = !context_.peer && container_device_.index > first_index;
    if (may_have_others) requests.push_back(filters.accept_if_block_exists(wiring::sources_of(wiring_.container)));
    return;
  }
  requests.push_back(wiring_.egress_limit ? filters.check_sent(ifb_) : filters.check_received(host_device_));
  requests.push_back(filters.drop_others());
  requests.push_back(filters.accept(wiring_.accepted_sources));
}

/// What the host sends to containers passes the bridge. A bridge without a port accepts no larger sizes.
void PairBuilder::raise_bridge(Requests& requests) const {
  const auto raised = wiring::to_raise(*wiring_.big_tcp, bridge_.big_tcp);
  if (raised != wiring::BigTcp{}) requests.push_back(set_big_tcp(bridge_.name, raised));
}

/// Packets for an address are routed elsewhere on this node if the host route is refused with EEXIST, or if the host
/// does not use it: because it has the address itself, or another route with a lower metric or in another table.
std::optional<Conflict> PairBuilder::configure_host_end() {
  Requests requests;
  std::map<std::size_t, cni::IpAddress> exclusive;
  // Before the filters, which accept an existing ingress qdisc; of a port of Open vSwitch, when that has opened it.
  if (!wiring_.ovs_port) add_rate_limits(wiring_, host_device_, ifb_, requests);
  const auto first_filter = requests.size();
  add_filters(requests);
  const auto filters = requests.size() - first_filter;
  requests.push_back(bring_up(host_device_.index, host_device_.name));
  if (has_vlans()) {
    for (auto& request : set_vlans(host_device_, *wiring_.bridge, bridge_.default_vlan)) {
      requests.push_back(std::move(request));
    }
  }
  if (wiring_.bridge && wiring_.big_tcp) raise_bridge(requests);
  if (context_.peer) requests.push_back(set_arp_notify(wiring_.host.name));
  if (!has_gateways_) add_host_gateways(wiring_, requests);
  add_addresses(host_device_, wiring_.host, false, requests);
  add_loopback_requests(requests);
  for (const auto& route : wiring_.host.routes) {
    if (route.exclusive) exclusive.emplace(requests.size(), route.destination.address);
    requests.push_back(add_route(host_device_, route));
  }
  add_neighbours(host_device_, wiring_.host, requests);
  const auto first_query = requests.size();
  add_reachability_queries(wiring_, requests);
  auto answers = send_routes(host_, requests);
  lacks_filters_ = take_unsupported_filters(answers.refusals, first_filter, filters);
  if (auto conflict = find_existing_route(answers, requests, exclusive, first_query)) return conflict;
  guard_other_ports();
  const auto device_index = wiring_.bridge ? bridge_.index : host_device_.index;
  const auto unreachable = find_unreachable(wiring_, device_index, answers, first_query);
  return unreachable.empty() ? std::nullopt : std::optional{unreachable.front()};
}

/// The end that was brought up first drops what it sends until the linkwatch work of the kernel has run. Since
/// Linux 6.8 RTM_GETLINK runs this work; on older kernels the operational state shows when it has run
/// (net/core/link_watch.c, commit facd15dfd691). Packets to an IPv6 address are dropped until deferred work has added
/// its local route (addrconf_dad_work() in net/ipv6/addrconf.c), also with IFA_F_NODAD; on a busy node that takes
/// milliseconds. The neighbours of the container are added only here: while the other end is down, linkwatch deletes
/// them (neigh_carrier_down() in net/core/neighbour.c).
void PairBuilder::wait_for_container_end() {
  Requests requests;
  requests.push_back(get_link(container_device_.index));
  add_neighbours(container_device_, wiring_.container, requests);
  const auto others = requests.size();
  if (has_ipv6(wiring_.container)) add_address_queries(wiring_.container.addresses, container_device_, requests);
  wait_until_ready("carrier and local routes of", container_device_.name, [&] {
    const auto answers = container_->send_or_throw(requests);
    const auto link = first_link(answers);
    return link && link->has_carrier && count_local_routes(answers) + others == requests.size();
  });
}

/// In mode ptp only the first container of a network waits; for the others the gateway exists already.
void PairBuilder::wait_for_host_end() {
  Requests queries;
  for (const auto& gateway : wiring_.host_gateways) queries.push_back(get_route(gateway));
  if (context_.peer && has_ipv6(wiring_.host)) add_address_queries(wiring_.host.addresses, host_device_, queries);
  if (wiring_.bridge) return wait_until_ready("port", host_device_.name, [&] { return is_port_open(); });
  if (queries.empty()) return;
  wait_until_ready("the gateways of", host_device_.name,
                   [&] { return count_local_routes(host_.send_or_throw(queries)) == queries.size(); });
}

/// With STP the port stays in the states "listening" and "learning" for about 30 s; ADD does not wait for this. A
/// bridge that had no port drops the packets of the host until linkwatch has run, as an end of a pair does; RTM_GETLINK
/// runs it.
bool PairBuilder::is_port_open() {
  const auto link = first_link(host_.send_or_throw(get_link(host_device_.index)));
  if (!link || !link->port || link->port->is_closed) return false;
  const auto bridge = first_link(host_.send_or_throw(get_link(bridge_.index)));
  return bridge && bridge->is_running;
}

/// Setting a MAC, even the same one, makes the kernel send gratuitous ARP (arp_notify) and unsolicited neighbour
/// advertisements (ndisc_notify). They update stale entries of the bridge and of the neighbours for these addresses.
void PairBuilder::announce_container_mac() {
  container_->send_or_throw(set_mac(container_device_, wiring_.container.mac));
}

/// Duplicate address detection takes one to two seconds (RFC 4862, section 5.4). An ADD must not succeed before its
/// addresses can be used.
void PairBuilder::wait_for_dad() {
  if (wait_until([&] { return is_dad_finished(); })) return;
  throw posix::system_error(ETIMEDOUT,
                            "wait for duplicate address detection on " + text::quoted(container_device_.name));
}

bool PairBuilder::is_dad_finished() {
  bool is_finished = true;
  for (const auto& message : container_->dump(list_addresses(container_device_))) {
    const auto address = find_interface_address(message);
    if (!address) continue;
    if (address->is_duplicate) {
      throw posix::system_error(EADDRINUSE,
                                "add address " + cni::to_string(address->prefix) + ": another host uses it");
    }
    is_finished = is_finished && !address->is_tentative;
  }
  return is_finished;
}

/// Frames reach the switch by the end opposite to its port. A datapath in user space receives them with checksums that
/// are left to the hardware, and does not complete them. Both ends are on the host if the pair joins two switches.
/// ovs-vswitchd reads the flags of its end, adds IFF_PROMISC and writes them (update_flags() in lib/netdev.c), and so
/// may set an end down that was brought up in between. When it opens a port without QoS and policing, it deletes the
/// qdiscs that it finds (netdev_linux_set_qos(), netdev_linux_set_policing() in lib/netdev-linux.c).
void PairBuilder::connect_to_ovs() {
  if (wiring_.bridge) disable_accept_ra(wiring_.container.name);
  const bool is_in_user_space = context_.ovs.wait();
  const bool is_host_end = &wiring::ovs_end(wiring_) == &wiring_.host;
  const auto& device = is_host_end ? host_device_ : container_device_;
  Requests limits;
  add_rate_limits(wiring_, host_device_, ifb_, limits);
  if (!limits.empty()) host_.send_or_throw(limits);
  (is_host_end ? host_ : *container_).send_or_throw(bring_up(device.index, device.name));
  cni::lap(context_.stopwatch, "ovs");
  if (!is_in_user_space) return;
  const auto& sender = wiring::end_opposite_to_ovs(wiring_);
  run_in_container([&] { disable_checksum_offload(sender.name); });
}

void PairBuilder::run_in_container(const std::function<void()>& action) const {
  run_inside(context_.container.file.get(), host_netns_, action);
}

void PairBuilder::run_at_host_end(const std::function<void()>& action) const {
  if (!context_.peer) return action();
  run_inside(context_.peer->file.get(), host_netns_, action);
}

}  // namespace kernel
