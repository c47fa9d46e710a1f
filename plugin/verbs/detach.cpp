#include "plugin/verbs/detach.hpp"

#include "ipam/ipam.hpp"
#include "plugin/verbs/lost_gateways.hpp"
#include "plugin/verbs/recorded_link.hpp"
#include "plugin/verbs/site.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <optional>

namespace verbs {

std::vector<cni::IpAddress> recorded_gateways(const std::optional<state::Record>& record) {
  const auto wiring = record ? wiring::find_outline(record->wiring) : std::nullopt;
  return wiring ? wiring->host_gateways : std::vector<cni::IpAddress>{};
}

void remove_recorded_rules(const cni::Attachment& attachment, const std::optional<state::Record>& record,
                           kernel::Kernel& kernel) {
  const auto wiring = record ? wiring::find_wiring(record->wiring) : std::nullopt;
  if (wiring) return kernel.remove_rules(*wiring);
  const bool had_none = record && record->wiring.empty();
  if (!had_none) kernel.remove_rules(cni::tag_of(attachment));
}

void release_recorded(const state::Record& record, state::Folder& folder) {
  const auto tag = cni::tag_of(record.attachment);
  for (const auto& address : record.addresses) folder.release(record.attachment.network, address, tag);
}

namespace {

/// Networks may have the same gateway, as while one is renamed.
bool is_used_by_another_network(const cni::IpAddress& gateway, const std::string& network,
                                const state::Folder& folder) {
  for (const auto& other : folder.networks()) {
    if (other == network) continue;
    for (const auto& stored : folder.records(other)) {
      const auto gateways = recorded_gateways(stored.record);
      if (std::find(gateways.begin(), gateways.end(), gateway) != gateways.end()) return true;
    }
  }
  return false;
}

void remove_unused_gateways(const Forgotten& attachment, kernel::Kernel& kernel, const state::Folder& folder) {
  if (folder.has_records_besides(attachment.network, attachment.tag)) return;
  auto unused = attachment.gateways;
  std::erase_if(unused, [&](const cni::IpAddress& gateway) {
    return is_used_by_another_network(gateway, attachment.network, folder);
  });
  kernel.remove_host_gateways(unused);
}

}  // namespace

// The network's lock makes one of two that leave together the last. An ADD writes its record under it before it puts
// its gateways there, so one that begins now is seen or comes after.
void forget(const Forgotten& attachment, kernel::Kernel& kernel, state::Folder& folder) {
  std::optional<posix::ByteLock> lock;
  if (!attachment.gateways.empty()) {
    lock = folder.lock_network(attachment.network);
    remove_unused_gateways(attachment, kernel, folder);
  }
  folder.forget(attachment.network, attachment.tag);
}

namespace {

/// What the record names is ours, whatever IPAM the configuration names by now.
void release(const cni::Request& request, const std::optional<state::StoredRecord>& stored, state::Folder* folder) {
  ipam::choose(request, folder)->release();
  if (folder == nullptr || !stored || !stored->record || ipam::is_built_in(request)) return;
  release_recorded(*stored->record, *folder);
}

/// A host end of our own, that of an imported attachment, or a cable between two namespaces. True for the first.
bool remove_links(const cni::Request& request, const std::optional<state::Record>& record, kernel::Kernel& kernel) {
  const bool had_own_end = kernel.remove(request.attachment);
  if (record && is_imported(*record)) remove_imported_link(*record, kernel);
  const auto places = places_of(request, record);
  if (!places.empty()) kernel.remove_cable(request.attachment, places);
  return had_own_end;
}

}  // namespace

void detach(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder, BestEffort& effort) {
  const auto& attachment = request.attachment;
  std::optional<state::StoredRecord> stored;
  if (folder != nullptr) effort.attempt([&] { stored = folder->find_record(attachment); });
  const auto record = stored ? stored->record : std::nullopt;
  bool had_own_end = false;
  const bool is_unruled = effort.attempt([&] { remove_recorded_rules(attachment, record, kernel); });
  const bool is_gone = effort.attempt([&] { had_own_end = remove_links(request, record, kernel); });
  if (!is_unruled || !is_gone) return;
  const bool is_released = effort.attempt([&] { release(request, stored, folder); });
  if (folder != nullptr && is_released) {
    effort.attempt([&] {
      forget({attachment.network, cni::tag_of(attachment), recorded_gateways(record)}, kernel, *folder);
    });
  }
  if (had_own_end && !record) effort.attempt([&] { remove_lost_gateways(request, kernel, folder); });
}

}  // namespace verbs
