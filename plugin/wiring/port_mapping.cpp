#include "plugin/wiring/port_mapping.hpp"

#include "plugin/cni/error.hpp"

#include <algorithm>
#include <vector>

namespace wiring {
namespace {

std::string with_port(const cni::IpAddress& address, std::uint16_t port) {
  const auto text = cni::to_string(address);
  return (address.family == cni::Family::ipv6 ? '[' + text + ']' : text) + ':' + std::to_string(port);
}

std::optional<cni::IpAddress> first_address(const cni::Lease& lease, cni::Family family) {
  const auto found = std::find_if(lease.addresses.begin(), lease.addresses.end(),
                                  [family](const auto& leased) { return leased.address.address.family == family; });
  return found == lease.addresses.end() ? std::nullopt : std::optional{found->address.address};
}

bool is_same_host_side(const PortMapping& left, const PortMapping& right) {
  return left.protocol == right.protocol && left.host_address == right.host_address &&
         left.host_port == right.host_port && left.container_address.family == right.container_address.family;
}

/// Runtimes may say a thing twice, but not two things of one port.
void add(std::vector<PortMapping>& mappings, const PortMapping& mapping) {
  const auto found = std::find_if(mappings.begin(), mappings.end(),
                                  [&](const PortMapping& other) { return is_same_host_side(other, mapping); });
  if (found == mappings.end()) return mappings.push_back(mapping);
  if (*found == mapping) return;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "portMappings: host port " + host_side(mapping) + " is to lead to two ports, " +
                       std::to_string(found->container_port) + " and " + std::to_string(mapping.container_port)};
}

/// "0.0.0.0" and "::" are all addresses of their family.
void map(const cni::PortMapping& wish, const cni::Lease& lease, std::vector<PortMapping>& mappings) {
  const auto& host = wish.host_address;
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    const auto address = first_address(lease, family);
    if (!address || (host && host->family != family)) continue;
    add(mappings, {.protocol = wish.protocol,
                   .host_address = host && !cni::is_unspecified(*host) ? host : std::nullopt,
                   .host_port = wish.host_port,
                   .container_address = *address,
                   .container_port = wish.container_port});
  }
}

/// Runtimes that want a port on all addresses may name "0.0.0.0" and "::", whichever families the container has.
bool is_mapped_for_all(const cni::PortMapping& wish, const std::vector<PortMapping>& mappings) {
  return std::any_of(mappings.begin(), mappings.end(), [&](const PortMapping& mapping) {
    return !mapping.host_address && mapping.protocol == wish.protocol && mapping.host_port == wish.host_port &&
           mapping.container_port == wish.container_port;
  });
}

void require_family(const cni::PortMapping& wish, const cni::Lease& lease, const std::vector<PortMapping>& mappings) {
  const auto& host = wish.host_address;
  if (!host || first_address(lease, host->family)) return;
  if (cni::is_unspecified(*host) && is_mapped_for_all(wish, mappings)) return;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "portMappings: hostIP " + cni::to_string(*host) + ": the container has no address of this family"};
}

}  // namespace

std::optional<HostPorts> host_ports(const cni::NetworkConfig& config, const cni::Lease& lease) {
  const auto& wishes = config.wishes.port_mappings;
  if (wishes.empty() || lease.addresses.empty()) return std::nullopt;
  HostPorts ports{.source_nat = config.source_nat.mapped_ports, .hides_clients = config.source_nat.all_clients};
  for (const auto& wish : wishes) map(wish, lease, ports.mappings);
  for (const auto& wish : wishes) require_family(wish, lease, ports.mappings);
  return ports;
}

std::string host_side(const PortMapping& mapping) {
  const auto port =
      mapping.host_address ? with_port(*mapping.host_address, mapping.host_port) : std::to_string(mapping.host_port);
  return port + '/' + mapping.protocol;
}

std::string words(const PortMapping& mapping) {
  return host_side(mapping) + " -> " + with_port(mapping.container_address, mapping.container_port);
}

}  // namespace wiring
