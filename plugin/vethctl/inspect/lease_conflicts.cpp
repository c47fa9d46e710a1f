#include "plugin/vethctl/inspect/lease_conflicts.hpp"

#include "ipam/reservation.hpp"

#include <algorithm>

namespace inspect {

std::optional<std::string> find_lease_conflict(const state::Record& record, const state::Folder& folder) {
  const auto& network = record.attachment.network;
  for (const auto& address : record.addresses) {
    if (!folder.addresses.is_taken(network, address)) continue;
    if (folder.addresses.holder(network, address) == cni::tag_of(record.attachment)) continue;
    return cni::to_string(address) + " is held by " + ipam::holder_text(folder, network, address);
  }
  return std::nullopt;
}

std::vector<cni::IpAddress> unleased_addresses(const state::Record& record, const state::Folder& folder) {
  auto addresses = record.addresses;
  std::erase_if(addresses, [&](const cni::IpAddress& address) {
    return folder.addresses.is_taken(record.attachment.network, address);
  });
  return addresses;
}

}  // namespace inspect
