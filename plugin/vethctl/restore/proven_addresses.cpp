#include "plugin/vethctl/restore/proven_addresses.hpp"

#include "ipam/pool_ipam.hpp"
#include "ipam/range.hpp"
#include "plugin/cni/error.hpp"

#include <algorithm>

namespace restore {
namespace {

using Addresses = std::vector<cni::IpAddress>;

bool contains(const auto& values, const auto& value) { return std::ranges::find(values, value) != values.end(); }

/// The oldest address of each family first: the kernel lists IPv6 addresses in reverse order of their creation
/// (ipv6_link_dev_addr in net/ipv6/addrconf.c). Link-local addresses are left out: they are not leased.
Addresses claimed_addresses(const wiring::Wiring& wiring) {
  Addresses claimed;
  for (const auto& [prefix, prefix_route] : wiring.container.addresses) {
    if (!cni::is_link_local(prefix.address)) claimed.push_back(prefix.address);
  }
  const auto is_ipv4 = [](const cni::IpAddress& address) { return address.family == cni::Family::ipv4; };
  std::reverse(std::stable_partition(claimed.begin(), claimed.end(), is_ipv4), claimed.end());
  return claimed;
}

Addresses routed_addresses(const Addresses& claimed, const wiring::ObservedEnd& host) {
  Addresses proven;
  std::ranges::copy_if(claimed, std::back_inserter(proven), [&](const cni::IpAddress& address) {
    return contains(host.own_destinations, cni::host_prefix(address));
  });
  return proven;
}

/// In mode bridge the MAC of the container is derived from its network and its first address.
bool has_mac_from_address(const cni::IpAddress& address, const wiring::Wiring& wiring) {
  return wiring.container.mac ==
         cni::container_mac(cni::tag_of({wiring.attachment.network, cni::to_string(address), {}}));
}

std::vector<ipam::RangeSet> range_sets(const cni::NetworkConfig& config) try {
  return ipam::checked_range_sets(ipam::with_own_blocks(config));
} catch (const cni::Error&) {
  return {};
}

/// Adds the first claimed address that is in the set.
void add_one_of(const ipam::RangeSet& set, const Addresses& claimed, Addresses& proven) {
  const auto inside = std::ranges::find_if(
      claimed, [&](const cni::IpAddress& address) { return ipam::find_range(set, address) != nullptr; });
  if (inside != claimed.end() && !contains(proven, *inside)) proven.push_back(*inside);
}

Addresses configured_addresses(const wiring::Wiring& wiring, Addresses claimed,
                               const std::vector<cni::NetworkConfig>& configurations) {
  std::stable_partition(claimed.begin(), claimed.end(),
                        [&](const cni::IpAddress& address) { return has_mac_from_address(address, wiring); });
  Addresses proven;
  for (const auto& config : configurations) {
    if (config.name != wiring.attachment.network) continue;
    for (const auto& set : range_sets(config)) add_one_of(set, claimed, proven);
    for (const auto& leased : config.ipam.addresses) {
      const auto& address = leased.address.address;
      if (contains(claimed, address) && !contains(proven, address)) proven.push_back(address);
    }
  }
  if (!claimed.empty() && has_mac_from_address(claimed.front(), wiring) && !contains(proven, claimed.front())) {
    proven.insert(proven.begin(), claimed.front());
  }
  return proven;
}

bool has_route(const wiring::End& end, const cni::Prefix& destination) {
  return std::ranges::find(end.routes, destination, &wiring::Route::destination) != end.routes.end();
}

/// The source of the host's routes to IPv4 addresses, as in wiring::wire_ptp(). IPv6 routes have none.
std::optional<cni::IpAddress> find_ipv4(const wiring::End& end, cni::Family family) {
  if (family == cni::Family::ipv6) return std::nullopt;
  for (const auto& [prefix, prefix_route] : end.addresses) {
    if (prefix.address.family == cni::Family::ipv4) return prefix.address;
  }
  return std::nullopt;
}

}  // namespace

Addresses proven_addresses(const wiring::Wiring& wiring, const wiring::Observed& observed,
                           const std::vector<cni::NetworkConfig>& configurations) {
  auto claimed = claimed_addresses(wiring);
  if (!wiring.peer_netns.empty()) return claimed;
  if (wiring.bridge || wiring.ovs_port) return configured_addresses(wiring, std::move(claimed), configurations);
  return routed_addresses(claimed, *observed.host);
}

wiring::Wiring keep_only_addresses(wiring::Wiring wiring, const Addresses& addresses) {
  const auto is_foreign = [&](const cni::IpAddress& address) {
    return !cni::is_link_local(address) && !contains(addresses, address);
  };
  std::erase_if(wiring.container.addresses,
                [&](const wiring::Address& address) { return is_foreign(address.prefix.address); });
  std::erase_if(wiring.host.neighbours,
                [&](const wiring::Neighbour& neighbour) { return is_foreign(neighbour.address); });
  return wiring;
}

wiring::Wiring with_host_routes(wiring::Wiring wiring) {
  if (!wiring::is_routed(wiring)) return wiring;
  for (const auto& [prefix, prefix_route] : wiring.container.addresses) {
    const auto destination = cni::host_prefix(prefix.address);
    if (cni::is_link_local(prefix.address) || has_route(wiring.host, destination)) continue;
    wiring.host.routes.push_back(
        {.destination = destination, .source = find_ipv4(wiring.host, prefix.address.family), .exclusive = true});
  }
  return wiring;
}

}  // namespace restore
