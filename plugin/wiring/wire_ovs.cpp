#include "plugin/wiring/wire_ovs.hpp"

#include "plugin/wiring/connected.hpp"
#include "plugin/wiring/wire_pair.hpp"

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
