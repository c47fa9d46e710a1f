#include "plugin/wiring/wire_ovs.hpp"

#include "plugin/wiring/connected.hpp"
#include "plugin/wiring/wire_pair.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace wiring {

OvsPort ovs_port_of(const cni::OvsConfig& config) {
  return {.bridge = config.bridge,
          .socket = config.socket,
          .tag = config.vlan,
          .trunks = config.trunk,
          .vlan_mode = config.vlan_mode,
          .ofport_request = config.ofport_request,
          .iface_id = config.ovn_port};
}

void set_policing(const RateLimit& limit, OvsPort& port) {
  const auto kilobits = [](std::uint64_t bytes) {
    constexpr std::uint64_t bytes_of_a_kilobit = 125;
    const auto rounded_up = bytes / bytes_of_a_kilobit + (bytes % bytes_of_a_kilobit == 0 ? 0 : 1);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(rounded_up, std::numeric_limits<std::int32_t>::max()));
  };
  port.policing_rate = kilobits(limit.rate_bytes_per_second);
  port.policing_burst = kilobits(limit.burst_bytes);
}

Wiring wire_ovs(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  check_lease(lease, mtu);
  auto wiring = wire_pair(request, mtu);
  wiring.container.mac = mac_on_bridge(request, lease);
  wiring.ovs_port = ovs_port_of(request.config.ovs);
  add_link_local(wiring.container, mtu);
  add_addresses(wiring.container, addresses_of(lease));
  add_routes(wiring.container, lease.routes, gateways_of(lease));
  return wiring;
}

}  // namespace wiring
