#include "plugin/verbs/lost_gateways.hpp"

#include "ipam/range.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/verbs/detach.hpp"

#include <optional>
#include <utility>
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

/// As forget() does: under the lock of the gateways, an ADD that begins now is seen or puts its own there afterwards.
void remove_lost_gateways(const cni::Request& request, kernel::Kernel& kernel, const state::Folder* folder) {
  const auto& network = request.attachment.network;
  auto gateways = configured_gateways(request.config);
  if (gateways.empty()) return;
  std::optional<posix::ByteLock> lock;
  if (folder != nullptr) lock = folder->lock_gateways();
  if (has_anything(network, kernel, folder)) return;
  if (folder != nullptr) gateways = without_those_of_others(std::move(gateways), network, *folder);
  kernel.remove_host_gateways(gateways);
}

}  // namespace verbs
