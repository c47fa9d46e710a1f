#include "plugin/attachment/bridge_change.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace attachment {
namespace {

using wiring::BridgeChange;
using wiring::Footprint;
using Prefixes = std::vector<cni::Prefix>;

bool contains(const Prefixes& prefixes, const cni::Prefix& prefix) {
  return std::ranges::find(prefixes, prefix) != prefixes.end();
}

void add_gateways_in(const state::StoredRecord& stored, const std::string& interface, Prefixes& gateways) {
  const auto wiring = stored.record ? wiring::find_partial_wiring(stored.record->wiring) : std::nullopt;
  if (!wiring || !wiring->bridge || wiring::gateway_interface(*wiring->bridge) != interface) return;
  gateways.insert(gateways.end(), wiring->bridge->gateways.begin(), wiring->bridge->gateways.end());
}

/// The gateways on the interface that other attachments need. A record is written before the bridge is changed.
Prefixes gateways_of_others(const Footprint& leaving, const state::Folder* folder) {
  Prefixes gateways;
  if (folder == nullptr) return gateways;
  for (const auto& network : folder->records.networks()) {
    for (const auto& stored : folder->records.list(network)) {
      if (stored.tag != leaving.tag) add_gateways_in(stored, leaving.bridge_change.interface, gateways);
    }
  }
  return gateways;
}

void revert(BridgeChange change, const Footprint& footprint, const Node& node) {
  if (change.added.empty() && change.deleted.empty()) return;
  auto bridge_only = lease_footprint(footprint.tag, "");
  bridge_only.bridge_change = std::move(change);
  remove_or_throw(bridge_only, *node.kernel);
}

}  // namespace

/// Another ADD may write its record and find the gateway on the bridge between the comparison and the deletion. So the
/// records are read again after the deletion, and such a gateway is added again.
void revert_bridge_change(const Footprint& footprint, const Node& node) {
  auto change = footprint.bridge_change;
  if (change.added.empty() || node.kernel == nullptr) return;
  const auto needed = gateways_of_others(footprint, node.folder);
  const auto kept = std::erase_if(change.added, [&](const auto& gateway) { return contains(needed, gateway); });
  if (kept > 0) change.deleted.clear();  // the gateway that is kept has replaced them
  revert(change, footprint, node);
  BridgeChange lost{.interface = change.interface};
  for (const auto& gateway : gateways_of_others(footprint, node.folder)) {
    if (contains(change.added, gateway)) lost.deleted.push_back(gateway);
  }
  revert(std::move(lost), footprint, node);
}

}  // namespace attachment
