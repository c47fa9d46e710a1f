#include "plugin/wiring/wire.hpp"

#include "plugin/wiring/bridged.hpp"
#include "plugin/wiring/netns_to_netns.hpp"
#include "plugin/wiring/point_to_point.hpp"

#include <utility>

namespace wiring {

cni::Lease complete(const cni::Request& request, cni::Lease lease) {
  if (request.config.mode != cni::Mode::bridge) return lease;
  return with_bridge_gateways(request.config.bridge, std::move(lease));
}

Wiring wire(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  switch (request.config.mode) {
    case cni::Mode::ptp:
      return point_to_point(request, lease, mtu);
    case cni::Mode::bridge:
      return bridged(request, lease, mtu);
    case cni::Mode::netns:
      return netns_to_netns(request, lease, mtu);
  }
  return {};
}

}  // namespace wiring
