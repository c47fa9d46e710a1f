#include "plugin/attachment/reclaim.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/locked_batches.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace attachment {
namespace {

/// Without a host interface, a live record is a lease of another plugin; a pending one is left by an unfinished ADD.
bool may_be_stale(const state::StoredRecord& stored) {
  if (!stored.record) return false;
  if (!stored.record->host_interface) {
    return stored.stage == state::Stage::pending && !footprint_of(*stored.record).is_netns_pair;
  }
  return true;
}

/// Erases the attachments of which an end exists. Their footprints are in the same order.
void erase_existing(auto& attachments, const std::vector<Footprint>& footprints, kernel::Kernel& kernel) {
  const auto exists = kernel.find_ends(footprints, kernel::Search::full);
  std::size_t index = 0;
  std::erase_if(attachments, [&](const auto&) { return exists[index++]; });
}

std::vector<Footprint> footprints_of(const std::vector<state::StoredRecord>& records) {
  std::vector<Footprint> footprints;
  footprints.reserve(records.size());
  for (const auto& stored : records) footprints.push_back(footprint_of(*stored.record));
  return footprints;
}

/// Keeps only the stale attachments with a readable record.
void keep_stale(std::vector<state::StoredRecord>& records, kernel::Kernel& kernel) {
  std::erase_if(records, [](const state::StoredRecord& stored) { return !may_be_stale(stored); });
  if (!records.empty()) erase_existing(records, footprints_of(records), kernel);
}

/// Reads the records again under their locks: an attachment may have been added again since they were listed.
std::vector<state::Record> reclaim_batch(const std::string& network, std::span<const cni::Tag> tags,
                                         kernel::Kernel& kernel, state::Folder& folder) {
  auto batch = lock_batch(network, tags, folder, no_wait);
  keep_stale(batch.records, kernel);
  if (batch.records.empty()) return {};
  tear_down_or_throw(footprints_of(batch.records), {.kernel = &kernel, .folder = &folder});
  std::vector<state::Record> reclaimed;
  for (auto& stored : batch.records) reclaimed.push_back(std::move(*stored.record));
  return reclaimed;
}

/// The attachments of a network for which the host has no interface of their name. The others exist. With this, only
/// few records of a full range are read. The interface of a listed one may have been renamed, or have no IPv6.
std::vector<cni::Tag> find_unnamed(const std::string& network, kernel::Kernel& kernel, const state::Folder& folder) {
  auto tags = folder.records.tags(network);
  const auto names = kernel.read_node({.interfaces = true}).interfaces;
  std::erase_if(tags, [&](cni::Tag tag) { return names.contains(cni::host_interface_name(tag)); });
  return tags;
}

/// The stale ones of these attachments, with readable records.
std::vector<state::StoredRecord> find_stale(const std::string& network, std::span<const cni::Tag> tags,
                                            kernel::Kernel& kernel, const state::Folder& folder) {
  std::vector<state::StoredRecord> records;
  for (const auto tag : tags) {
    if (auto stored = folder.records.find(network, tag)) records.push_back(std::move(*stored));
  }
  keep_stale(records, kernel);
  return records;
}

bool has_record(cni::Tag tag, std::span<const state::Folder> folders) {
  return std::ranges::any_of(folders,
                             [&](const state::Folder& folder) { return folder.records.find_network(tag).has_value(); });
}

/// Whether a call holds the lock of an attachment whose folder is unknown.
bool is_in_flight(cni::Tag tag, std::span<const state::Folder> folders) {
  return std::ranges::any_of(
      folders, [&](const state::Folder& folder) { return !folder.locks.try_attachment(tag).has_value(); });
}

}  // namespace

std::vector<state::Record> find_stale(const std::string& network, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto unnamed = find_unnamed(network, kernel, folder);
  std::vector<state::Record> stale;
  for (auto& stored : find_stale(network, unnamed, kernel, folder)) {
    if (folder.locks.try_attachment(stored.tag)) stale.push_back(std::move(*stored.record));
  }
  return stale;
}

bool has_stale(const std::string& network, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto is_unlocked = [&](const state::StoredRecord& stored) {
    return folder.locks.try_attachment(stored.tag).has_value();
  };
  bool is_found = false;
  for_each_batch(find_unnamed(network, kernel, folder), [&](std::span<const cni::Tag> batch) {
    is_found = is_found || std::ranges::any_of(find_stale(network, batch, kernel, folder), is_unlocked);
  });
  return is_found;
}

std::vector<state::Record> reclaim(const std::string& network, kernel::Kernel& kernel, state::Folder& folder,
                                   std::optional<cni::Tag> own) {
  auto unnamed = find_unnamed(network, kernel, folder);
  std::erase_if(unnamed, [&](cni::Tag tag) { return tag == own; });
  const auto records = find_stale(network, unnamed, kernel, folder);
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

std::vector<Footprint> find_orphaned_rules(kernel::Kernel& kernel, std::span<const state::Folder> folders) {
  auto found = kernel.list("");
  std::erase_if(found, [&](const Footprint& footprint) {
    return footprint.host.index != 0 || footprint.is_foreign_pair || is_in_flight(footprint.tag, folders) ||
           has_record(footprint.tag, folders);
  });
  if (found.empty()) return found;
  std::vector<Footprint> pairs;
  pairs.reserve(found.size());
  for (const auto& footprint : found) pairs.push_back(footprint_of(footprint.tag, ""));
  erase_existing(found, pairs, kernel);
  return found;
}

void remove_orphaned_rules(kernel::Kernel& kernel, const state::Folder& folder) {
  auto orphans = find_orphaned_rules(kernel, {&folder, 1});
  if (!orphans.empty()) tear_down_or_throw(std::move(orphans), {.kernel = &kernel});
}

}  // namespace attachment
