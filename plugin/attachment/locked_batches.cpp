#include "plugin/attachment/locked_batches.hpp"

#include <algorithm>
#include <utility>

namespace attachment {

LockedBatch lock_batch(const std::string& network, std::span<const cni::Tag> tags, const state::Folder& folder,
                       Deadline deadline) {
  using std::chrono::milliseconds;
  LockedBatch batch;
  for (const auto tag : tags) {
    const auto rest = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    auto lock = folder.locks.try_attachment(tag, std::max(rest, milliseconds{0}));
    if (!lock) {
      batch.busy.push_back(tag);
      continue;
    }
    batch.locks.push_back(std::move(*lock));
    batch.tags.push_back(tag);
    if (auto stored = folder.records.find(network, tag)) batch.records.push_back(std::move(*stored));
  }
  return batch;
}

void for_each_batch(std::span<const cni::Tag> tags, const std::function<void(std::span<const cni::Tag>)>& act) {
  constexpr std::size_t batch_size = 200;
  while (!tags.empty()) {
    const auto batch = tags.first(std::min(batch_size, tags.size()));
    act(batch);
    tags = tags.subspan(batch.size());
  }
}

}  // namespace attachment
