#include "plugin/wiring/port_mapping.hpp"

#include "plugin/cni/error.hpp"

#include <algorithm>
#include <map>
#include <tuple>
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

/// The mappings of one container. A range of ports is requested as one mapping for each port, so there may be
/// thousands.
class MappingCollector {
 public:
  MappingCollector(const cni::Lease& lease, std::vector<PortMapping>& mappings) : lease_(lease), mappings_(mappings) {}

  /// "0.0.0.0" and "::" mean all host addresses of their family.
  void add_each_family(const cni::PortMapping& request) {
    const auto& host = request.host_address;
    for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
      const auto address = first_address(lease_, family);
      if (!address || (host && host->family != family)) continue;
      add({.protocol = request.protocol,
           .host_address = host && !cni::is_unspecified(*host) ? host : std::nullopt,
           .host_port = request.host_port,
           .container_address = *address,
           .container_port = request.container_port});
    }
  }

  void require_family(const cni::PortMapping& request) const {
    const auto& host = request.host_address;
    if (!host || first_address(lease_, host->family)) return;
    if (cni::is_unspecified(*host) && is_mapped_for_all(request)) return;
    throw cni::Error{cni::ErrorCode::invalid_config,
                     "portMappings: hostIP " + cni::to_string(*host) + ": the container has no address of this family"};
  }

 private:
  using HostSide = std::tuple<cni::Family, std::string, std::optional<cni::IpAddress>, std::uint16_t>;

  /// A runtime may repeat a mapping, but a host port cannot have two targets.
  void add(const PortMapping& mapping) {
    const HostSide side{mapping.container_address.family, mapping.protocol, mapping.host_address, mapping.host_port};
    const auto [found, is_new] = positions_.try_emplace(side, mappings_.size());
    if (is_new) return mappings_.push_back(mapping);
    const auto& other = mappings_[found->second];
    if (other == mapping) return;
    throw cni::Error{cni::ErrorCode::invalid_config,
                     "portMappings: host port " + host_port_text(mapping) + " is mapped to two container ports, " +
                         std::to_string(other.container_port) + " and " + std::to_string(mapping.container_port)};
  }

  /// Runtimes that map a port on all host addresses may send both "0.0.0.0" and "::", whichever families the container
  /// has.
  bool is_mapped_for_all(const cni::PortMapping& request) const {
    const auto is_mapped = [&](cni::Family family) {
      const auto found = positions_.find({family, request.protocol, std::nullopt, request.host_port});
      return found != positions_.end() && mappings_[found->second].container_port == request.container_port;
    };
    return is_mapped(cni::Family::ipv4) || is_mapped(cni::Family::ipv6);
  }

  const cni::Lease& lease_;
  std::vector<PortMapping>& mappings_;
  std::map<HostSide, std::size_t> positions_;
};

}  // namespace

std::optional<HostPorts> host_ports(const cni::NetworkConfig& config, const cni::Lease& lease) {
  const auto& requests = config.requested.port_mappings;
  if (requests.empty() || lease.addresses.empty()) return std::nullopt;
  HostPorts ports{.source_nat = config.source_nat.mapped_ports,
                  .masquerade_all_clients = config.source_nat.all_clients};
  MappingCollector collector{lease, ports.mappings};
  for (const auto& request : requests) collector.add_each_family(request);
  for (const auto& request : requests) collector.require_family(request);
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
