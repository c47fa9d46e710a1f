#include "plugin/vethctl/probe/places.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"

#include <utility>

namespace probe {
namespace {

std::size_t add_place(Places& places, kernel::Namespace netns, const std::string& name) {
  places.namespaces.push_back(std::move(netns));
  places.names.push_back(name);
  return places.names.size() - 1;
}

/// Adds the next command to the error of a namespace that does not exist.
kernel::Namespace open(kernel::Kernel& kernel, const Endpoint& endpoint) try {
  return kernel.open_namespace(endpoint.netns, false);
} catch (const cni::Error& error) {
  throw cni::Error{cni::ErrorCode::invalid_netns, "probe " + text::quoted(endpoint.name) + ": " + error.message,
                   "see vethctl check"};
}

}  // namespace

Places open_places(kernel::Kernel& kernel, const Plan& plan) {
  Places places;
  places.host = add_place(places, kernel.open_namespace(inspect::host_namespace_path, true), "host");
  for (std::size_t i = 0; i < plan.endpoints.size(); ++i) {
    const auto& endpoint = plan.endpoints[i];
    if (endpoint.netns == inspect::host_namespace_path) {
      places.of_endpoint.at(i) = places.host;
    } else if (!endpoint.netns.empty()) {
      places.of_endpoint.at(i) = add_place(places, open(kernel, endpoint), endpoint.name);
    }
  }
  return places;
}

std::vector<Hop> hops_of(const Places& places, const kernel::ProbeAnswer& answer) {
  std::vector<Hop> hops;
  for (const auto& sighting : answer.sightings) {
    hops.push_back({.place = places.names[sighting.place],
                    .netns = places.namespaces[sighting.place].path,
                    .interface = sighting.interface,
                    .is_outgoing = sighting.is_outgoing,
                    .is_answer = sighting.is_answer});
  }
  return hops;
}

}  // namespace probe
