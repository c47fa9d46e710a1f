#include "plugin/wiring/point_to_point.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/wiring/bare_pair.hpp"

#include <algorithm>

// IPv4: the gateway stands on the host's end as a /32, because kube-proxy's IPVS mode (arp_ignore=1) keeps an address
// on lo from being answered for. IPv6: the container's next hop is the host end's link-local address; the gateway
// itself stands once on the host's lo, because the same address on n interfaces makes each ADD walk all of them.
namespace wiring {
namespace {

using cni::Family;

constexpr std::uint32_t main_table = 254;

/// What IPv4 containers without a gateway use as one: an address that needs no range (as other routed plugins do).
cni::IpAddress nameless_gateway() { return *cni::find_address("169.254.1.1"); }

cni::IpAddress ipv4_gateway(const cni::LeasedAddress& leased) { return leased.gateway.value_or(nameless_gateway()); }

template <class Value>
void add_once(std::vector<Value>& values, const Value& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

Route link_route(const cni::IpAddress& destination, const cni::IpAddress& source) {
  return {.destination = cni::host_prefix(destination), .source = source};
}

/// Lays one pair, address by address. Both ends know each other's MAC from the start, so neither has to ask for it.
class Layout {
 public:
  Layout(Wiring& wiring, const cni::Lease& lease) : wiring_(wiring), lease_(lease) {
    container_link_local_ = cni::link_local_address(wiring.container.mac);
    host_link_local_ = cni::link_local_address(wiring.host.mac);
  }

  void lay() {
    lay_link_local();
    for (const auto& leased : lease_.addresses) is_ipv6(leased) ? lay_ipv6(leased) : lay_ipv4(leased);
    for (const auto& route : lease_.routes) lay_route(route);
  }

 private:
  /// The container has a link-local address in any case (but that links too narrow for IPv6 have none); the host's end
  /// needs one only as an IPv6 next hop.
  void lay_link_local() {
    add_link_local(wiring_.container, wiring_.mtu);
    wiring_.forward_ipv6 = std::any_of(lease_.addresses.begin(), lease_.addresses.end(), is_ipv6);
    if (!wiring_.forward_ipv6) return;
    wiring_.host.addresses.push_back({cni::host_prefix(host_link_local_), false});
    wiring_.container.neighbours.push_back({host_link_local_, wiring_.host.mac});
    wiring_.host.neighbours.push_back({container_link_local_, wiring_.container.mac});
    wiring_.host.routes.push_back({.destination = cni::host_prefix(container_link_local_)});
  }

  void lay_ipv4(const cni::LeasedAddress& leased) {
    const auto gateway = ipv4_gateway(leased);
    const auto address = leased.address.address;
    wiring_.forward_ipv4 = true;
    wiring_.container.addresses.push_back({leased.address, false});
    lay_once(link_route(gateway, address));
    add_once(wiring_.container.neighbours, {gateway, wiring_.host.mac});
    add_once(wiring_.host.addresses, {cni::host_prefix(gateway), false});
    lay_shared(leased, gateway);
    lay_host_route(address, gateway);
  }

  void lay_ipv6(const cni::LeasedAddress& leased) {
    const auto address = leased.address.address;
    wiring_.container.addresses.push_back({leased.address, false});
    lay_shared(leased, host_link_local_);
    if (leased.gateway) lay_ipv6_gateway(*leased.gateway, leased.address);
    lay_host_route(address, std::nullopt);
  }

  /// A gateway within the container's prefix is reached by the prefix's route already. It is no next hop: it stands on
  /// the host's lo, so the host's end would not answer for it.
  void lay_ipv6_gateway(const cni::IpAddress& gateway, const cni::Prefix& prefix) {
    if (cni::is_link_local(gateway)) return;
    add_once(wiring_.host_gateways, gateway);
    if (cni::contains(prefix, gateway)) return;
    lay_once({.destination = cni::host_prefix(gateway), .gateway = host_link_local_});
  }

  /// The rest of the container's own prefix is behind the host too. An address that duplicate address detection has not
  /// cleared yet cannot be a route's source.
  void lay_shared(const cni::LeasedAddress& leased, const cni::IpAddress& next_hop) {
    if (cni::is_host_prefix(leased.address)) return;
    Route shared{.destination = cni::network_of(leased.address), .gateway = next_hop};
    if (!(wiring_.enable_dad && is_ipv6(leased))) shared.source = leased.address.address;
    lay_once(shared);
  }

  /// Without a source address the kernel would walk all devices to find one: 0.24 ms with 4,000
  /// of them (plugin/kernel/README.md, "Addresses, routes and neighbours").
  void lay_host_route(const cni::IpAddress& address, std::optional<cni::IpAddress> source) {
    wiring_.host.routes.push_back({.destination = cni::host_prefix(address), .source = source, .exclusive = true});
    wiring_.host.neighbours.push_back({address, wiring_.container.mac});
  }

  void lay_route(const cni::Route& route) {
    Route laid{.destination = cni::network_of(route.destination),
               .gateway = next_hop(route),
               .mtu = route.mtu,
               .advmss = route.advmss,
               .priority = route.priority,
               .table = route.table == main_table ? std::nullopt : route.table,
               .scope = route.scope};
    if (!laid.gateway && !has_link_scope(route)) return;
    lay_once(laid);
  }

  /// Addresses of one range share its routes, and a route into the container's own prefix may be among the lease's,
  /// too.
  void lay_once(const Route& route) {
    if (!is_laid(route)) wiring_.container.routes.push_back(route);
  }

  bool is_laid(const Route& route) const {
    return std::any_of(wiring_.container.routes.begin(), wiring_.container.routes.end(), [&](const Route& other) {
      return other.destination == route.destination && other.table == route.table && other.priority == route.priority;
    });
  }

  static bool has_link_scope(const cni::Route& route) {
    constexpr std::uint8_t link_scope = 253;
    return route.scope && *route.scope >= link_scope;
  }

  /// nullopt: the route is a link route, or of a family in which the container has no address and nothing to reach.
  std::optional<cni::IpAddress> next_hop(const cni::Route& route) const {
    const auto family = route.destination.address.family;
    if (!route.gateway) return has_link_scope(route) ? std::nullopt : default_gateway(family);
    if (route.gateway->family != family || !is_gateway(*route.gateway)) refuse(route);
    return family == Family::ipv6 ? host_link_local_ : *route.gateway;
  }

  [[noreturn]] static void refuse(const cni::Route& route) {
    throw cni::Error{cni::ErrorCode::invalid_config,
                     "route " + cni::to_string(route.destination) + ": the gateway " + cni::to_string(*route.gateway) +
                         " is not on the link: in mode \"ptp\" the host is the only next hop",
                     "leave \"gw\" out of the route"};
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
  cni::IpAddress container_link_local_;
  cni::IpAddress host_link_local_;
};

}  // namespace

Wiring point_to_point(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  if (lease.addresses.empty()) {
    throw cni::Error{cni::ErrorCode::invalid_config, "the IPAM gave no address, and mode \"ptp\" needs at least one"};
  }
  check_lease(lease, mtu);
  auto wiring = bare_pair(request, mtu);
  Layout{wiring, lease}.lay();
  return wiring;
}

}  // namespace wiring
