#include "plugin/kernel/reachability.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/routing_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <set>

namespace kernel {
namespace {

bool is_host_route(const wiring::Route& route) { return cni::is_host_prefix(route.destination); }

/// In mode netns the addresses are not reached through the host. A link-local address has a meaning only on its link.
std::vector<cni::IpAddress> addresses_to_reach(const wiring::Wiring& wiring) {
  std::vector<cni::IpAddress> addresses;
  if (wiring.bridge) {
    for (const auto& address : wiring.container.addresses) addresses.push_back(address.prefix.address);
  } else if (wiring.peer_netns.empty()) {
    for (const auto& route : wiring.host.routes) {
      if (route.exclusive) addresses.push_back(route.destination.address);
    }
  }
  std::erase_if(addresses, [](const cni::IpAddress& address) { return cni::is_link_local(address); });
  return addresses;
}

/// IPv4 gateways are addresses of the host end, IPv6 gateways are on lo.
std::vector<cni::IpAddress> gateways_of(const wiring::Wiring& wiring) {
  auto gateways = wiring.host_gateways;
  if (!wiring::is_routed(wiring)) return gateways;
  for (const auto& address : wiring.host.addresses) {
    if (address.prefix.address.family == cni::Family::ipv4) gateways.push_back(address.prefix.address);
  }
  return gateways;
}

/// The prefix of the bridge in which the host reaches the address; null where the host is not the gateway.
const cni::Prefix* find_bridge_prefix(const wiring::Bridge& bridge, const cni::IpAddress& address) {
  if (bridge.vlan != 0) return nullptr;  // another interface has the gateway
  const auto contains = [&](const cni::Prefix& gateway) { return cni::contains(gateway, address); };
  const auto found = std::ranges::find_if(bridge.gateways, contains);
  return found == bridge.gateways.end() ? nullptr : &*found;
}

/// On a bridge whose gateway is not the host, the route of the host does not matter. A route that is not longer than
/// the prefix of the bridge is the bridge's own, or that of a host with a second network of this prefix.
bool leads_elsewhere(const wiring::Wiring& wiring, std::uint32_t device_index, const cni::IpAddress& address,
                     const FoundRoute& found) {
  if (!wiring.bridge) return found.device_index != device_index;
  const auto* prefix = find_bridge_prefix(*wiring.bridge, address);
  if (prefix == nullptr || found.route.destination.length <= prefix->length) return false;
  return found.device_index != device_index || found.route.gateway.has_value();
}

/// No route (ENETUNREACH), or a route that rejects packets: fib_props in net/ipv4/fib_semantics.c. Another error, as of
/// a kernel that does not support the query, says nothing about the route.
bool is_route_error(int error) {
  return error == ENETUNREACH || error == EHOSTUNREACH || error == EACCES || error == EINVAL || error == EAGAIN;
}

bool is_rejected(const wiring::Wiring& wiring, const cni::IpAddress& address, int error) {
  if (!is_route_error(error)) return false;
  if (!wiring.bridge) return true;
  return error != ENETUNREACH && find_bridge_prefix(*wiring.bridge, address) != nullptr;
}

/// The kernel answers in the order of the requests. A query that is refused has no message.
class AnswersInOrder {
 public:
  AnswersInOrder(const Answers& answers, std::uint32_t device_index) : answers_(answers) {
    for (const auto& message : answers.messages) {
      if (const auto route = find_route(message, device_index)) routes_.push_back(*route);
    }
  }

  std::optional<int> error_of(std::size_t request) const {
    const auto refusal = std::ranges::find(answers_.refusals, request, &Refusal::request);
    return refusal == answers_.refusals.end() ? std::nullopt : std::optional{refusal->error};
  }

  /// Null after the last one.
  const FoundRoute* next() { return position_ < routes_.size() ? &routes_[position_++] : nullptr; }

 private:
  const Answers& answers_;
  std::vector<FoundRoute> routes_;
  std::size_t position_ = 0;
};

}  // namespace

void add_reachability_queries(const wiring::Wiring& wiring, std::vector<NetlinkRequest>& requests) {
  for (const auto& address : addresses_to_reach(wiring)) requests.push_back(get_matching_route(address));
}

std::vector<Conflict> find_unreachable(const wiring::Wiring& wiring, std::uint32_t device_index, const Answers& answers,
                                       std::size_t first_query) {
  std::vector<Conflict> unreachable;
  AnswersInOrder in_order{answers, device_index};
  for (const auto& address : addresses_to_reach(wiring)) {
    if (const auto error = in_order.error_of(first_query++)) {
      if (is_rejected(wiring, address, *error)) unreachable.push_back({.address = address});
      continue;
    }
    const auto* found = in_order.next();
    if (found == nullptr) break;
    if (found->is_local || leads_elsewhere(wiring, device_index, address, *found))
      unreachable.push_back({.address = address, .is_host_address = found->is_local});
  }
  return unreachable;
}

void name_route(Conflict& conflict, const Routing& host, NetlinkSocket& socket) {
  if (conflict.kind != Conflict::Kind::address) return;
  conflict.route = find_entry(host, conflict.address);
  if (conflict.route) read_device_name(socket, *conflict.route);
}

bool is_lasting(const Conflict& conflict, const wiring::Wiring& wiring) {
  if (conflict.is_host_address || wiring.bridge) return true;
  return conflict.route && takes_precedence(*conflict.route, conflict.address);
}

void add_gateway_queries(const wiring::Wiring& wiring, std::vector<NetlinkRequest>& requests) {
  for (const auto& gateway : gateways_of(wiring)) {
    requests.push_back(get_matching_route(gateway));
    requests.back().tolerated = {ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, EAFNOSUPPORT, EOPNOTSUPP};
  }
}

/// The host route of a container is one of ours, with the length of an address.
std::optional<HeldGateway> find_held_gateway(const wiring::Wiring& wiring, const std::vector<std::string>& messages) {
  const auto gateways = gateways_of(wiring);
  for (const auto& message : messages) {
    const auto found = find_route(message);
    if (!found || found->is_local || !found->is_own || !is_host_route(found->route)) continue;
    const auto& address = found->route.destination.address;
    if (std::ranges::find(gateways, address) != gateways.end()) return HeldGateway{address, found->device_index};
  }
  return std::nullopt;
}

bool has_all_gateways(const wiring::Wiring& wiring, const std::vector<std::string>& messages) {
  std::set<cni::IpAddress> on_loopback;
  for (const auto& message : messages) {
    const auto found = find_route(message);
    if (found && found->is_local && found->device_index == loopback_index)
      on_loopback.insert(found->route.destination.address);
  }
  return std::ranges::all_of(wiring.host_gateways,
                             [&](const cni::IpAddress& gateway) { return on_loopback.contains(gateway); });
}

}  // namespace kernel
