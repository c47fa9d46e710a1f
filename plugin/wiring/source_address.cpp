#include "plugin/wiring/source_address.hpp"

#include <algorithm>
#include <vector>

namespace wiring {
namespace {

std::vector<cni::Prefix> ipv6_addresses(const End& end) {
  std::vector<cni::Prefix> prefixes;
  for (const auto& [prefix, has_route] : end.addresses) {
    const bool is_global = prefix.address.family == cni::Family::ipv6 && !cni::is_link_local(prefix.address);
    if (is_global) prefixes.push_back(prefix);
  }
  return prefixes;
}

cni::IpAddress source_of(const Route& route, const std::vector<cni::Prefix>& addresses) {
  const auto found = std::ranges::find_if(
      addresses, [&](const cni::Prefix& prefix) { return route.gateway && cni::contains(prefix, *route.gateway); });
  return found == addresses.end() ? addresses.front().address : found->address;
}

}  // namespace

void choose_ipv6_sources(End& end) {
  const auto addresses = ipv6_addresses(end);
  if (addresses.size() < 2) return;
  for (auto& route : end.routes) {
    const bool is_ipv6 = route.destination.address.family == cni::Family::ipv6;
    if (is_ipv6 && !route.source) route.source = source_of(route, addresses);
  }
}

}  // namespace wiring
