#include "plugin/wiring/masquerade.hpp"

#include <algorithm>

namespace wiring {
namespace {

cni::Prefix multicast(cni::Family family) {
  return *cni::find_prefix(family == cni::Family::ipv4 ? "224.0.0.0/4" : "ff00::/8");
}

void add_once(std::vector<cni::Prefix>& prefixes, const cni::Prefix& prefix) {
  const auto network = cni::network_of(prefix);
  if (std::find(prefixes.begin(), prefixes.end(), network) == prefixes.end()) prefixes.push_back(network);
}

}  // namespace

std::vector<Masquerade> masquerades(const cni::SourceNat& config, const cni::Lease& lease) {
  std::vector<Masquerade> all;
  if (!config.masquerade) return all;
  for (const auto& leased : lease.addresses) {
    const auto& source = leased.address.address;
    Masquerade masquerade{.source = source};
    if (!cni::is_host_prefix(leased.address)) add_once(masquerade.except, leased.address);
    add_once(masquerade.except, multicast(source.family));
    for (const auto* prefixes : {&lease.pool, &config.except}) {
      for (const auto& prefix : *prefixes) {
        if (prefix.address.family == source.family) add_once(masquerade.except, prefix);
      }
    }
    all.push_back(masquerade);
  }
  return all;
}

}  // namespace wiring
