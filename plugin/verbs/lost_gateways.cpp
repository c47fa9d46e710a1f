#include "plugin/verbs/lost_gateways.hpp"

#include "ipam/range.hpp"
#include "plugin/cni/error.hpp"

#include <optional>
#include <vector>

namespace verbs {
namespace {

/// As mode ptp puts them on lo.
class Gateways {
 public:
  void add(const std::optional<cni::IpAddress>& gateway) {
    const bool is_meant = gateway && gateway->family == cni::Family::ipv6 && !cni::is_link_local(*gateway);
    if (is_meant) all.push_back(*gateway);
  }

  std::vector<cni::IpAddress> all;
};

/// A configuration that cannot be added any more names none.
void add_ranges(const cni::NetworkConfig& config, Gateways& gateways) try {
  for (const auto& set : ipam::checked_range_sets(config)) {
    for (const auto& range : set) gateways.add(range.gateway);
  }
} catch (const cni::Error&) {
  return;
}

std::vector<cni::IpAddress> configured_gateways(const cni::NetworkConfig& config) {
  Gateways gateways;
  if (config.mode != cni::Mode::ptp) return {};
  add_ranges(config, gateways);
  for (const auto& leased : config.ipam.addresses) gateways.add(leased.gateway);
  if (!config.previous) return gateways.all;
  for (const auto& given : config.previous->addresses) gateways.add(given.gateway);
  return gateways.all;
}

bool has_anything(const std::string& network, kernel::Kernel& kernel, const state::Folder* folder) {
  return (folder != nullptr && folder->has_records(network)) || !kernel.host_links(network).empty();
}

}  // namespace

void remove_lost_gateways(const cni::Request& request, kernel::Kernel& kernel, const state::Folder* folder) {
  const auto gateways = configured_gateways(request.config);
  if (gateways.empty() || has_anything(request.attachment.network, kernel, folder)) return;
  kernel.remove_host_gateways(gateways);
}

}  // namespace verbs
