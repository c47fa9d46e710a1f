#include "plugin/node/settings.hpp"

namespace node {

bool prefers_vxlan(const Settings& settings, const Underlay& underlay) {
  if (settings.encapsulation != EncapsulationChoice::automatic)
    return settings.encapsulation == EncapsulationChoice::vxlan;
  return !underlay.is_gpe_fast && underlay.has_ipv6;
}

}  // namespace node
