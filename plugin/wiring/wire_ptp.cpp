#include "plugin/wiring/wire_ptp.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/wiring/connected.hpp"
#include "plugin/wiring/wire_pair.hpp"

#include <algorithm>

// IPv4: the host end has the gateway address as a /32. It cannot be on lo: with arp_ignore=1, which kube-proxy sets in
// IPVS mode, the kernel does not answer ARP requests for addresses on lo. IPv6: the container's next hop is the
// link-local address of the host end. The gateway address is on lo, once for all containers: with the same address on n
// interfaces the kernel would search all n in each ADD.
namespace wiring {
namespace {

using cni::Family;

/// Without a gateway in the lease IPv4 containers use 169.254.1.1, as Calico does: it belongs to no range.
cni::IpAddress ipv4_gateway(const cni::LeasedAddress& leased) {
  return leased.gateway.value_or(*cni::find_address("169.254.1.1"));
}

template <class Value>
void add_once(std::vector<Value>& values, const Value& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

/// Adds the addresses, routes and neighbours of both ends to the wiring, one leased address after the other. With the
/// neighbours each end can send without ARP or neighbour discovery.
class RoutedPair {
 public:
  RoutedPair(Wiring& wiring, const cni::Lease& lease, bool is_of_reference)
      : wiring_(wiring), lease_(lease), is_of_reference_(is_of_reference) {
    container_link_local_ = cni::link_local_address(wiring.container.mac);
    host_link_local_ = cni::link_local_address(wiring.host.mac);
  }

  void add_all() {
    add_link_local_addresses();
    for (const auto& leased : lease_.addresses) is_ipv6(leased) ? add_ipv6(leased) : add_ipv4(leased);
    for (const auto& route : lease_.routes) add_route(route);
  }

 private:
  /// The container has a link-local address unless the MTU is too small for IPv6. The host end needs one only as an
  /// IPv6 next hop.
  void add_link_local_addresses() {
    add_link_local(wiring_.container, wiring_.mtu);
    wiring_.forward_ipv6 = std::any_of(lease_.addresses.begin(), lease_.addresses.end(), is_ipv6);
    if (!wiring_.forward_ipv6) return;
    wiring_.host.addresses.push_back({cni::host_prefix(host_link_local_), false});
    wiring_.container.neighbours.push_back({host_link_local_, wiring_.host.mac});
    wiring_.host.neighbours.push_back({container_link_local_, wiring_.container.mac});
    wiring_.host.routes.push_back({.destination = cni::host_prefix(container_link_local_)});
  }

  void add_ipv4(const cni::LeasedAddress& leased) {
    const auto gateway = ipv4_gateway(leased);
    const auto address = leased.address.address;
    wiring_.forward_ipv4 = true;
    wiring_.container.addresses.push_back({leased.address, false});
    add_route_if_absent({.destination = cni::host_prefix(gateway), .source = address});
    add_once(wiring_.container.neighbours, {gateway, wiring_.host.mac});
    add_once(wiring_.host.addresses, {cni::host_prefix(gateway), false});
    add_prefix_route(leased, gateway);
    add_host_route(address, gateway);
  }

  void add_ipv6(const cni::LeasedAddress& leased) {
    const auto address = leased.address.address;
    wiring_.container.addresses.push_back({leased.address, false});
    add_prefix_route(leased, host_link_local_);
    if (leased.gateway) add_ipv6_gateway(*leased.gateway, leased.address);
    add_host_route(address, std::nullopt);
  }

  /// The route to the container's prefix also leads to a gateway in that prefix. The gateway cannot be a next hop: it
  /// is on lo, and the host end does not answer neighbour discovery for it. Under the name of the reference plugin it
  /// can be one, for later plugins of a chain (sbr), as long as the MAC of the container end is not changed: the kernel
  /// flushes the neighbours then.
  void add_ipv6_gateway(const cni::IpAddress& gateway, const cni::Prefix& prefix) {
    if (cni::is_link_local(gateway)) return;
    add_once(wiring_.host_gateways, gateway);
    if (is_of_reference_) {
      add_route_if_absent({.destination = cni::host_prefix(gateway)});
      add_once(wiring_.container.neighbours, {gateway, wiring_.host.mac, true});
    } else if (!cni::contains(prefix, gateway)) {
      add_route_if_absent({.destination = cni::host_prefix(gateway), .gateway = host_link_local_});
    }
  }

  /// The other addresses of the container's prefix are behind the host too. The kernel rejects a source address for
  /// which duplicate address detection has not ended.
  void add_prefix_route(const cni::LeasedAddress& leased, const cni::IpAddress& next_hop) {
    if (cni::is_host_prefix(leased.address)) return;
    Route route{.destination = cni::network_of(leased.address), .gateway = next_hop};
    if (!(wiring_.enable_dad && is_ipv6(leased))) route.source = leased.address.address;
    add_route_if_absent(route);
  }

  /// With a source address the kernel does not search all devices for one, which takes 0.24 ms with 4,000 of them
  /// (plugin/kernel/README.md, "Addresses, routes and neighbours").
  void add_host_route(const cni::IpAddress& address, std::optional<cni::IpAddress> source) {
    wiring_.host.routes.push_back({.destination = cni::host_prefix(address), .source = source, .exclusive = true});
    wiring_.host.neighbours.push_back({address, wiring_.container.mac});
  }

  void add_route(const cni::Route& route) {
    const auto added = route_by(route, next_hop(route));
    if (!added.gateway && !has_link_scope(route)) return;
    add_route_if_absent(added);
  }

  /// Addresses of one range have the same routes, and the lease may contain a route to the container's own prefix.
  void add_route_if_absent(const Route& route) {
    if (!has_route(wiring_.container, route)) wiring_.container.routes.push_back(route);
  }

  /// nullopt: a link route, or a route of a family in which the container has no address.
  std::optional<cni::IpAddress> next_hop(const cni::Route& route) const {
    const auto family = route.destination.address.family;
    if (!route.gateway) return has_link_scope(route) ? std::nullopt : default_gateway(family);
    if (route.gateway->family != family || !is_gateway(*route.gateway)) reject(route);
    return family == Family::ipv6 ? host_link_local_ : *route.gateway;
  }

  [[noreturn]] static void reject(const cni::Route& route) {
    throw cni::Error{cni::ErrorCode::invalid_config,
                     "route " + cni::to_string(route.destination) + ": the gateway " + cni::to_string(*route.gateway) +
                         " is not on the link: in mode \"ptp\" the host is the only next hop",
                     "remove \"gw\" from the route"};
  }

  bool is_gateway(const cni::IpAddress& address) const {
    return std::any_of(lease_.addresses.begin(), lease_.addresses.end(),
                       [&](const cni::LeasedAddress& leased) { return leased.gateway == address; });
  }

  std::optional<cni::IpAddress> default_gateway(Family family) const {
    for (const auto& leased : lease_.addresses) {
      if (leased.address.address.family != family) continue;
      return family == Family::ipv6 ? host_link_local_ : ipv4_gateway(leased);
    }
    return std::nullopt;
  }

  Wiring& wiring_;
  const cni::Lease& lease_;
  bool is_of_reference_;
  cni::IpAddress container_link_local_;
  cni::IpAddress host_link_local_;
};

}  // namespace

Wiring wire_ptp(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  if (lease.addresses.empty()) {
    throw cni::Error{cni::ErrorCode::invalid_config, "the IPAM returned no address: mode \"ptp\" needs at least one"};
  }
  check_lease(lease, mtu);
  auto wiring = wire_pair(request, mtu);
  RoutedPair{wiring, lease, request.config.dialect.is_reference()}.add_all();
  return wiring;
}

}  // namespace wiring
