#include "plugin/wiring/footprint.hpp"

namespace wiring {

void set_identity(const Wiring& wiring, Footprint& footprint) {
  footprint.host.name = wiring.host.name;
  footprint.host.mac = wiring.host.mac;
  footprint.container.name = wiring.container.name;
  footprint.container.mac = wiring.container.mac;
  footprint.may_have_ifb = wiring.egress_limit.has_value();
}

}  // namespace wiring
