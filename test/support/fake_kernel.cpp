#include "test/support/fake_kernel.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/wiring/port_mapping.hpp"

#include <algorithm>

namespace test {
namespace {

wiring::ObservedEnd observed_end(const wiring::End& end, std::uint32_t index, const wiring::Wiring& made) {
  wiring::ObservedEnd observed;
  observed.index = index;
  observed.name = end.name;
  observed.kind = "veth";
  observed.mac = end.mac;
  observed.mtu = made.mtu;
  observed.big_tcp = made.big_tcp.value_or(wiring::BigTcp{});
  observed.is_up = true;
  observed.routes = end.routes;
  for (const auto& route : end.routes) observed.own_destinations.push_back(route.destination);
  for (const auto& address : end.addresses) observed.addresses.push_back(address.prefix);
  return observed;
}

void observe_bridge(const wiring::Bridge& bridge, wiring::Observed& observed) {
  constexpr std::uint32_t bridge_index = 3;
  observed.bridge = wiring::ObservedBridge{.index = bridge_index,
                                           .is_bridge = true,
                                           .is_up = true,
                                           .is_promiscuous = bridge.promiscuous,
                                           .filters_vlans = wiring::has_vlans(bridge),
                                           .default_vlan = 1,
                                           .addresses = bridge.gateways};
  observed.host->master_index = bridge_index;
  observed.host->is_hairpin = bridge.hairpin;
  observed.host->is_isolated = bridge.isolated;
  if (wiring::has_vlans(bridge)) observed.host->vlans = wiring::port_vlans(bridge, observed.bridge->default_vlan);
}

/// For both families, because routes that are not wanted are no difference.
void observe_loopback(const wiring::Wiring& made, wiring::Observed& observed) {
  if (!made.host_ports) return;
  const wiring::Route route{.destination = *cni::find_prefix("::1/128")};
  observed.host->route_localnet = observed.host->guards_loopback = true;
  observed.host->routes.push_back(route);
  if (!observed.bridge) return;
  observed.bridge->route_localnet = true;
  observed.bridge->routes.push_back(route);
}

void observe_tuning(const wiring::Tuning& tuning, wiring::Observed& observed) {
  observed.container->tx_queue_length = tuning.tx_queue_length.value_or(1000);
  observed.container->is_promiscuous = tuning.promiscuous;
  observed.container->is_all_multicast = tuning.all_multicast;
  observed.sysctls = tuning.sysctls;
}

bool holds(const auto& values, const auto& value) { return std::ranges::find(values, value) != values.end(); }

/// A host port that both wirings map; null: none.
const wiring::PortMapping* find_common_port(const wiring::Wiring& left, const wiring::Wiring& right) {
  if (!left.host_ports || !right.host_ports) return nullptr;
  for (const auto& mapping : left.host_ports->mappings) {
    for (const auto& other : right.host_ports->mappings) {
      if (mapping.protocol == other.protocol && mapping.host_port == other.host_port) return &mapping;
    }
  }
  return nullptr;
}

}  // namespace

void FakeKernel::throw_configured_error(const std::string& function) const {
  if (const auto error = errors.find(function); error != errors.end()) {
    throw posix::system_error(error->second, function);
  }
}

FakeLink FakeKernel::put(const wiring::Wiring& wiring) {
  FakeLink link{next_index_++, wiring.host.name, cni::alias_of(wiring.attachment)};
  pairs.push_back({link, wiring});
  if (wiring.egress_limit) ifb_devices.push_back({next_index_++, wiring::ifb_name(wiring), link.alias});
  for (const auto& gateway : wiring.host_gateways) {
    if (!holds(host_gateways, gateway)) host_gateways.push_back(gateway);
  }
  return link;
}

const FakeLink* FakeKernel::find_link(const cni::Attachment& attachment) const {
  const auto found = std::ranges::find_if(pairs, [&](const FakePair& pair) {
    return pair.link.alias == cni::alias_of(attachment) && pair.wiring.peer_netns.empty();
  });
  return found == pairs.end() ? nullptr : &found->link;
}

void FakeKernel::remove_links_of(const cni::Attachment& attachment) {
  remove_links({.attachment = attachment, .tag = cni::tag_of(attachment)});
}

kernel::Namespace FakeKernel::open_namespace(const std::string& path, bool /*allow_own*/) {
  throw_configured_error("open_namespace");
  return {posix::FileDescriptor{}, path};
}

kernel::NodeState FakeKernel::read_node(const kernel::NodeQuery& query) {
  auto state = node;
  if (!query.nftables) state.nftables_error.reset();
  if (!query.netkit) state.lacks_netkit.clear();
  if (query.interfaces && has_ipv6) {
    for (const auto& pair : pairs) state.interfaces.insert(pair.link.name);
  }
  return state;
}

std::optional<kernel::Conflict> FakeKernel::find_conflict(const wiring::Wiring& wiring,
                                                          const std::function<bool(cni::Tag)>& takes_port_over) const {
  for (const auto& other : rules) {
    const auto* mapping = other.attachment == wiring.attachment ? nullptr : find_common_port(wiring, other);
    if (mapping == nullptr || takes_port_over(cni::tag_of(other.attachment))) continue;
    return kernel::Conflict{.kind = kernel::Conflict::Kind::host_port,
                            .host_port = wiring::host_port_text(*mapping),
                            .holder = cni::tag_of(other.attachment)};
  }
  for (const auto& route : wiring.host.routes) {
    const auto& address = route.destination.address;
    if (route.exclusive && routed_addresses.contains(address)) return kernel::Conflict{.address = address};
    if (route.exclusive && host_addresses.contains(address))
      return kernel::Conflict{.address = address, .is_host_address = true};
  }
  return find_held_gateway(wiring);
}

/// The elements of a mapped port have a new owner.
void FakeKernel::take_ports_over(const wiring::Wiring& wiring) {
  for (auto& other : rules) {
    if (other.attachment != wiring.attachment && find_common_port(wiring, other)) other.host_ports.reset();
  }
}

/// As the kernel, by the host routes to the containers.
std::optional<kernel::Conflict> FakeKernel::find_held_gateway(const wiring::Wiring& wiring) const {
  for (const auto& pair : pairs) {
    for (const auto& route : pair.wiring.host.routes) {
      const auto& address = route.destination.address;
      const bool is_on_host_end = holds(wiring.host.addresses, wiring::Address{cni::host_prefix(address), false});
      if (!route.exclusive || !(is_on_host_end || holds(wiring.host_gateways, address))) continue;
      return kernel::Conflict{
          .kind = kernel::Conflict::Kind::gateway, .address = address, .holder = cni::tag_of(pair.wiring.attachment)};
    }
  }
  return std::nullopt;
}

kernel::BuildOutcome FakeKernel::build(const wiring::Wiring& wiring, const kernel::AttachmentContext& context,
                                       wiring::Footprint& footprint) {
  calls.emplace_back("build");
  before_build();
  throw_configured_error("build");
  if (find_link(wiring.attachment) != nullptr) {
    throw cni::Error{cni::ErrorCode::already_attached, "the attachment exists"};
  }
  if (wiring.bridge) add_bridge_gateways(wiring, footprint.bridge_change);
  if (wiring::needs_rules(wiring)) footprint.partial_wiring = wiring;
  if (const auto conflict = find_conflict(wiring, context.takes_port_over)) return *conflict;
  const auto link = put(wiring);
  footprint.may_have_pair = footprint.may_have_ifb = true;
  footprint.is_netns_pair = context.peer.has_value();
  footprint.host = {.name = link.name, .index = link.index, .mac = wiring.host.mac};
  if (context.peer) footprint.host.netns = {context.peer->path};
  throw_configured_error("build_after_links");
  if (!wiring::needs_rules(wiring)) return kernel::Built{.lacks_filters = lacks_filters};
  footprint.may_have_rules = true;
  take_ports_over(wiring);
  restore_rules({&wiring, 1}, context, false);
  return kernel::Built{.has_missing_rules = !has_tables};
}

void FakeKernel::restore_rules(std::span<const wiring::Wiring> wirings, const kernel::AttachmentContext& /*context*/,
                               bool mark_complete) {
  calls.emplace_back("restore_rules");
  throw_configured_error("restore_rules");
  for (const auto& wiring : wirings) {
    if (find_conflict(wiring)) continue;
    std::erase_if(rules, [&](const auto& other) { return other.attachment == wiring.attachment; });
    rules.push_back(wiring);
  }
  if (mark_complete) has_tables = true;
}

bool FakeKernel::has_end(const FakePair& pair, const wiring::Footprint& footprint) const {
  const auto& peer = pair.wiring.peer_netns;
  const auto& host = footprint.host;
  if (footprint.is_netns_pair) {
    return cni::tag_of(pair.wiring.attachment) == footprint.tag && holds(host.netns, peer) &&
           pair.wiring.host.name == host.name;
  }
  if (!peer.empty()) return false;
  if (footprint.is_imported) {
    return pair.link.index == host.index && pair.link.name == host.name && pair.link.alias.empty();
  }
  const auto tag = cni::tag_of_alias(pair.link.alias);
  return tag ? *tag == footprint.tag : host.index != 0 && pair.link.index == host.index;
}

std::vector<bool> FakeKernel::find_ends(std::span<const wiring::Footprint> batch, kernel::Search /*search*/) {
  throw_configured_error("find_ends");
  std::vector<bool> found;
  for (const auto& footprint : batch) {
    found.push_back(std::ranges::any_of(pairs, [&](const auto& pair) { return has_end(pair, footprint); }));
  }
  return found;
}

std::vector<wiring::Footprint> FakeKernel::list(const std::string& network) {
  before_list();
  throw_configured_error("list");
  std::map<cni::Tag, wiring::Footprint> found;
  const auto add = [&](const cni::Attachment& attachment) -> wiring::Footprint& {
    auto& footprint = found[cni::tag_of(attachment)];
    footprint.attachment = attachment;
    footprint.tag = cni::tag_of(attachment);
    return footprint;
  };
  const auto is_wanted = [&](const cni::Attachment& attachment) {
    return network.empty() || attachment.network == network;
  };
  for (const auto& pair : pairs) {
    const auto attachment = cni::attachment_of_alias(pair.link.alias);
    if (!attachment || !is_wanted(*attachment) || !pair.wiring.peer_netns.empty()) continue;
    add(*attachment).host = {.name = pair.link.name, .index = pair.link.index};
  }
  for (const auto& ifb : ifb_devices) {
    const auto attachment = cni::attachment_of_alias(ifb.alias);
    if (attachment && is_wanted(*attachment)) add(*attachment);
  }
  for (const auto& wiring : rules) {
    if (is_wanted(wiring.attachment)) add(wiring.attachment);
  }
  std::vector<wiring::Footprint> footprints;
  for (auto& [tag, footprint] : found) footprints.push_back(std::move(footprint));
  return footprints;
}

void FakeKernel::add_bridge_gateways(const wiring::Wiring& wiring, wiring::BridgeChange& change) {
  auto& present = bridge_addresses[wiring.bridge->name];
  change.interface = wiring.bridge->name;
  for (const auto& gateway : wiring.bridge->gateways) {
    if (holds(present, gateway)) continue;
    present.push_back(gateway);
    change.added.push_back(gateway);
  }
}

void FakeKernel::revert(const wiring::BridgeChange& change) {
  auto& present = bridge_addresses[change.interface];
  std::erase_if(present, [&](const auto& prefix) { return holds(change.added, prefix); });
  for (const auto& prefix : change.deleted) {
    if (!holds(present, prefix)) present.push_back(prefix);
  }
  after_revert();
}

bool FakeKernel::remove_links(const wiring::Footprint& footprint) {
  std::size_t gone = 0;
  if (footprint.may_have_pair) {
    gone += std::erase_if(pairs, [&](const auto& pair) { return has_end(pair, footprint); });
  }
  if (footprint.may_have_ifb) {
    gone += std::erase_if(ifb_devices, [&](const auto& ifb) { return cni::tag_of_alias(ifb.alias) == footprint.tag; });
  }
  return gone > 0;
}

kernel::Removal FakeKernel::remove(std::span<const wiring::Footprint> batch) {
  calls.emplace_back("remove");
  kernel::Removal removal;
  const auto step = [&](const std::string& name, std::size_t place, const auto& act) {
    const auto error = errors.find(name);
    if (error == errors.end()) return act();
    removal.failures.push_back(posix::system_error(error->second, name));
    if (!holds(removal.incomplete, place)) removal.incomplete.push_back(place);
  };
  for (std::size_t place = 0; place < batch.size(); ++place) {
    const auto& footprint = batch[place];
    if (footprint.may_have_rules) {
      step("remove_rules", place, [&] {
        std::erase_if(rules, [&](const auto& other) { return cni::tag_of(other.attachment) == footprint.tag; });
      });
    }
    if (footprint.may_have_pair || footprint.may_have_ifb) {
      step("remove_links", place, [&] {
        if (remove_links(footprint)) removal.with_links.push_back(place);
      });
    }
    if (footprint.is_last_of_network) cleaned_networks.push_back(footprint.attachment.network);
    if (!footprint.bridge_change.interface.empty()) {
      step("revert_bridge_change", place, [&] { revert(footprint.bridge_change); });
    }
    if (footprint.gateways.empty()) continue;
    step("remove_gateways", place, [&] {
      std::erase_if(host_gateways, [&](const auto& gateway) { return holds(footprint.gateways, gateway); });
    });
  }
  return removal;
}

bool FakeKernel::clean_rules(const std::string& /*network*/) {
  calls.emplace_back("clean_rules");
  return rules.empty();
}

void FakeKernel::observe_limits(const wiring::Wiring& made, wiring::Observed& observed) const {
  observed.ingress_limit = made.ingress_limit;
  const auto ifb = std::ranges::find(ifb_devices, cni::alias_of(made.attachment), &FakeLink::alias);
  if (ifb == ifb_devices.end()) return;
  observed.ifb = {.index = ifb->index, .alias = ifb->alias, .is_up = true, .limit = made.egress_limit};
  observed.redirected_to = ifb->index;
}

wiring::Observed FakeKernel::observe(const wiring::Wiring& wanted, const kernel::AttachmentContext& /*context*/) {
  throw_configured_error("observe");
  wiring::Observed observed;
  for (const auto& [link, made] : pairs) {
    if (made.attachment != wanted.attachment) continue;
    constexpr std::uint32_t container_index = 2;
    observed.container = observed_end(made.container, container_index, made);
    observed.host = observed_end(made.host, link.index, made);
    observed.container->peer_index = link.index;
    observed.host->peer_index = container_index;
    observed.host->name = link.name;
    observed.is_pair = true;
    observed.host->alias = link.alias;
    if (made.bridge) observe_bridge(*made.bridge, observed);
    observe_limits(made, observed);
    observe_loopback(made, observed);
    if (made.tuning) observe_tuning(*made.tuning, observed);
    observed.checks_sources = !made.accepted_sources.empty();
  }
  observed.host_gateways = host_gateways;
  observed.forward_ipv4 = wanted.forward_ipv4;
  observed.forward_ipv6 = wanted.forward_ipv6;
  modify_observed(observed);
  return observed;
}

}  // namespace test
