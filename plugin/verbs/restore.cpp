#include "plugin/verbs/restore.hpp"

#include "plugin/attachment/best_effort.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/locked_batches.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace verbs {
namespace {

/// Restores the rules of all recorded attachments, one folder after the other.
class RuleRestorer {
 public:
  RuleRestorer(const wiring::Wiring& own, const kernel::AttachmentContext& context, kernel::Kernel& kernel)
      : own_(cni::tag_of(own.attachment)), context_(context), kernel_(kernel) {}

  /// False if an attachment was skipped because a call holds its lock.
  bool is_complete() const { return is_complete_; }

  void restore(const state::Folder& folder) {
    for (const auto& network : folder.records.networks()) {
      auto tags = folder.records.tags(network);
      std::erase(tags, own_);
      attachment::for_each_batch(
          tags, [&](std::span<const cni::Tag> batch) { effort_.attempt([&] { restore(network, batch, folder); }); });
    }
  }

  void restore_other(const std::string& root, const state::Folder& folder) {
    effort_.attempt([&] {
      const auto other = state::Folder::find(root);
      if (other && other->path() != folder.path()) restore(*other);
    });
  }

 private:
  /// Begins with the newest: a host port belongs to the container that has taken it over.
  void restore(const std::string& network, std::span<const cni::Tag> tags, const state::Folder& folder) {
    auto batch = attachment::lock_batch(network, tags, folder, attachment::no_wait);
    std::ranges::sort(batch.records, std::greater{}, &state::StoredRecord::written_at);
    is_complete_ = is_complete_ && batch.busy.empty();
    std::vector<wiring::Footprint> footprints;
    std::vector<wiring::Wiring> wirings;
    for (const auto& stored : batch.records) {
      auto wiring = stored.record ? wiring::find_wiring(stored.record->wiring) : std::nullopt;
      if (!wiring || !wiring::needs_rules(*wiring)) continue;
      footprints.push_back(attachment::footprint_of(*stored.record));
      wirings.push_back(std::move(*wiring));
    }
    if (wirings.empty()) return;
    const auto exists = kernel_.find_ends(footprints, kernel::Search::full);
    std::size_t index = 0;
    std::erase_if(wirings, [&](const wiring::Wiring&) { return !exists[index++]; });
    kernel_.restore_rules(wirings, context_, false);
  }

  cni::Tag own_;
  const kernel::AttachmentContext& context_;
  kernel::Kernel& kernel_;
  attachment::BestEffort effort_{};
  bool is_complete_ = true;
};

/// The roots of all state folders: the default, and those registered there (key dataDir).
std::vector<std::string> roots() {
  std::vector<std::string> all{std::string{state::default_root}};
  attachment::BestEffort effort;
  effort.attempt([&] {
    const auto registry = state::Folder::find(all.front());
    const auto others = registry ? registry->data_dirs() : std::vector<std::string>{};
    all.insert(all.end(), others.begin(), others.end());
  });
  return all;
}

}  // namespace

void restore_rules_of_other_attachments(const wiring::Wiring& own, const kernel::AttachmentContext& context,
                                        kernel::Kernel& kernel, const state::Folder& folder) {
  RuleRestorer restorer{own, context, kernel};
  restorer.restore(folder);
  for (const auto& root : roots()) restorer.restore_other(root, folder);
  if (restorer.is_complete()) kernel.restore_rules({&own, 1}, context, true);
}

}  // namespace verbs
