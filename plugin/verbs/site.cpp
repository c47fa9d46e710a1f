#include "plugin/verbs/site.hpp"

#include <algorithm>

namespace verbs {
namespace {

void add(std::vector<kernel::Place>& places, const std::string& netns, const std::string& interface) {
  const kernel::Place place{netns, interface};
  if (netns.empty() || std::ranges::find(places, place) != places.end()) return;
  places.push_back(place);
}

}  // namespace

kernel::Site open_site(const cni::Request& request, kernel::Kernel& kernel) {
  kernel::Site site{.container = kernel.open_namespace(request.netns, request.netns_override),
                    .stopwatch = request.stopwatch};
  const auto& peer = request.config.peer;
  if (request.config.mode == cni::Mode::netns) site.peer = kernel.open_namespace(peer.netns, peer.may_be_the_hosts);
  return site;
}

std::vector<kernel::Place> recorded_places(const Recorded& recorded) {
  std::vector<kernel::Place> places;
  const auto& wiring = recorded.outline;
  if (!wiring || wiring->peer_netns.empty()) return places;
  add(places, wiring->peer_netns, wiring->host.name);
  add(places, recorded.record->netns, wiring->container.name);
  return places;
}

std::vector<kernel::Place> places_of(const cni::Request& request, const Recorded& recorded) {
  auto places = recorded_places(recorded);
  if (places.empty() && request.config.mode != cni::Mode::netns) return places;
  add(places, request.config.peer.netns, request.config.peer.interface);
  add(places, request.netns, request.attachment.interface);
  return places;
}

}  // namespace verbs
