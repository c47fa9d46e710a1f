#include "plugin/verbs/restore.hpp"

#include "plugin/verbs/best_effort.hpp"
#include "plugin/verbs/recorded_link.hpp"
#include "plugin/wiring/text.hpp"

#include <optional>
#include <string>
#include <vector>

namespace verbs {
namespace {

/// The restoration of all that is on record in one folder after the other.
class Restoration {
 public:
  Restoration(const wiring::Wiring& own, kernel::Kernel& kernel) : own_(cni::tag_of(own.attachment)), kernel_(kernel) {}

  /// False while somebody was skipped.
  bool is_complete() const { return is_complete_; }

  void restore(const state::Folder& folder) {
    for (const auto& network : folder.networks()) {
      for (const auto& listed : folder.records(network)) {
        if (listed.tag != own_) effort_.attempt([&] { restore(network, listed.tag, folder); });
      }
    }
  }

  void restore_other(const std::string& root, const state::Folder& folder) {
    effort_.attempt([&] {
      const auto other = state::Folder::find(root);
      if (other && other->path() != folder.path()) restore(*other);
    });
  }

 private:
  /// The record is read again under the lock: it may be of another ADD by now.
  void restore(const std::string& network, cni::Tag tag, const state::Folder& folder) {
    const auto lock = folder.try_lock(tag);
    if (!lock) is_complete_ = false;
    const auto stored = lock ? folder.find_record(network, tag) : std::nullopt;
    if (!stored || !stored->record) return;
    const auto wiring = wiring::find_wiring(stored->record->wiring);
    if (!wiring || !wiring::wants_rules(*wiring) || !find_recorded_link(*stored->record, kernel_)) return;
    try {
      kernel_.restore_rules(*wiring);
    } catch (const kernel::HostPortTaken&) {
      return;
    }
  }

  cni::Tag own_;
  kernel::Kernel& kernel_;
  BestEffort effort_{};
  bool is_complete_ = true;
};

/// Where state folders may be: the default, and those that are written down there (key dataDir).
std::vector<std::string> roots() {
  std::vector<std::string> all{std::string{state::default_root}};
  BestEffort effort;
  effort.attempt([&] {
    const auto registry = state::Folder::find(all.front());
    const auto others = registry ? registry->data_dirs() : std::vector<std::string>{};
    all.insert(all.end(), others.begin(), others.end());
  });
  return all;
}

}  // namespace

void restore_rules_of_others(const wiring::Wiring& own, kernel::Kernel& kernel, const state::Folder& folder) {
  Restoration restoration{own, kernel};
  restoration.restore(folder);
  for (const auto& root : roots()) restoration.restore_other(root, folder);
  if (restoration.is_complete()) kernel.finish_restoring_rules(own);
}

}  // namespace verbs
