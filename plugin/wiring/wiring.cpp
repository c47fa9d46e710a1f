#include "plugin/wiring/wiring.hpp"

namespace wiring {

std::string_view mode_of(const Wiring& wiring) {
  if (wiring.bridge) return "bridge";
  return wiring.peer_netns.empty() ? "ptp" : "netns";
}

}  // namespace wiring
