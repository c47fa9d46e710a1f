#include "plugin/attachment/reclaim.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/locked_batches.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace attachment {
namespace {

/// A live lease without an interface of ours is another plugin's; a pending one was never answered.
bool may_be_stale(const state::StoredRecord& stored) {
  if (!stored.record) return false;
  if (!stored.record->host_interface) {
    return stored.stage == state::Stage::pending && !footprint_of(*stored.record).is_netns_pair;
  }
  return true;
}

/// Leaves those of which no end exists; the footprints are theirs, in the same order.
void keep_gone(auto& candidates, const std::vector<Footprint>& footprints, kernel::Kernel& kernel) {
  const auto exists = kernel.find_ends(footprints, kernel::Search::full);
  std::size_t place = 0;
  std::erase_if(candidates, [&](const auto&) { return exists[place++]; });
}

std::vector<Footprint> footprints_of(const std::vector<state::StoredRecord>& records) {
  std::vector<Footprint> footprints;
  footprints.reserve(records.size());
  for (const auto& stored : records) footprints.push_back(footprint_of(*stored.record));
  return footprints;
}

/// Leaves those of which no end exists, and whose record can be read.
void keep_stale(std::vector<state::StoredRecord>& records, kernel::Kernel& kernel) {
  std::erase_if(records, [](const state::StoredRecord& stored) { return !may_be_stale(stored); });
  if (!records.empty()) keep_gone(records, footprints_of(records), kernel);
}

/// The records are read again under their locks: since they were listed an attachment may have been added anew.
std::vector<state::Record> reclaim_batch(const std::string& network, std::span<const cni::Tag> tags,
                                         kernel::Kernel& kernel, state::Folder& folder) {
  auto batch = lock_batch(network, tags, folder, at_once);
  keep_stale(batch.records, kernel);
  if (batch.records.empty()) return {};
  BestEffort effort;
  const auto left = tear_down(footprints_of(batch.records), {.kernel = &kernel, .folder = &folder}, effort);
  effort.finish();
  std::vector<state::Record> reclaimed;
  for (auto& stored : batch.records) reclaimed.push_back(std::move(*stored.record));
  return reclaimed;
}

}  // namespace

std::vector<state::Record> find_stale(const std::string& network, kernel::Kernel& kernel, const state::Folder& folder) {
  auto records = folder.records.list(network);
  keep_stale(records, kernel);
  std::vector<state::Record> stale;
  for (auto& stored : records) {
    if (folder.locks.try_attachment(stored.tag)) stale.push_back(std::move(*stored.record));
  }
  return stale;
}

std::vector<state::Record> reclaim(const std::string& network, kernel::Kernel& kernel, state::Folder& folder,
                                   std::optional<cni::Tag> asking) {
  auto records = folder.records.list(network);
  std::erase_if(records, [&](const state::StoredRecord& stored) { return stored.tag == asking; });
  keep_stale(records, kernel);
  std::vector<cni::Tag> tags;
  std::ranges::transform(records, std::back_inserter(tags), &state::StoredRecord::tag);
  std::vector<state::Record> reclaimed;
  for_each_batch(tags, [&](std::span<const cni::Tag> batch) {
    std::ranges::move(reclaim_batch(network, batch, kernel, folder), std::back_inserter(reclaimed));
  });
  return reclaimed;
}

std::optional<state::Record> reclaim_one(const std::string& network, cni::Tag tag, kernel::Kernel& kernel,
                                         state::Folder& folder) {
  auto reclaimed = reclaim_batch(network, {&tag, 1}, kernel, folder);
  return reclaimed.empty() ? std::nullopt : std::optional{std::move(reclaimed.front())};
}

namespace {

bool has_record(cni::Tag tag, const std::vector<state::Folder>& folders) {
  return std::ranges::any_of(folders, [&](const state::Folder& folder) {
    const auto networks = folder.records.networks();
    return std::ranges::any_of(
        networks, [&](const std::string& network) { return folder.records.find(network, tag).has_value(); });
  });
}

/// The lock of an attachment whose folder is not known: a call that is at work holds it in one of them.
bool is_in_flight(cni::Tag tag, const std::vector<state::Folder>& folders) {
  return std::ranges::any_of(
      folders, [&](const state::Folder& folder) { return !folder.locks.try_attachment(tag).has_value(); });
}

}  // namespace

std::vector<Footprint> find_orphaned_rules(kernel::Kernel& kernel, const std::vector<state::Folder>& folders) {
  auto found = kernel.list("");
  std::erase_if(found, [&](const Footprint& footprint) {
    return footprint.host.index != 0 || is_in_flight(footprint.tag, folders) || has_record(footprint.tag, folders);
  });
  if (found.empty()) return found;
  std::vector<Footprint> marks;
  marks.reserve(found.size());
  for (const auto& footprint : found) marks.push_back(footprint_of(footprint.tag, ""));
  keep_gone(found, marks, kernel);
  return found;
}

}  // namespace attachment
