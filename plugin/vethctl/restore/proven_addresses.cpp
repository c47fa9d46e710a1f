#include "plugin/vethctl/restore/proven_addresses.hpp"

#include "ipam/range.hpp"
#include "plugin/cni/error.hpp"

#include <algorithm>

namespace restore {
namespace {

using Addresses = std::vector<cni::IpAddress>;

bool holds(const auto& values, const auto& value) { return std::ranges::find(values, value) != values.end(); }

/// The oldest of each family first: the kernel lists IPv6 addresses in the reverse of the order in which they were
/// added (ipv6_link_dev_addr in net/ipv6/addrconf.c). Link-local addresses belong to the interface, and nobody else is
/// ever given them.
Addresses claimed_addresses(const wiring::Wiring& wiring) {
  Addresses claimed;
  for (const auto& [prefix, prefix_route] : wiring.container.addresses) {
    if (!cni::is_link_local(prefix.address)) claimed.push_back(prefix.address);
  }
  const auto is_ipv4 = [](const cni::IpAddress& address) { return address.family == cni::Family::ipv4; };
  std::ranges::reverse(std::ranges::stable_partition(claimed, is_ipv4));
  return claimed;
}

Addresses routed_addresses(const Addresses& claimed, const wiring::ObservedEnd& host) {
  Addresses proven;
  std::ranges::copy_if(claimed, std::back_inserter(proven), [&](const cni::IpAddress& address) {
    return holds(host.own_destinations, cni::host_prefix(address));
  });
  return proven;
}

/// In mode bridge a container's MAC follows from its network and its first address.
bool has_made_mac(const cni::IpAddress& address, const wiring::Wiring& wiring) {
  return wiring.container.mac ==
         cni::container_mac(cni::tag_of({wiring.attachment.network, cni::to_string(address), {}}));
}

std::vector<ipam::RangeSet> range_sets(const cni::NetworkConfig& config) try {
  return ipam::checked_range_sets(config);
} catch (const cni::Error&) {
  return {};
}

/// The first of the claimed addresses that is inside the set.
void add_one_of(const ipam::RangeSet& set, const Addresses& claimed, Addresses& proven) {
  const auto inside = std::ranges::find_if(
      claimed, [&](const cni::IpAddress& address) { return ipam::find_range(set, address) != nullptr; });
  if (inside != claimed.end() && !holds(proven, *inside)) proven.push_back(*inside);
}

Addresses configured_addresses(const wiring::Wiring& wiring, Addresses claimed,
                               const std::vector<cni::NetworkConfig>& configurations) {
  std::ranges::stable_partition(claimed, [&](const cni::IpAddress& address) { return has_made_mac(address, wiring); });
  Addresses proven;
  for (const auto& config : configurations) {
    if (config.name != wiring.attachment.network) continue;
    for (const auto& set : range_sets(config)) add_one_of(set, claimed, proven);
    for (const auto& leased : config.ipam.addresses) {
      const auto& address = leased.address.address;
      if (holds(claimed, address) && !holds(proven, address)) proven.push_back(address);
    }
  }
  if (!claimed.empty() && has_made_mac(claimed.front(), wiring) && !holds(proven, claimed.front())) {
    proven.insert(proven.begin(), claimed.front());
  }
  return proven;
}

}  // namespace

Addresses proven_addresses(const wiring::Wiring& wiring, const wiring::Observed& observed,
                           const std::vector<cni::NetworkConfig>& configurations) {
  auto claimed = claimed_addresses(wiring);
  if (!wiring.peer_netns.empty()) return claimed;
  if (wiring.bridge) return configured_addresses(wiring, std::move(claimed), configurations);
  return routed_addresses(claimed, *observed.host);
}

wiring::Wiring with_addresses(wiring::Wiring wiring, const Addresses& addresses) {
  const auto is_foreign = [&](const cni::IpAddress& address) {
    return !cni::is_link_local(address) && !holds(addresses, address);
  };
  std::erase_if(wiring.container.addresses,
                [&](const wiring::Address& address) { return is_foreign(address.prefix.address); });
  std::erase_if(wiring.host.neighbours,
                [&](const wiring::Neighbour& neighbour) { return is_foreign(neighbour.address); });
  return wiring;
}

}  // namespace restore
