#include "plugin/verbs/node_wiring.hpp"

#include "plugin/wiring/wire.hpp"

namespace verbs {

wiring::Wiring wire_on_node(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu,
                            kernel::Kernel& kernel) {
  auto wiring = wiring::wire(request, lease, mtu);
  const bool may_need_hairpin = wiring.bridge && wiring.host_ports && !wiring.bridge->promiscuous;
  if (may_need_hairpin && kernel.read_node({.bridge_filter = true}).filters_bridged_packets)
    wiring.bridge->hairpin = true;
  if (request.config.big_tcp) {
    wiring.big_tcp = wiring::big_tcp_of(wiring, kernel.read_node({.uplink_big_tcp = true}).uplink_big_tcp);
  }
  return wiring;
}

}  // namespace verbs
