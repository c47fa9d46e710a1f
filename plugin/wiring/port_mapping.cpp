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

/// A runtime may repeat a mapping, but a host port cannot have two targets.
void add(std::vector<PortMapping>& mappings, const PortMapping& mapping) {
  const auto found = std::find_if(mappings.begin(), mappings.end(),
                                  [&](const PortMapping& other) { return is_same_host_side(other, mapping); });
  if (found == mappings.end()) return mappings.push_back(mapping);
  if (*found == mapping) return;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "portMappings: host port " + host_port_text(mapping) + " is mapped to two container ports, " +
                       std::to_string(found->container_port) + " and " + std::to_string(mapping.container_port)};
}

/// "0.0.0.0" and "::" stand for all host addresses of their family.
void add_each_family(const cni::PortMapping& request, const cni::Lease& lease, std::vector<PortMapping>& mappings) {
  const auto& host = request.host_address;
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    const auto address = first_address(lease, family);
    if (!address || (host && host->family != family)) continue;
    add(mappings, {.protocol = request.protocol,
                   .host_address = host && !cni::is_unspecified(*host) ? host : std::nullopt,
                   .host_port = request.host_port,
                   .container_address = *address,
                   .container_port = request.container_port});
  }
}

/// Runtimes that map a port on all host addresses may send both "0.0.0.0" and "::", whichever families the container
/// has.
bool is_mapped_for_all(const cni::PortMapping& request, const std::vector<PortMapping>& mappings) {
  return std::any_of(mappings.begin(), mappings.end(), [&](const PortMapping& mapping) {
    return !mapping.host_address && mapping.protocol == request.protocol && mapping.host_port == request.host_port &&
           mapping.container_port == request.container_port;
  });
}

void require_family(const cni::PortMapping& request, const cni::Lease& lease,
                    const std::vector<PortMapping>& mappings) {
  const auto& host = request.host_address;
  if (!host || first_address(lease, host->family)) return;
  if (cni::is_unspecified(*host) && is_mapped_for_all(request, mappings)) return;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "portMappings: hostIP " + cni::to_string(*host) + ": the container has no address of this family"};
}

}  // namespace

std::optional<HostPorts> host_ports(const cni::NetworkConfig& config, const cni::Lease& lease) {
  const auto& requests = config.requested.port_mappings;
  if (requests.empty() || lease.addresses.empty()) return std::nullopt;
  HostPorts ports{.source_nat = config.source_nat.mapped_ports,
                  .masquerade_all_clients = config.source_nat.all_clients};
  for (const auto& request : requests) add_each_family(request, lease, ports.mappings);
  for (const auto& request : requests) require_family(request, lease, ports.mappings);
  return ports;
}

std::string host_port_text(const PortMapping& mapping) {
  const auto port =
      mapping.host_address ? with_port(*mapping.host_address, mapping.host_port) : std::to_string(mapping.host_port);
  return port + '/' + mapping.protocol;
}

std::string to_string(const PortMapping& mapping) {
  return host_port_text(mapping) + " -> " + with_port(mapping.container_address, mapping.container_port);
}

}  // namespace wiring
