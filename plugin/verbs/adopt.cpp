#include "plugin/verbs/adopt.hpp"

#include "ipam/holding.hpp"

#include <algorithm>

namespace verbs {

std::optional<std::string> held_by_another(const state::Record& record, const state::Folder& folder) {
  const auto& network = record.attachment.network;
  for (const auto& address : record.addresses) {
    if (!folder.is_taken(network, address)) continue;
    if (folder.holder(network, address) == cni::tag_of(record.attachment)) continue;
    return cni::to_string(address) + " is held by " + ipam::holder_text(folder, network, address);
  }
  return std::nullopt;
}

std::vector<cni::IpAddress> unheld_addresses(const state::Record& record, const state::Folder& folder) {
  auto addresses = record.addresses;
  std::erase_if(addresses,
                [&](const cni::IpAddress& address) { return folder.is_taken(record.attachment.network, address); });
  return addresses;
}

/// What was lost between a look and the taking gives back the others.
std::optional<std::string> adopt(const state::Record& record, state::Folder& folder) {
  const auto& network = record.attachment.network;
  const auto tag = cni::tag_of(record.attachment);
  const auto lock = folder.lock_network(network);
  const auto gateways_lock = folder.lock_gateways();
  folder.write_pending(record);
  for (const auto& address : record.addresses) folder.take(network, address, tag);
  auto lost = held_by_another(record, folder);
  if (lost) {
    for (const auto& address : record.addresses) folder.release(network, address, tag);
    folder.forget(network, tag);
    return lost;
  }
  folder.mark_live(record.attachment);
  return std::nullopt;
}

}  // namespace verbs
