#include "plugin/verbs/reclaim.hpp"

#include "plugin/verbs/detach.hpp"
#include "plugin/verbs/recorded_link.hpp"
#include "plugin/verbs/site.hpp"

#include <algorithm>

namespace verbs {
namespace {

/// A live lease without an interface of ours is another plugin's; a pending one was never answered. The ends of a cable
/// between two namespaces cannot be seen from here.
bool is_dead(const state::StoredRecord& stored, kernel::Kernel& kernel) {
  if (!stored.record) return false;
  if (!recorded_places(Recorded{stored.record}).empty()) return false;
  if (!stored.record->host_interface) return stored.stage == state::Stage::pending;
  return !find_recorded_link(*stored.record, kernel);
}

/// An ifb does not go with the pair.
void give_back(const state::Record& record, cni::Tag tag, kernel::Kernel& kernel, state::Folder& folder) {
  const Recorded recorded{std::optional{record}};
  remove_recorded_rules(record.attachment, recorded, kernel);
  kernel.remove(record.attachment);
  release_recorded(record, folder);
  forget({record.attachment.network, tag, recorded.gateways()}, kernel, folder);
}

}  // namespace

/// The record is read again under the lock: between the listing and the lock the attachment may have been added anew.
std::optional<state::Record> reclaim_one(const std::string& network, cni::Tag tag, kernel::Kernel& kernel,
                                         state::Folder& folder) {
  const auto lock = folder.try_lock(tag);
  const auto stored = lock ? folder.find_record(network, tag) : std::nullopt;
  if (!stored || !is_dead(*stored, kernel)) return std::nullopt;
  give_back(*stored->record, tag, kernel, folder);
  return stored->record;
}

std::size_t reclaim(const cni::Attachment& asking, kernel::Kernel& kernel, state::Folder& folder) {
  const auto& network = asking.network;
  std::size_t count = 0;
  for (const auto& listed : folder.records(network)) {
    if (listed.tag == cni::tag_of(asking) || !is_dead(listed, kernel)) continue;
    if (reclaim_one(network, listed.tag, kernel, folder)) ++count;
  }
  return count;
}

std::vector<state::StoredRecord> reclaimable(const std::string& network, kernel::Kernel& kernel,
                                             const state::Folder& folder) {
  auto records = folder.records(network);
  std::erase_if(records, [&](const state::StoredRecord& stored) {
    return !is_dead(stored, kernel) || !folder.try_lock(stored.tag).has_value();
  });
  return records;
}

bool has_reclaimable(const std::string& network, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto records = folder.records(network);
  return std::any_of(records.begin(), records.end(), [&](const state::StoredRecord& stored) {
    return is_dead(stored, kernel) && folder.try_lock(stored.tag).has_value();
  });
}

}  // namespace verbs
