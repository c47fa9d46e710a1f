#include "plugin/chained/port_wiring.hpp"

#include "plugin/cni/chain_member.hpp"
#include "plugin/wiring/port_mapping.hpp"

#include <algorithm>

namespace chained {
namespace {

bool has_family(const cni::Lease& lease, cni::Family family) {
  return std::ranges::any_of(
      lease.addresses, [family](const cni::LeasedAddress& leased) { return leased.address.address.family == family; });
}

/// An index that no interface has counts as none.
bool is_of_interface(const cni::ResultAddress& address, const cni::Result& result, const std::string& name) {
  if (!address.interface || *address.interface >= result.interfaces.size()) return true;
  const auto& interface = result.interfaces[*address.interface];
  return interface.name == name && !interface.sandbox.empty();
}

}  // namespace

cni::Lease mapped_addresses(const cni::Result& previous, const std::string& interface) {
  cni::Lease lease;
  for (const auto& given : previous.addresses) {
    if (!is_of_interface(given, previous, interface) || has_family(lease, given.address.address.family)) continue;
    lease.addresses.push_back({.address = given.address, .gateway = given.gateway});
  }
  return lease;
}

std::optional<wiring::Wiring> wire_ports(const cni::Request& request, const cni::PortMapConfig& config,
                                         const cni::Lease& lease, const HostSide& side) {
  cni::NetworkConfig network;
  network.source_nat = config.source_nat;
  std::ranges::copy_if(config.mappings, std::back_inserter(network.requested.port_mappings),
                       [&](const cni::PortMapping& mapping) {
                         return !mapping.host_address || has_family(lease, mapping.host_address->family);
                       });
  wiring::Wiring wiring{.attachment = cni::attachment_of_member(request.attachment, cni::portmap_member),
                        .container = side.container,
                        .host = side.host};
  if (!side.bridge.empty()) wiring.bridge = wiring::Bridge{.name = side.bridge};
  wiring.host_ports = wiring::host_ports(network, lease);
  if (!wiring.host_ports || wiring.host_ports->mappings.empty()) return std::nullopt;
  return wiring;
}

}  // namespace chained
