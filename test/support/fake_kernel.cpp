#include "test/support/fake_kernel.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/system_error.hpp"

#include <algorithm>

namespace test {
namespace {

wiring::ObservedEnd observed_end(const wiring::End& end, std::uint32_t index, std::uint32_t mtu) {
  wiring::ObservedEnd observed;
  observed.index = index;
  observed.mac = end.mac;
  observed.mtu = mtu;
  observed.is_up = true;
  observed.routes = end.routes;
  for (const auto& address : end.addresses) observed.addresses.push_back(address.prefix);
  return observed;
}

void observe_bridge(const wiring::Bridge& bridge, wiring::Observed& observed) {
  constexpr std::uint32_t bridge_index = 3;
  observed.bridge = wiring::ObservedBridge{.index = bridge_index,
                                           .is_bridge = true,
                                           .is_up = true,
                                           .is_promiscuous = bridge.promiscuous,
                                           .addresses = bridge.gateways};
  observed.host->master_index = bridge_index;
  observed.host->is_hairpin = bridge.hairpin;
  observed.host->is_isolated = bridge.isolated;
}

/// Both families at once: what is there and not wanted does not count.
void observe_loopback(const wiring::Wiring& made, wiring::Observed& observed) {
  if (!made.host_ports) return;
  const wiring::Route route{.destination = *cni::find_prefix("::1/128")};
  observed.host->routes_loopback = true;
  observed.host->routes.push_back(route);
  if (!observed.bridge) return;
  observed.bridge->routes_loopback = true;
  observed.bridge->routes.push_back(route);
}

void observe_tuning(const wiring::Tuning& tuning, wiring::Observed& observed) {
  observed.container->tx_queue_length = tuning.tx_queue_length.value_or(1000);
  observed.container->is_promiscuous = tuning.promiscuous;
  observed.container->is_all_multicast = tuning.all_multicast;
  observed.sysctls = tuning.sysctls;
}

bool holds(const auto& values, const auto& value) { return std::ranges::find(values, value) != values.end(); }

}  // namespace

void FakeKernel::refuse_if_told(const std::string& function) const {
  if (const auto refusal = refusals.find(function); refusal != refusals.end()) {
    throw posix::system_error(refusal->second, function);
  }
}

kernel::HostLink FakeKernel::put(const wiring::Wiring& wiring) {
  kernel::HostLink link{next_index_++, wiring.host.name, cni::alias_of(wiring.attachment)};
  pairs.push_back({link, wiring});
  if (wiring.egress_limit) ifb_devices.push_back({next_index_++, wiring::ifb_name(wiring), link.alias});
  for (const auto& gateway : wiring.host_gateways) {
    if (!holds(host_gateways, gateway)) host_gateways.push_back(gateway);
  }
  return link;
}

kernel::Namespace FakeKernel::open_namespace(const std::string& path, bool /*allow_own*/) {
  refuse_if_told("open_namespace");
  return {posix::FileDescriptor{}, path};
}

std::uint32_t FakeKernel::default_route_mtu() { return mtu_of_default_route; }

kernel::Built FakeKernel::build(const wiring::Wiring& wiring, const kernel::Site& /*site*/) {
  asked.emplace_back("build");
  before_build();
  refuse_if_told("build");
  if (find_host_link(wiring.attachment)) throw cni::Error{cni::ErrorCode::already_attached, "the attachment stands"};
  for (const auto& route : wiring.host.routes) {
    const auto& address = route.destination.address;
    if (route.exclusive && elsewhere.contains(address)) throw kernel::AddressLivesElsewhere{address};
  }
  put(wiring);
  if (!wiring::wants_rules(wiring)) return {.bridge_mac = bridge_mac};
  restore_rules(wiring);
  return {.bridge_mac = bridge_mac, .has_lost_rules = !has_tables};
}

namespace {

/// The port of the host that both want, if there is one.
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

void FakeKernel::restore_rules(const wiring::Wiring& wiring) {
  asked.emplace_back("restore_rules");
  refuse_if_told("restore_rules");
  for (const auto& other : rules) {
    const auto* mapping = other.attachment == wiring.attachment ? nullptr : find_common_port(wiring, other);
    if (mapping != nullptr) throw kernel::HostPortTaken{*mapping, cni::tag_of(other.attachment)};
  }
  std::erase_if(rules, [&](const auto& other) { return other.attachment == wiring.attachment; });
  rules.push_back(wiring);
}

void FakeKernel::remove_rules(const wiring::Wiring& wiring) {
  refuse_if_told("remove_rules");
  std::erase_if(rules, [&](const auto& other) { return other.attachment == wiring.attachment; });
}

void FakeKernel::remove_rules(cni::Tag attachment) {
  refuse_if_told("remove_rules");
  std::erase_if(rules, [&](const auto& other) { return cni::tag_of(other.attachment) == attachment; });
}

void FakeKernel::finish_restoring_rules(const wiring::Wiring& /*wiring*/) { has_tables = true; }

wiring::ObservedRules FakeKernel::find_rules(cni::Tag attachment) {
  const auto found =
      std::ranges::find(rules, attachment, [](const auto& wiring) { return cni::tag_of(wiring.attachment); });
  if (found == rules.end()) return {};
  return {.masquerades = found->masquerades,
          .host_ports = found->host_ports,
          .checks_macs = found->bridge && found->bridge->check_macs};
}

void FakeKernel::remove_stale_rules(const std::string& network, const std::function<bool(cni::Tag)>& is_stale) {
  refuse_if_told("remove_stale_rules");
  before_remove_stale_rules();
  std::erase_if(rules, [&](const auto& other) {
    return other.attachment.network == network && is_stale(cni::tag_of(other.attachment));
  });
}

bool FakeKernel::clean_rules(const std::optional<std::string>& /*network*/) {
  asked.emplace_back("clean_rules");
  return rules.empty();
}

void FakeKernel::repair(const wiring::Wiring& /*wiring*/, const kernel::Site& /*site*/) {
  asked.emplace_back("repair");
  refuse_if_told("repair");
  disturb = [](wiring::Observed&) {};
}

std::optional<kernel::HostLink> FakeKernel::find_host_link(const cni::Attachment& attachment) {
  refuse_if_told("find_host_link");
  const auto found = std::ranges::find_if(pairs, [&](const FakePair& pair) {
    return pair.link.alias == cni::alias_of(attachment) && pair.wiring.peer_netns.empty();
  });
  return found == pairs.end() ? std::nullopt : std::optional{found->link};
}

std::optional<kernel::HostLink> FakeKernel::find_veth(const std::string& name) {
  refuse_if_told("find_veth");
  const auto found = std::ranges::find(pairs, name, [](const auto& pair) { return pair.link.name; });
  return found == pairs.end() ? std::nullopt : std::optional{found->link};
}

bool FakeKernel::exists(const kernel::HostLink& link) {
  refuse_if_told("exists");
  return std::ranges::find(pairs, link, &FakePair::link) != pairs.end();
}

bool FakeKernel::remove(const cni::Attachment& attachment) {
  asked.emplace_back("remove");
  refuse_if_told("remove");
  const auto alias = cni::alias_of(attachment);
  const auto gone = std::erase_if(ifb_devices, [&](const auto& ifb) { return ifb.alias == alias; }) +
                    std::erase_if(pairs, [&](const auto& pair) {
                      return pair.link.alias == alias && pair.wiring.peer_netns.empty();
                    });
  return gone > 0;
}

namespace {

bool has_end_at(const FakePair& pair, const cni::Attachment& attachment, const std::vector<kernel::Place>& places) {
  const auto& wiring = pair.wiring;
  if (wiring.attachment != attachment || wiring.peer_netns.empty()) return false;
  return holds(places, kernel::Place{wiring.peer_netns, wiring.host.name});
}

}  // namespace

bool FakeKernel::stands(const cni::Attachment& attachment, const std::vector<kernel::Place>& places) {
  refuse_if_told("stands");
  return std::ranges::any_of(pairs, [&](const auto& pair) { return has_end_at(pair, attachment, places); });
}

bool FakeKernel::remove_cable(const cni::Attachment& attachment, const std::vector<kernel::Place>& places) {
  asked.emplace_back("remove_cable");
  refuse_if_told("remove_cable");
  return std::erase_if(pairs, [&](const auto& pair) { return has_end_at(pair, attachment, places); }) > 0;
}

void FakeKernel::remove_host_gateways(const std::vector<cni::IpAddress>& gateways) {
  asked.emplace_back("remove_host_gateways");
  refuse_if_told("remove_host_gateways");
  std::erase_if(host_gateways, [&](const auto& gateway) { return holds(gateways, gateway); });
}

void FakeKernel::observe_limits(const wiring::Wiring& made, wiring::Observed& observed) const {
  observed.ingress_limit = made.ingress_limit;
  const auto ifb = std::ranges::find(ifb_devices, cni::alias_of(made.attachment), &kernel::HostLink::alias);
  if (ifb == ifb_devices.end()) return;
  observed.ifb = {.index = ifb->index, .alias = ifb->alias, .is_up = true, .limit = made.egress_limit};
  observed.redirected_to = ifb->index;
}

wiring::Observed FakeKernel::observe(const wiring::Wiring& wanted, const kernel::Site& /*site*/) {
  refuse_if_told("observe");
  wiring::Observed observed;
  for (const auto& [link, made] : pairs) {
    if (made.attachment != wanted.attachment) continue;
    constexpr std::uint32_t container_index = 2;
    observed.container = observed_end(made.container, container_index, made.mtu);
    observed.host = observed_end(made.host, link.index, made.mtu);
    observed.container->peer_index = link.index;
    observed.host->peer_index = container_index;
    observed.host->alias = link.alias;
    if (made.bridge) observe_bridge(*made.bridge, observed);
    observe_limits(made, observed);
    observe_loopback(made, observed);
    if (made.tuning) observe_tuning(*made.tuning, observed);
  }
  observed.host_gateways = host_gateways;
  observed.forward_ipv4 = wanted.forward_ipv4;
  observed.forward_ipv6 = wanted.forward_ipv6;
  disturb(observed);
  return observed;
}

std::vector<kernel::HostLink> FakeKernel::host_links(std::string_view network) {
  before_host_links();
  refuse_if_told("host_links");
  std::vector<kernel::HostLink> links;
  for (const auto& pair : pairs) {
    if (pair.link.alias.starts_with(cni::alias_prefix(network))) links.push_back(pair.link);
  }
  return links;
}

std::vector<kernel::HostLink> FakeKernel::host_links() {
  refuse_if_told("host_links");
  std::vector<kernel::HostLink> links;
  for (const auto& pair : pairs) {
    const auto& peer = pair.wiring.peer_netns;
    if (peer.empty() || peer == "/proc/self/ns/net") links.push_back(pair.link);
  }
  return links;
}

std::vector<kernel::HostLink> FakeKernel::ifbs(std::string_view network) {
  refuse_if_told("ifbs");
  std::vector<kernel::HostLink> links;
  for (const auto& ifb : ifb_devices) {
    if (ifb.alias.starts_with(cni::alias_prefix(network))) links.push_back(ifb);
  }
  return links;
}

std::optional<wiring::ObservedEnd> FakeKernel::find_interface(const std::string& name,
                                                              const kernel::Namespace& /*place*/) {
  const auto found = interfaces.find(name);
  return found == interfaces.end() ? std::nullopt : std::optional{found->second};
}

std::optional<kernel::Counters> FakeKernel::find_counters(const std::string& interface,
                                                          const kernel::Namespace& place) {
  const auto found = counters.find(place.path + ' ' + interface);
  return found == counters.end() ? std::nullopt : std::optional{found->second};
}

std::vector<kernel::Whereabouts> FakeKernel::locate(const std::vector<kernel::HostLink>& links,
                                                    const std::vector<std::string>& /*namespaces*/) {
  std::vector<kernel::Whereabouts> all;
  all.reserve(links.size());
  for (const auto& link : links) all.push_back(whereabouts[link.name]);
  return all;
}

std::vector<cni::Prefix> FakeKernel::addresses(const kernel::Namespace& place) { return addresses_there[place.path]; }

bool FakeKernel::takes(const kernel::Arrival& packet) { return !unfit.contains(cni::to_string(packet.source)); }

kernel::Firewall FakeKernel::observe_firewall() { return firewall; }

void FakeKernel::remove_links(const std::vector<kernel::HostLink>& links) {
  asked.emplace_back("remove_links");
  refuse_if_told("remove_links");
  std::erase_if(pairs, [&](const auto& pair) { return holds(links, pair.link); });
  std::erase_if(ifb_devices, [&](const auto& ifb) { return holds(links, ifb); });
}

bool FakeKernel::may_change_network() { return is_allowed; }

}  // namespace test
