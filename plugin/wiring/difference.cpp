#include "plugin/wiring/difference.hpp"

#include "plugin/cni/chain_member.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace wiring {
namespace {

using Differences = std::vector<Difference>;

bool contains(const auto& values, const auto& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::uint32_t table_of(const Route& route) { return route.table.value_or(main_table); }

/// The kernel chooses a value that is not set.
bool matches(const auto& wanted, const auto& actual) { return !wanted || wanted == actual; }

/// The kernel limits mtu and advmss of a route to the largest packet (net/ipv4/metrics.c).
std::optional<std::uint32_t> limited(const std::optional<std::uint32_t>& bytes, std::uint32_t max) {
  return bytes ? std::optional{std::min(*bytes, max)} : std::nullopt;
}

/// Compares mtu and advmss, for IPv4 only: the kernel merges IPv6 routes with the same destination and metric, and
/// reports the values of the first.
bool matches_sizes(const Route& actual, const Route& wanted) {
  constexpr std::uint32_t max_mtu = 65535 - 15;
  constexpr std::uint32_t max_advmss = 65535 - 40;
  return wanted.destination.address.family == cni::Family::ipv6 ||
         (matches(limited(wanted.mtu, max_mtu), actual.mtu) &&
          matches(limited(wanted.advmss, max_advmss), actual.advmss));
}

/// Which tables to search for a route. A later plugin of a chain may have moved a route to another table, with another
/// next hop.
enum class Tables { any, wanted };

/// An IPv6 route that came after those of other networks has a higher metric than the wanted one.
bool matches_priority(const Route& actual, const Route& wanted) {
  if (matches(wanted.priority, actual.priority)) return true;
  return wanted.destination.address.family == cni::Family::ipv6 && actual.priority > wanted.priority;
}

/// The source is not compared: the kernel removes it from routes when an IPv6 address is deleted, and the source that
/// it then selects is equally good.
bool matches_route(const Route& actual, const Route& wanted, Tables tables) {
  if (actual.destination != wanted.destination) return false;
  if (table_of(actual) != table_of(wanted)) return tables == Tables::any;
  return actual.gateway == wanted.gateway && matches_priority(actual, wanted) && matches_sizes(actual, wanted);
}

std::string route_text(const Route& route) {
  const auto via = route.gateway ? " via " + cni::to_string(*route.gateway) : std::string{};
  return cni::to_string(route.destination) + via;
}

/// The wanted state of one end.
struct WantedEnd {
  const End& end;
  Side side;
  bool uses_ipv6;  ///< the container has IPv6 addresses
  Tables tables;
};

/// Other plugins do not move the host's routes to the container.
Tables host_tables(const Wiring& wanted) { return wanted.peer_netns.empty() ? Tables::wanted : Tables::any; }

WantedEnd container_of(const Wiring& wanted) {
  return {wanted.container, Side::container, has_ipv6(wanted.container), Tables::any};
}

WantedEnd host_of(const Wiring& wanted) {
  return {wanted.host, Side::host, has_ipv6(wanted.container), host_tables(wanted)};
}

void compare_state(const WantedEnd& wanted, const std::optional<ObservedEnd>& actual, Differences& differences) {
  if (actual && !actual->is_up) differences.push_back({Kind::down, wanted.side, wanted.end.name});
}

void compare_mac(const WantedEnd& wanted, const ObservedEnd& actual, Differences& differences) {
  if (actual.mac == wanted.end.mac) return;
  differences.push_back(
      {Kind::mac, wanted.side, wanted.end.name, cni::to_string(wanted.end.mac), cni::to_string(actual.mac)});
}

/// Whether this is an IPv6 link-local address, and neither the container nor this end has another IPv6 address.
bool is_unused_link_local(const Address& address, const End& end, bool uses_ipv6) {
  return cni::is_link_local(address.prefix.address) && address.prefix.address.family == cni::Family::ipv6 &&
         !uses_ipv6 && !has_ipv6(end);
}

void compare_addresses(const WantedEnd& wanted, const ObservedEnd& actual, Differences& differences) {
  for (const auto& address : wanted.end.addresses) {
    if (contains(actual.addresses, address.prefix) || is_unused_link_local(address, wanted.end, wanted.uses_ipv6))
      continue;
    differences.push_back({Kind::address, wanted.side, wanted.end.name, cni::to_string(address.prefix)});
  }
}

bool has_route(const ObservedEnd& actual, const Route& wanted, Tables tables) {
  return std::any_of(actual.routes.begin(), actual.routes.end(),
                     [&](const Route& candidate) { return matches_route(candidate, wanted, tables); });
}

void compare_routes(const WantedEnd& wanted, const std::optional<ObservedEnd>& actual, Differences& differences) {
  if (!actual) return;
  for (const auto& route : wanted.end.routes) {
    if (has_route(*actual, route, wanted.tables)) continue;
    differences.push_back({Kind::route, wanted.side, wanted.end.name, route_text(route)});
  }
}

void compare_end(const WantedEnd& wanted, const std::optional<ObservedEnd>& actual, Differences& differences) {
  if (!actual) return differences.push_back({Kind::missing, wanted.side, wanted.end.name});
  compare_mac(wanted, *actual, differences);
  compare_addresses(wanted, *actual, differences);
}

/// Name and alias of the container end are not compared: later plugins may change them.
void compare_pair(const Wiring& wanted, const Observed& observed, Differences& differences) {
  if (!observed.container || !observed.host) return;
  const auto& host = *observed.host;
  if (host.name != wanted.host.name) {
    differences.push_back({Kind::name, Side::host, wanted.host.name, wanted.host.name, host.name});
  }
  const auto alias = cni::alias_of(wanted.attachment);
  if (host.alias != alias) differences.push_back({Kind::alias, Side::host, wanted.host.name, alias, host.alias});
  if (!observed.is_pair) differences.push_back({Kind::peer, Side::container, wanted.container.name, wanted.host.name});
}

/// A port that is none of the bridge has no VLANs of it.
void compare_vlans(const Wiring& wanted, const ObservedEnd& port, const ObservedBridge& bridge,
                   Differences& differences) {
  if (!has_vlans(*wanted.bridge)) return;
  if (!bridge.filters_vlans)
    differences.push_back({Kind::vlan_filtering, Side::bridge, wanted.bridge->name, "on", "off"});
  const auto vlans = port_vlans(*wanted.bridge, bridge.default_vlan);
  if (port.master_index != bridge.index || port.vlans == vlans) return;
  differences.push_back({Kind::vlans, Side::host, wanted.host.name, to_string(vlans), to_string(port.vlans)});
}

/// Without its VLAN, the interface that has the gateways cannot be reached from the port.
void compare_gateway_port(const Wiring& wanted, const ObservedBridge& bridge, Differences& differences) {
  if (!bridge.gateway_port) return;
  const auto& [name, found] = *bridge.gateway_port;
  const auto vlans = gateway_port_vlans(*wanted.bridge, bridge.default_vlan);
  if (found != vlans) differences.push_back({Kind::vlans, Side::bridge, name, to_string(vlans), to_string(found)});
}

void compare_port(const Wiring& wanted, const ObservedEnd& port, const ObservedBridge& bridge,
                  Differences& differences) {
  const auto& name = wanted.host.name;
  const auto compare_flag = [&](Kind kind, bool is_wanted, bool is_on) {
    if (is_on != is_wanted)
      differences.push_back({kind, Side::host, name, is_wanted ? "on" : "off", is_on ? "on" : "off"});
  };
  if (port.master_index != bridge.index) differences.push_back({Kind::master, Side::host, name, wanted.bridge->name});
  compare_flag(Kind::hairpin, wanted.bridge->hairpin, port.is_hairpin);
  compare_flag(Kind::isolation, wanted.bridge->isolated, port.is_isolated);
}

void compare_bridge(const Wiring& wanted, const Observed& observed, Differences& differences) {
  if (!wanted.bridge) return;
  const auto& name = wanted.bridge->name;
  if (!observed.bridge) return differences.push_back({Kind::missing, Side::bridge, name});
  if (!observed.bridge->is_bridge) return differences.push_back({Kind::not_a_bridge, Side::bridge, name});
  if (!observed.bridge->is_up) differences.push_back({Kind::down, Side::bridge, name});
  if (wanted.bridge->promiscuous && !observed.bridge->is_promiscuous) {
    differences.push_back({Kind::promiscuous, Side::bridge, name, "on", "off"});
  }
  for (const auto& gateway : wanted.bridge->gateways) {
    if (contains(observed.bridge->addresses, gateway)) continue;
    differences.push_back({Kind::address, Side::bridge, gateway_interface(*wanted.bridge), cni::to_string(gateway)});
  }
  compare_gateway_port(wanted, *observed.bridge, differences);
  if (!observed.host) return;
  compare_port(wanted, *observed.host, *observed.bridge, differences);
  compare_vlans(wanted, *observed.host, *observed.bridge, differences);
}

void compare_node(const Wiring& wanted, const Observed& observed, Differences& differences) {
  for (const auto& gateway : wanted.host_gateways) {
    if (contains(observed.host_gateways, gateway)) continue;
    differences.push_back({Kind::gateway, Side::node, "lo", cni::to_string(gateway)});
  }
  if (wanted.forward_ipv4 && !observed.forward_ipv4) {
    differences.push_back({Kind::ipv4_forwarding, Side::node, "net.ipv4.ip_forward", "1", "0"});
  }
  if (wanted.forward_ipv6 && !observed.forward_ipv6) {
    differences.push_back({Kind::ipv6_forwarding, Side::node, "net.ipv6.conf.all.forwarding", "1", "0"});
  }
}

void compare_mtu(std::uint32_t wanted, const WantedEnd& end, const std::optional<ObservedEnd>& actual,
                 Differences& differences) {
  if (!actual || wanted == 0 || actual->mtu == wanted) return;
  differences.push_back({Kind::mtu, end.side, end.end.name, std::to_string(wanted), std::to_string(actual->mtu)});
}

void compare_big_tcp(const std::optional<BigTcp>& wanted, const WantedEnd& end,
                     const std::optional<ObservedEnd>& actual, Differences& differences) {
  if (!wanted || !actual) return;
  const auto missing = to_raise(*wanted, actual->big_tcp);
  if (missing == BigTcp{}) return;
  differences.push_back(
      {Kind::big_tcp, end.side, end.end.name, to_string(missing), to_string(smaller_of(missing, actual->big_tcp))});
}

/// An MTU in a difference.
bool permits_ipv6(const std::string& mtu) {
  std::uint32_t bytes = 0;
  std::from_chars(mtu.data(), mtu.data() + mtu.size(), bytes);
  return bytes >= min_ipv6_mtu;
}

bool has_loopback_route(const std::vector<Route>& routes) {
  return std::any_of(routes.begin(), routes.end(), [](const Route& route) {
    return cni::is_loopback(route.destination.address) && cni::is_host_prefix(route.destination);
  });
}

/// What mapped ports need to be reachable at 127.0.0.1 and ::1. `actual` is the interface that leads to the container.
void compare_loopback(const Wiring& wanted, const auto& actual, Differences& differences) {
  const auto side = wanted.bridge ? Side::bridge : Side::host;
  const auto name = host_side_interface(wanted);
  if (maps_loopback(wanted, cni::Family::ipv4) && !actual.route_localnet) {
    differences.push_back({Kind::route_localnet, side, name, "1", "0"});
  }
  if (maps_loopback(wanted, cni::Family::ipv6) && !has_loopback_route(actual.routes)) {
    differences.push_back({Kind::loopback_route, side, name, "::1"});
  }
}

void compare_loopback(const Wiring& wanted, const Observed& observed, Differences& differences) {
  if (wanted.guards_loopback && observed.host && !observed.host->guards_loopback) {
    differences.push_back({Kind::loopback_guard, Side::host, wanted.host.name});
  }
  if (wanted.bridge && observed.bridge) return compare_loopback(wanted, *observed.bridge, differences);
  if (!wanted.bridge && observed.host) compare_loopback(wanted, *observed.host, differences);
}

void compare_tuning(const Wiring& wanted, const ObservedEnd& actual, Differences& differences) {
  const auto& name = wanted.container.name;
  const auto compare_flag = [&](Kind kind, bool is_wanted, bool is_on) {
    if (is_wanted && !is_on) differences.push_back({kind, Side::container, name, "on", "off"});
  };
  compare_flag(Kind::promiscuous, wanted.tuning->promiscuous, actual.is_promiscuous);
  compare_flag(Kind::all_multicast, wanted.tuning->all_multicast, actual.is_all_multicast);
  const auto length = wanted.tuning->tx_queue_length;
  if (!length || *length == actual.tx_queue_length) return;
  differences.push_back(
      {Kind::tx_queue_length, Side::container, name, std::to_string(*length), std::to_string(actual.tx_queue_length)});
}

void compare_sysctls(const Wiring& wanted, const Observed& observed, Differences& differences) {
  for (const auto& [path, value] : wanted.tuning->sysctls) {
    const auto actual = std::ranges::find(observed.sysctls, path, &Sysctl::path);
    if (actual == observed.sysctls.end()) {
      differences.push_back({Kind::sysctl_missing, Side::container, path, value});
    } else if (!is_same_value(actual->value, value)) {
      differences.push_back(
          {Kind::sysctl, Side::container, path, value, actual->value.substr(0, actual->value.find('\n'))});
    }
  }
}

std::string limit_text(const RateLimit& limit) {
  return std::to_string(limit.rate_bytes_per_second) + " bytes/s with a burst of " + std::to_string(limit.burst_bytes);
}

/// The rate limit of an interface.
struct WantedLimit {
  Side side;
  std::string interface;
  RateLimit limit;
};

void compare_limit(const WantedLimit& wanted, const std::optional<RateLimit>& actual, Differences& differences) {
  if (actual && is_same_limit(wanted.limit, *actual)) return;
  differences.push_back({Kind::rate_limit, wanted.side, wanted.interface, limit_text(wanted.limit),
                         actual ? limit_text(*actual) : std::string{}});
}

void compare_ifb(const Wiring& wanted, const ObservedIfb& ifb, Differences& differences) {
  const auto name = ifb_name(wanted);
  const auto alias = cni::alias_of(wanted.attachment);
  if (ifb.alias != alias) differences.push_back({Kind::alias, Side::ifb, name, alias, ifb.alias});
  if (!ifb.is_up) differences.push_back({Kind::down, Side::ifb, name});
  compare_limit({Side::ifb, name, *wanted.egress_limit}, ifb.limit, differences);
}

void compare_limits(const Wiring& wanted, const Observed& observed, Differences& differences) {
  const auto& host = wanted.host.name;
  if (wanted.ingress_limit) {
    compare_limit({Side::host, host, *wanted.ingress_limit}, observed.ingress_limit, differences);
  }
  if (!wanted.egress_limit) return;
  const auto ifb = ifb_name(wanted);
  if (!observed.ifb) return differences.push_back({Kind::missing, Side::ifb, ifb});
  compare_ifb(wanted, *observed.ifb, differences);
  if (observed.redirected_to == observed.ifb->index) return;
  differences.push_back({Kind::redirection, Side::host, host, ifb});
}

std::string number_text(std::uint32_t number) { return number == 0 ? "none" : std::to_string(number); }

/// "10-12, 20"
std::string ids_text(const std::vector<std::uint16_t>& ids) {
  std::string text;
  for (std::size_t first = 0; first < ids.size();) {
    auto last = first;
    while (last + 1 < ids.size() && ids[last + 1] == ids[last] + 1) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(ids[first]);
    if (last != first) text += '-' + std::to_string(ids[last]);
    first = last + 1;
  }
  return text.empty() ? "all" : text;
}

void compare_ovs_columns(const OvsPort& wanted, const ObservedOvsPort& actual, const std::string& port,
                         Differences& differences) {
  const auto compare = [&](const char* column, const std::string& value, const std::string& found) {
    if (value != found) differences.push_back({Kind::ovs_column, Side::host, port + ' ' + column, value, found});
  };
  compare("tag", number_text(wanted.tag), number_text(actual.tag));
  compare("trunks", ids_text(vlan_ids(wanted.trunks)), ids_text(actual.trunks));
  const auto mode_text = [](const std::string& mode) { return mode.empty() ? "none" : mode; };
  compare("vlan_mode", mode_text(wanted.vlan_mode), mode_text(actual.vlan_mode));
  compare("ingress_policing_rate", number_text(wanted.policing_rate), number_text(actual.policing_rate));
  compare("ingress_policing_burst", number_text(wanted.policing_burst), number_text(actual.policing_burst));
}

/// A datapath in user space does not complete checksums that are left to the hardware.
void compare_checksums(const Wiring& wanted, const Observed& observed, Differences& differences) {
  if (!observed.ovs_port || !observed.ovs_port->is_in_user_space || !observed.leaves_checksums) return;
  const auto& sender = end_opposite_to_ovs(wanted);
  const auto side = &sender == &wanted.host ? Side::host : Side::container;
  differences.push_back({Kind::checksum_offload, side, sender.name, "off", "on"});
}

void compare_ovs(const Wiring& wanted, const Observed& observed, Differences& differences) {
  if (!wanted.ovs_port) return;
  const auto& settings = *wanted.ovs_port;
  const auto& name = ovs_end(wanted).name;
  const auto add = [&](Kind kind, const std::string& value, const std::string& found) {
    differences.push_back({kind, Side::host, name, value, found});
  };
  if (!observed.ovs_error.empty()) return add(Kind::ovs_database, settings.socket, observed.ovs_error);
  const auto& actual = observed.ovs_port;
  if (!actual || actual->bridge != settings.bridge) {
    return add(Kind::ovs_port, settings.bridge, actual ? actual->bridge : std::string{});
  }
  compare_ovs_columns(settings, *actual, name, differences);
  if (actual->iface_id != settings.iface_id) add(Kind::ovs_logical_port, settings.iface_id, actual->iface_id);
  if (actual->ofport <= 0) add(Kind::ovs_interface, {}, actual->error.empty() ? "no answer yet" : actual->error);
  compare_checksums(wanted, observed, differences);
}

struct Sentence {
  Kind kind;
  std::string_view text;  ///< with {object}, {wanted} and {found} of the difference; {interface} is the kind of
                          ///< interface and its name
};

constexpr std::array sentences{
    Sentence{Kind::network_namespace, "{found}"},
    Sentence{Kind::missing, "{interface} is missing"},
    Sentence{Kind::down, "{interface} is down"},
    Sentence{Kind::not_a_bridge, R"("{object}" is not a bridge)"},
    Sentence{Kind::name, R"({interface} was renamed to "{found}")"},
    Sentence{Kind::alias, R"({interface} has alias "{found}", expected "{wanted}")"},
    Sentence{Kind::mac, "{interface} has MAC {found}, expected {wanted}"},
    Sentence{Kind::mtu, "{interface} has MTU {found}, expected {wanted}"},
    Sentence{Kind::big_tcp, "{interface} has {found}, expected {wanted}"},
    Sentence{Kind::peer, R"({interface} is not the peer of "{wanted}")"},
    Sentence{Kind::address, R"(address {wanted} is missing on interface "{object}")"},
    Sentence{Kind::route, "route {wanted} is missing on {interface}"},
    Sentence{Kind::master, R"({interface} is not a port of bridge "{wanted}")"},
    Sentence{Kind::hairpin, R"(hairpin mode of port "{object}" is {found})"},
    Sentence{Kind::isolation, R"(isolation of port "{object}" is {found})"},
    Sentence{Kind::vlan_filtering, "{interface} does not filter VLANs"},
    Sentence{Kind::vlans, R"(port "{object}" has VLANs {found}, expected {wanted})"},
    Sentence{Kind::promiscuous, "{interface} is not promiscuous"},
    Sentence{Kind::all_multicast, "{interface} does not receive all multicast packets"},
    Sentence{Kind::tx_queue_length, "{interface} has a queue of {found} packets, expected {wanted}"},
    Sentence{Kind::redirection, R"({interface} does not redirect what the container sends to "{wanted}")"},
    Sentence{Kind::source_check, "{interface} does not drop packets from other sources than the container's addresses"},
    Sentence{Kind::sysctl, R"(sysctl {object} is "{found}", expected "{wanted}")"},
    Sentence{Kind::sysctl_missing, "sysctl {object} cannot be read"},
    Sentence{Kind::gateway, R"(address {wanted} is missing on interface "{object}" of the host)"},
    Sentence{Kind::ipv4_forwarding, "IPv4 forwarding is off on the host ({object})"},
    Sentence{Kind::ipv6_forwarding, "IPv6 forwarding is off on the host ({object})"},
    Sentence{Kind::route_localnet,
             R"(route_localnet of interface "{object}" is off: mapped ports of 127.0.0.1 need it)"},
    Sentence{Kind::loopback_guard, "{interface} does not drop packets for 127.0.0.0/8 from the container"},
    Sentence{Kind::loopback_route,
             R"(route local {wanted} is missing on interface "{object}": mapped ports of {wanted} need it)"},
    Sentence{Kind::rule, "{object} is missing"},
    Sentence{Kind::ovs_database, "{found}"},
    Sentence{Kind::ovs_port, R"({interface} is not a port of bridge "{wanted}" of Open vSwitch)"},
    Sentence{Kind::ovs_column, "port {object} is {found} in Open vSwitch, expected {wanted}"},
    Sentence{Kind::ovs_interface, "ovs-vswitchd has not opened {interface}: {found}"},
    Sentence{Kind::ovs_logical_port, R"({interface} has iface-id "{found}" in Open vSwitch, expected "{wanted}")"},
    Sentence{Kind::checksum_offload,
             "checksum offload of {interface} is on: no TCP data passes a datapath of Open vSwitch in user space"}};

constexpr std::string_view limit_missing = R"(rate limit {wanted} is missing on interface "{object}")";
constexpr std::string_view limit_differs = R"(rate limit of interface "{object}" is {found}, expected {wanted})";

std::string_view sentence_for(const Difference& difference) {
  if (difference.kind == Kind::rate_limit) return difference.found.empty() ? limit_missing : limit_differs;
  return std::ranges::find(sentences, difference.kind, &Sentence::kind)->text;
}

std::string_view noun_for(Side side) {
  if (side == Side::bridge) return "bridge";
  return side == Side::ifb ? "ifb interface" : "interface";
}

std::string value_of(std::string_view placeholder, const Difference& difference) {
  if (placeholder == "object") return difference.object;
  if (placeholder == "wanted") return difference.wanted;
  if (placeholder == "found") return difference.found;
  return std::string{noun_for(difference.side)} + " \"" + difference.object + '"';
}

/// Whether no route to the destination is missing. They have an order: if one is missing, all of them are added again.
bool has_all_routes_to(const Route& destination, const std::vector<Route>& wanted, const ObservedEnd& actual,
                       Tables tables) {
  return std::ranges::all_of(wanted, [&](const Route& route) {
    const bool is_alternative =
        route.destination == destination.destination && table_of(route) == table_of(destination);
    return !is_alternative || has_route(actual, route, tables);
  });
}

void erase_existing(End& wanted, const ObservedEnd& actual, Tables tables) {
  std::erase_if(wanted.addresses, [&](const Address& address) { return contains(actual.addresses, address.prefix); });
  const auto routes = wanted.routes;
  std::erase_if(wanted.routes, [&](const Route& route) { return has_all_routes_to(route, routes, actual, tables); });
}

/// Keeps a MAC that a later plugin has set, and uses it in the neighbour entries of the other end.
void use_mac(End& end, const cni::MacAddress& mac, End& other) {
  for (auto& neighbour : other.neighbours) {
    if (neighbour.mac == end.mac) neighbour.mac = mac;
  }
  end.mac = mac;
}

/// If the host end redirects its packets to an ifb, the check is there.
void compare_source_check(const Wiring& wanted, const Observed& observed, Differences& differences) {
  if (wanted.accepted_sources.empty() || observed.checks_sources) return;
  if (!wanted.egress_limit && observed.host) {
    differences.push_back({Kind::source_check, Side::host, wanted.host.name});
  }
  if (wanted.egress_limit && observed.ifb) differences.push_back({Kind::source_check, Side::ifb, ifb_name(wanted)});
}

/// Of a member of a chain: addresses, routes and settings of the interface are those of other plugins.
Differences difference_of_member(const Wiring& wanted, const Observed& observed) {
  Differences differences;
  if (!observed.container) differences.push_back({Kind::missing, Side::container, wanted.container.name});
  if (!observed.host && !wanted.host.name.empty()) {
    differences.push_back({Kind::missing, Side::host, wanted.host.name});
  }
  compare_loopback(wanted, observed, differences);
  for (const auto& rule : observed.missing_rules) differences.push_back({Kind::rule, Side::node, rule});
  return differences;
}

}  // namespace

Differences difference(const Wiring& wanted, const Observed& observed) {
  if (cni::is_of_chain_member(wanted.attachment)) return difference_of_member(wanted, observed);
  Differences differences;
  const auto container = container_of(wanted);
  const auto host = host_of(wanted);
  if (!wanted.leave_down) compare_state(container, observed.container, differences);
  compare_end(container, observed.container, differences);
  compare_state(host, observed.host, differences);
  compare_end(host, observed.host, differences);
  compare_routes(container, observed.container, differences);
  compare_routes(host, observed.host, differences);
  compare_mtu(wanted.mtu, container, observed.container, differences);
  compare_mtu(wanted.mtu, host, observed.host, differences);
  compare_big_tcp(wanted.big_tcp, container, observed.container, differences);
  compare_big_tcp(wanted.big_tcp, host, observed.host, differences);
  compare_pair(wanted, observed, differences);
  compare_bridge(wanted, observed, differences);
  compare_ovs(wanted, observed, differences);
  compare_limits(wanted, observed, differences);
  compare_source_check(wanted, observed, differences);
  if (wanted.tuning && observed.container) {
    compare_tuning(wanted, *observed.container, differences);
    compare_sysctls(wanted, observed, differences);
  }
  compare_node(wanted, observed, differences);
  compare_loopback(wanted, observed, differences);
  for (const auto& rule : observed.missing_rules) differences.push_back({Kind::rule, Side::node, rule});
  return differences;
}

bool is_of_ovs(const Difference& difference) {
  constexpr std::array kinds{Kind::ovs_port, Kind::ovs_column, Kind::ovs_interface, Kind::ovs_logical_port};
  return std::ranges::find(kinds, difference.kind) != kinds.end();
}

bool may_be_intended(const Wiring& wanted, const Difference& difference) {
  if (difference.side != Side::container) return false;
  if (difference.kind == Kind::mac) return !wanted.bridge || !wanted.bridge->check_macs;
  const bool is_connection = !wanted.peer_netns.empty();
  return difference.kind == Kind::mtu && !is_connection &&
         (permits_ipv6(difference.found) || !has_ipv6(wanted.container));
}

bool is_own_pair(const Wiring& wanted, const Observed& observed) {
  if (cni::is_of_chain_member(wanted.attachment)) return observed.container && observed.host && observed.is_pair;
  return observed.container && observed.host && observed.is_pair &&
         (observed.host->alias == cni::alias_of(wanted.attachment) || observed.host->mac == wanted.host.mac);
}

std::string to_string(const Difference& difference) {
  std::string text;
  auto rest = sentence_for(difference);
  for (auto begin = rest.find('{'); begin != rest.npos; begin = rest.find('{')) {
    const auto end = rest.find('}', begin);
    text += rest.substr(0, begin);
    text += value_of(rest.substr(begin + 1, end - begin - 1), difference);
    rest.remove_prefix(end + 1);
  }
  return text.append(rest);
}

std::string to_string(const Differences& differences) {
  std::string text;
  for (const auto& difference : differences) text += (text.empty() ? "" : "; ") + to_string(difference);
  return text;
}

Wiring missing_parts(Wiring wanted, const Observed& observed) {
  Differences limits;
  compare_limits(wanted, observed, limits);
  const bool is_checked = wanted.accepted_sources.empty() || observed.checks_sources;
  if (limits.empty() && is_checked) wanted.ingress_limit = wanted.egress_limit = std::nullopt;
  erase_existing(wanted.container, *observed.container, Tables::any);
  erase_existing(wanted.host, *observed.host, host_tables(wanted));
  use_mac(wanted.container, observed.container->mac, wanted.host);
  use_mac(wanted.host, observed.host->mac, wanted.container);
  return wanted;
}

}  // namespace wiring
