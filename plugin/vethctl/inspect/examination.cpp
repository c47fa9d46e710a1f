#include "plugin/vethctl/inspect/examination.hpp"

#include "plugin/attachment/reclaim.hpp"
#include "plugin/vethctl/inspect/held_addresses.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace inspect {
namespace {

/// What the records and addresses of one network say of each other. What a call is at work on may change meanwhile.
class StoreReader {
 public:
  StoreReader(std::string network, const state::Folder& folder, Examination& examination)
      : network_(std::move(network)), folder_(folder), examination_(examination) {}

  void read() {
    for (const auto& stored : folder_.records.list(network_)) {
      const auto lock = folder_.locks.try_attachment(stored.tag);
      if (lock) read_record(stored.tag);
    }
    for (const auto& taken : folder_.addresses.list(network_)) {
      if (!is_named(taken)) examination_.strays.push_back({network_, taken.address});
    }
  }

 private:
  void read_record(cni::Tag tag) {
    const auto stored = folder_.records.find(network_, tag);
    if (!stored) return;
    if (!stored->record) return examination_.unreadable.push_back({network_, tag});
    if (stored->stage != state::Stage::live) return;
    LostLease lost{.attachment = stored->record->attachment,
                   .unheld = unheld_addresses(*stored->record, folder_),
                   .conflict = held_by_another(*stored->record, folder_).value_or("")};
    if (!lost.unheld.empty() || !lost.conflict.empty()) examination_.lost.push_back(std::move(lost));
  }

  /// An unreadable record may name it.
  bool is_named(const state::TakenAddress& taken) const {
    if (!taken.holder) return false;
    const auto lock = folder_.locks.try_attachment(*taken.holder);
    if (!lock || folder_.addresses.holder(network_, taken.address) != taken.holder) return true;
    const auto stored = folder_.records.find(network_, *taken.holder);
    if (!stored) return false;
    return !stored->record ||
           std::ranges::find(stored->record->addresses, taken.address) != stored->record->addresses.end();
  }

  std::string network_;
  const state::Folder& folder_;
  Examination& examination_;
};

/// Where packets of an attachment come to the host, and an address of the host there.
struct Entrance {
  std::string interface;
  std::uint32_t index = 0;
  cni::IpAddress destination;
};

std::optional<cni::IpAddress> first_ipv4(const auto& prefixes) {
  const auto found = std::ranges::find_if(
      prefixes, [](const cni::Prefix& prefix) { return prefix.address.family == cni::Family::ipv4; });
  return found == prefixes.end() ? std::nullopt : std::optional{found->address};
}

/// nullopt where the host routes no IPv4 packets of the attachment.
std::optional<Entrance> entrance_of(const Detail& detail) {
  const auto& wanted = detail.wanted;
  const bool is_well = wanted && detail.observed.host && detail.differences.empty() && wanted->peer_netns.empty();
  if (!is_well) return std::nullopt;
  if (!wanted->bridge) {
    const auto address = first_ipv4(detail.observed.host->addresses);
    return address ? std::optional{Entrance{wanted->host.name, detail.observed.host->index, *address}} : std::nullopt;
  }
  const auto gateway = first_ipv4(wanted->bridge->gateways);
  if (!gateway || wanted->bridge->vlan != 0) return std::nullopt;
  return Entrance{wanted->bridge->name, detail.observed.bridge->index, *gateway};
}

/// An attachment whose IPv4 packets the host routes.
struct Routed {
  const Attachment* attachment;
  Entrance entrance;
};

void examine_arrivals(kernel::Inspector& inspector, const Routed& by, const Routed& from,
                      std::vector<FilteredPacket>& filtered) {
  const bool is_foreign = by.attachment != from.attachment;
  for (const auto& [address, length] : from.attachment->addresses) {
    if (address.family != cni::Family::ipv4) continue;
    if (inspector.passes_rp_filter({address, by.entrance.destination, by.entrance.index})) continue;
    filtered.push_back({address, by.entrance.interface, by.attachment->identity, is_foreign});
  }
}

/// A container in several networks may answer by another interface than it was asked by.
std::vector<FilteredPacket> find_filtered(kernel::Inspector& inspector, const std::vector<Detail>& attachments) {
  std::map<std::string, std::vector<Routed>> containers;
  for (const auto& detail : attachments) {
    auto entrance = entrance_of(detail);
    if (entrance) containers[detail.attachment.identity.container].push_back({&detail.attachment, *entrance});
  }
  std::vector<FilteredPacket> filtered;
  for (const auto& [container, all] : containers) {
    for (const auto& by : all) {
      for (const auto& from : all) examine_arrivals(inspector, by, from, filtered);
    }
  }
  return filtered;
}

bool is_meant(const std::string& network, const std::string& wanted) { return wanted.empty() || network == wanted; }

/// Under the lock, so that no call changes it meanwhile; nullopt for what is in flight or gone by now.
std::optional<Detail> look_steadily(kernel::Inspector& inspector, const std::vector<state::Folder>& folders,
                                    const Attachment& attachment) {
  for (const auto& folder : folders) {
    const auto lock = folder.locks.try_attachment(attachment.tag);
    if (!folder.records.find(attachment.identity.network, attachment.tag)) continue;
    return lock ? std::optional{look_closely(inspector, folders, attachment)} : std::nullopt;
  }
  return std::nullopt;
}

std::vector<Detail> look_at_all(kernel::Inspector& inspector, const std::vector<state::Folder>& folders,
                                const std::string& network) {
  std::vector<Detail> details;
  for (const auto& attachment : read_attachments(inspector, folders)) {
    if (!is_meant(attachment.identity.network, network)) continue;
    const bool is_live = attachment.state == State::live;
    auto detail = is_live ? look_steadily(inspector, folders, attachment) : Detail{.attachment = attachment};
    if (detail) details.push_back(std::move(*detail));
  }
  return details;
}

}  // namespace

Examination examine(kernel::Inspector& inspector, const FoundFolders& found, const std::string& network) {
  Examination examination{.unusable = found.unusable};
  for (const auto& folder : found.folders) {
    for (const auto& name : folder.records.networks()) {
      if (is_meant(name, network)) StoreReader{name, folder, examination}.read();
    }
  }
  examination.attachments = look_at_all(inspector, found.folders, network);
  examination.filtered = find_filtered(inspector, examination.attachments);
  examination.firewall = inspector.observe_firewall();
  if (network.empty()) {
    for (const auto& orphan : attachment::find_orphaned_rules(inspector.kernel, found.folders)) {
      examination.orphaned_rules.push_back(orphan.tag);
    }
  }
  return examination;
}

}  // namespace inspect
