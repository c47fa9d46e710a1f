#pragma once

#include "plugin/state/folder.hpp"
#include "plugin/wiring/footprint.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace attachment {

/// The addresses that the attachments of a network hold by the links in the state folder, for records that cannot be
/// read. All links are read once, when the first attachment needs them. An address that is released meanwhile is still
/// listed: Addresses::release() checks its holder.
class HeldAddresses {
 public:
  /// Both must outlive it.
  HeldAddresses(const std::string& network, const state::Folder& folder) : network_(network), folder_(folder) {}

  std::vector<cni::IpAddress> of(cni::Tag tag);

  const std::string& network() const { return network_; }
  const state::Folder& folder() const { return folder_; }

 private:
  const std::string& network_;
  const state::Folder& folder_;
  std::optional<std::map<cni::Tag, std::vector<cni::IpAddress>>> by_holder_;
};

/// From the record; if that is unreadable, from the tag and the addresses and gateways that the state folder has for
/// it.
wiring::Footprint footprint_of(const state::StoredRecord& stored, HeldAddresses& held);

}  // namespace attachment
