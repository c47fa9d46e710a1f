#include "plugin/wiring/difference.hpp"

#include "plugin/text/quoted.hpp"

#include <algorithm>

namespace wiring {
namespace {

using Sentences = std::vector<std::string>;

bool holds(const auto& values, const auto& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::uint32_t table_of(const Route& route) {
  constexpr std::uint32_t main_table = 254;
  return route.table.value_or(main_table);
}

/// What was not asked for, the kernel chose.
bool is_as_asked(const auto& wanted, const auto& there) { return !wanted || wanted == there; }

/// The kernel cuts what no packet can have (net/ipv4/metrics.c).
std::optional<std::uint32_t> cut(const std::optional<std::uint32_t>& bytes, std::uint32_t most) {
  return bytes ? std::optional{std::min(*bytes, most)} : std::nullopt;
}

/// IPv6 routes to one destination with one metric are told as one, with the sizes of the first.
bool has_sizes(const Route& there, const Route& wanted) {
  constexpr std::uint32_t largest_mtu = 65535 - 15;
  constexpr std::uint32_t largest_advmss = 65535 - 40;
  return wanted.destination.address.family == cni::Family::ipv6 ||
         (is_as_asked(cut(wanted.mtu, largest_mtu), there.mtu) &&
          is_as_asked(cut(wanted.advmss, largest_advmss), there.advmss));
}

/// The source is left out: with an IPv6 address the kernel takes it from routes, and which it then chooses is as good.
bool is_same_way(const Route& there, const Route& wanted) {
  return there.gateway == wanted.gateway && is_as_asked(wanted.priority, there.priority) && has_sizes(there, wanted);
}

/// Whether a later plugin may have moved routes into a table of its own, and given them the next hop that it wanted.
enum class Moved { may_be, is_not };

bool serves(const Route& there, const Route& wanted, Moved moved) {
  if (there.destination != wanted.destination) return false;
  if (table_of(there) != table_of(wanted)) return moved == Moved::may_be;
  return is_same_way(there, wanted);
}

std::string route_text(const Route& route) {
  const auto via = route.gateway ? " via " + cni::to_string(*route.gateway) : std::string{};
  return cni::to_string(route.destination) + via;
}

void compare_state(const End& wanted, const std::optional<ObservedEnd>& there, Sentences& sentences) {
  if (there && !there->is_up) sentences.push_back("interface " + text::quoted(wanted.name) + " is down");
}

void compare_link(const End& wanted, const ObservedEnd& there, Sentences& sentences) {
  if (there.mac == wanted.mac) return;
  sentences.push_back("interface " + text::quoted(wanted.name) + " has MAC " + cni::to_string(there.mac) + " and not " +
                      cni::to_string(wanted.mac));
}

/// Whether no packet needs the address: a link-local one of an end that has no IPv6 beside it.
bool is_courtesy(const Address& address, const End& end, bool uses_ipv6) {
  return cni::is_link_local(address.prefix.address) && address.prefix.address.family == cni::Family::ipv6 &&
         !uses_ipv6 && !has_ipv6(end);
}

/// `uses_ipv6`: the container has IPv6 addresses.
void compare_addresses(const End& wanted, const ObservedEnd& there, bool uses_ipv6, Sentences& sentences) {
  for (const auto& address : wanted.addresses) {
    if (holds(there.addresses, address.prefix) || is_courtesy(address, wanted, uses_ipv6)) continue;
    sentences.push_back("address " + cni::to_string(address.prefix) + " is missing on interface " +
                        text::quoted(wanted.name));
  }
}

bool is_served(const Route& wanted, const ObservedEnd& there, Moved moved) {
  return std::any_of(there.routes.begin(), there.routes.end(),
                     [&](const Route& candidate) { return serves(candidate, wanted, moved); });
}

void compare_routes(const End& wanted, const ObservedEnd& there, Moved moved, Sentences& sentences) {
  for (const auto& route : wanted.routes) {
    if (is_served(route, there, moved)) continue;
    sentences.push_back("route " + route_text(route) + " is missing on interface " + text::quoted(wanted.name));
  }
}

void compare_end(const End& wanted, const std::optional<ObservedEnd>& there, bool uses_ipv6, Sentences& sentences) {
  if (!there) return sentences.push_back("interface " + text::quoted(wanted.name) + " is missing");
  compare_link(wanted, *there, sentences);
  compare_addresses(wanted, *there, uses_ipv6, sentences);
}

/// No plugin but ours has to do with the host's routes to the container.
Moved host_routes_moved(const Wiring& wanted) { return wanted.peer_netns.empty() ? Moved::is_not : Moved::may_be; }

void compare_all_routes(const Wiring& wanted, const Observed& observed, Sentences& sentences) {
  if (observed.container) compare_routes(wanted.container, *observed.container, Moved::may_be, sentences);
  if (observed.host) compare_routes(wanted.host, *observed.host, host_routes_moved(wanted), sentences);
}

void compare_pair(const Wiring& wanted, const Observed& observed, Sentences& sentences) {
  if (!observed.container || !observed.host) return;
  if (observed.host->alias != cni::alias_of(wanted.attachment)) {
    sentences.push_back("interface " + text::quoted(wanted.host.name) + " is not this attachment's: its alias is " +
                        text::quoted(observed.host->alias));
  }
  if (observed.host->peer_index == observed.container->index) return;
  sentences.push_back("interface " + text::quoted(wanted.container.name) + " is not the other end of " +
                      text::quoted(wanted.host.name));
}

void compare_port(const Wiring& wanted, const ObservedEnd& port, const ObservedBridge& bridge, Sentences& sentences) {
  if (port.master_index != bridge.index) {
    sentences.push_back("interface " + text::quoted(wanted.host.name) + " is not a port of bridge " +
                        text::quoted(wanted.bridge->name));
  }
  if (port.is_hairpin != wanted.bridge->hairpin) {
    sentences.push_back("hairpin mode of port " + text::quoted(wanted.host.name) + " is " +
                        (port.is_hairpin ? "on" : "off"));
  }
  if (port.is_isolated == wanted.bridge->isolated) return;
  sentences.push_back("isolation of port " + text::quoted(wanted.host.name) + " is " +
                      (port.is_isolated ? "on" : "off"));
}

void compare_bridge(const Wiring& wanted, const Observed& observed, Sentences& sentences) {
  if (!wanted.bridge) return;
  const auto name = text::quoted(wanted.bridge->name);
  if (!observed.bridge) return sentences.push_back("bridge " + name + " is missing");
  if (!observed.bridge->is_bridge) return sentences.push_back(name + " is not a bridge");
  if (!observed.bridge->is_up) sentences.push_back("bridge " + name + " is down");
  if (wanted.bridge->promiscuous && !observed.bridge->is_promiscuous) {
    sentences.push_back("bridge " + name + " is not promiscuous");
  }
  for (const auto& gateway : wanted.bridge->gateways) {
    if (holds(observed.bridge->addresses, gateway)) continue;
    sentences.push_back("address " + cni::to_string(gateway) + " is missing on interface " +
                        text::quoted(gateway_interface(*wanted.bridge)));
  }
  if (observed.host) compare_port(wanted, *observed.host, *observed.bridge, sentences);
}

void compare_node(const Wiring& wanted, const Observed& observed, Sentences& sentences) {
  for (const auto& gateway : wanted.host_gateways) {
    if (!holds(observed.host_gateways, gateway)) {
      sentences.push_back("address " + cni::to_string(gateway) + " is missing on interface \"lo\" of the host");
    }
  }
  if (wanted.forward_ipv4 && !observed.forward_ipv4) {
    sentences.emplace_back("IPv4 forwarding is off on the host (net.ipv4.ip_forward)");
  }
  if (wanted.forward_ipv6 && !observed.forward_ipv6) {
    sentences.emplace_back("IPv6 forwarding is off on the host (net.ipv6.conf.all.forwarding)");
  }
}

void compare_flag(const std::string& what, bool wanted, bool there, Sentences& sentences) {
  if (wanted && !there) sentences.push_back(what);
}

/// Of the container's end another plugin may have changed it (tuning).
void compare_mtu(const Wiring& wanted, const Observed& observed, Sentences& sentences) {
  if (!observed.host || wanted.mtu == 0 || observed.host->mtu == wanted.mtu) return;
  sentences.push_back("interface " + text::quoted(wanted.host.name) + " has MTU " + std::to_string(observed.host->mtu) +
                      " and not " + std::to_string(wanted.mtu));
}

bool takes_loopback_answers(const std::vector<Route>& routes) {
  return std::any_of(routes.begin(), routes.end(), [](const Route& route) {
    return cni::is_loopback(route.destination.address) && cni::is_host_prefix(route.destination);
  });
}

/// What mapped ports need to be reached at 127.0.0.1 and ::1. `there` is the interface that leads to the container.
void compare_loopback(const Wiring& wanted, const auto& there, Sentences& sentences) {
  const auto name = text::quoted(host_side_interface(wanted));
  if (maps_loopback(wanted, cni::Family::ipv4) && !there.routes_loopback) {
    sentences.push_back("route_localnet of interface " + name + " is off: mapped ports of 127.0.0.1 need it");
  }
  if (maps_loopback(wanted, cni::Family::ipv6) && !takes_loopback_answers(there.routes)) {
    sentences.push_back("route local ::1 is missing on interface " + name + ": mapped ports of ::1 need it");
  }
}

void compare_loopback(const Wiring& wanted, const Observed& observed, Sentences& sentences) {
  if (wanted.bridge && observed.bridge) return compare_loopback(wanted, *observed.bridge, sentences);
  if (!wanted.bridge && observed.host) compare_loopback(wanted, *observed.host, sentences);
}

void compare_tuning(const Wiring& wanted, const ObservedEnd& there, Sentences& sentences) {
  const auto name = "interface " + text::quoted(wanted.container.name);
  const auto length = wanted.tuning->tx_queue_length;
  compare_flag(name + " is not promiscuous", wanted.tuning->promiscuous, there.is_promiscuous, sentences);
  compare_flag(name + " does not take all multicast", wanted.tuning->all_multicast, there.is_all_multicast, sentences);
  if (!length || *length == there.tx_queue_length) return;
  sentences.push_back(name + " has a queue of " + std::to_string(there.tx_queue_length) + " packets and not " +
                      std::to_string(*length));
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void compare_sysctls(const Wiring& wanted, const Observed& observed, Sentences& sentences) {
  for (const auto& [path, value] : wanted.tuning->sysctls) {
    const auto there = std::find_if(observed.sysctls.begin(), observed.sysctls.end(),
                                    [&, &sought = path](const Sysctl& sysctl) { return sysctl.path == sought; });
    if (there == observed.sysctls.end()) {
      sentences.push_back("sysctl " + path + " cannot be read");
    } else if (!is_same_value(there->value, value)) {
      sentences.push_back("sysctl " + path + " is " + text::quoted(first_line(there->value)) + " and not " +
                          text::quoted(value));
    }
  }
}

std::string limit_text(const RateLimit& limit) {
  return std::to_string(limit.rate_bytes_per_second) + " bytes/s with a burst of " + std::to_string(limit.burst_bytes);
}

/// What the interface sends.
void compare_limit(const std::string& name, const RateLimit& wanted, const std::optional<RateLimit>& there,
                   Sentences& sentences) {
  if (!there) return sentences.push_back("rate limit " + limit_text(wanted) + " is missing on interface " + name);
  if (is_met(wanted, *there)) return;
  sentences.push_back("rate limit of interface " + name + " is " + limit_text(*there) + " and not " +
                      limit_text(wanted));
}

void compare_ifb(const Wiring& wanted, const ObservedIfb& ifb, Sentences& sentences) {
  const auto name = text::quoted(ifb_name(wanted));
  if (ifb.alias != cni::alias_of(wanted.attachment)) {
    sentences.push_back("interface " + name + " is not this attachment's: its alias is " + text::quoted(ifb.alias));
  }
  if (!ifb.is_up) sentences.push_back("interface " + name + " is down");
  compare_limit(name, *wanted.egress_limit, ifb.limit, sentences);
}

void compare_limits(const Wiring& wanted, const Observed& observed, Sentences& sentences) {
  const auto host = text::quoted(wanted.host.name);
  if (wanted.ingress_limit) compare_limit(host, *wanted.ingress_limit, observed.ingress_limit, sentences);
  if (!wanted.egress_limit) return;
  const auto ifb = text::quoted(ifb_name(wanted));
  if (!observed.ifb) return sentences.push_back("interface " + ifb + " is missing: it limits what the container sends");
  compare_ifb(wanted, *observed.ifb, sentences);
  if (observed.redirected_to == observed.ifb->index) return;
  sentences.push_back("interface " + host + " does not redirect what the container sends to " + ifb);
}

}  // namespace

Sentences difference(const Wiring& wanted, const Observed& observed) {
  Sentences sentences;
  const bool uses_ipv6 = has_ipv6(wanted.container);
  if (!wanted.leave_down) compare_state(wanted.container, observed.container, sentences);
  compare_end(wanted.container, observed.container, uses_ipv6, sentences);
  compare_state(wanted.host, observed.host, sentences);
  compare_end(wanted.host, observed.host, uses_ipv6, sentences);
  compare_all_routes(wanted, observed, sentences);
  compare_mtu(wanted, observed, sentences);
  compare_pair(wanted, observed, sentences);
  compare_bridge(wanted, observed, sentences);
  compare_limits(wanted, observed, sentences);
  if (wanted.tuning && observed.container) {
    compare_tuning(wanted, *observed.container, sentences);
    compare_sysctls(wanted, observed, sentences);
  }
  compare_node(wanted, observed, sentences);
  compare_loopback(wanted, observed, sentences);
  for (const auto& rule : observed.missing_rules) sentences.push_back(rule + " is missing");
  return sentences;
}

namespace {

void leave_out(End& wanted, const ObservedEnd& there, Moved moved) {
  std::erase_if(wanted.addresses, [&](const Address& address) { return holds(there.addresses, address.prefix); });
  std::erase_if(wanted.routes, [&](const Route& route) { return is_served(route, there, moved); });
}

/// A MAC that a later plugin has given stays, and the other end is to know it.
void take_mac(End& end, const cni::MacAddress& mac, End& other) {
  for (auto& neighbour : other.neighbours) {
    if (neighbour.mac == end.mac) neighbour.mac = mac;
  }
  end.mac = mac;
}

}  // namespace

Wiring lacking(Wiring wanted, const Observed& observed) {
  Sentences limits;
  compare_limits(wanted, observed, limits);
  if (limits.empty()) wanted.ingress_limit = wanted.egress_limit = std::nullopt;
  leave_out(wanted.container, *observed.container, Moved::may_be);
  leave_out(wanted.host, *observed.host, host_routes_moved(wanted));
  take_mac(wanted.container, observed.container->mac, wanted.host);
  take_mac(wanted.host, observed.host->mac, wanted.container);
  return wanted;
}

}  // namespace wiring
