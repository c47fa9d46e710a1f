#include "plugin/verbs/restore.hpp"

#include "plugin/attachment/best_effort.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/locked_batches.hpp"
#include "plugin/wiring/text.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace verbs {
namespace {

/// The restoration of everything on record in one folder after the other.
class Restoration {
 public:
  Restoration(const wiring::Wiring& own, const kernel::Site& site, kernel::Kernel& kernel)
      : own_(cni::tag_of(own.attachment)), site_(site), kernel_(kernel) {}

  /// False where an attachment was skipped.
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
  void restore(const std::string& network, std::span<const cni::Tag> tags, const state::Folder& folder) {
    const auto batch = attachment::lock_batch(network, tags, folder, attachment::at_once);
    is_complete_ = is_complete_ && batch.busy.empty();
    std::vector<wiring::Footprint> footprints;
    std::vector<wiring::Wiring> wirings;
    for (const auto& stored : batch.records) {
      auto wiring = stored.record ? wiring::find_wiring(stored.record->wiring) : std::nullopt;
      if (!wiring || !wiring::wants_rules(*wiring)) continue;
      footprints.push_back(attachment::footprint_of(*stored.record));
      wirings.push_back(std::move(*wiring));
    }
    if (wirings.empty()) return;
    const auto exists = kernel_.find_ends(footprints, kernel::Search::full);
    std::size_t place = 0;
    std::erase_if(wirings, [&](const wiring::Wiring&) { return !exists[place++]; });
    kernel_.restore_rules(wirings, site_, false);
  }

  cni::Tag own_;
  const kernel::Site& site_;
  kernel::Kernel& kernel_;
  attachment::BestEffort effort_{};
  bool is_complete_ = true;
};

/// Where state folders may be: the default, and those that are written down there (key dataDir).
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

void restore_rules_of_others(const wiring::Wiring& own, const kernel::Site& site, kernel::Kernel& kernel,
                             const state::Folder& folder) {
  Restoration restoration{own, site, kernel};
  restoration.restore(folder);
  for (const auto& root : roots()) restoration.restore_other(root, folder);
  if (restoration.is_complete()) kernel.restore_rules({&own, 1}, site, true);
}

}  // namespace verbs
