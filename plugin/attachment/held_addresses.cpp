#include "plugin/attachment/held_addresses.hpp"

#include "plugin/attachment/footprints.hpp"

namespace attachment {

std::vector<cni::IpAddress> HeldAddresses::of(cni::Tag tag) {
  if (!by_holder_) {
    by_holder_.emplace();
    for (const auto& taken : folder_.addresses.list(network_)) {
      if (taken.holder) (*by_holder_)[*taken.holder].push_back(taken.address);
    }
  }
  const auto found = by_holder_->find(tag);
  return found == by_holder_->end() ? std::vector<cni::IpAddress>{} : found->second;
}

Footprint footprint_of(const state::StoredRecord& stored, HeldAddresses& held) {
  if (stored.record) return footprint_of(*stored.record);
  auto footprint = footprint_of(stored.tag, held.network());
  footprint.addresses = held.of(stored.tag);
  footprint.gateways = held.folder().gateways.claimed_by(stored.tag);
  const auto databases = held.folder().ovs.databases();
  if (!databases.empty()) footprint.ovs_port = wiring::OvsLocation{.socket = databases.front()};
  return footprint;
}

}  // namespace attachment
