#include "plugin/verbs/restore.hpp"

#include "plugin/verbs/best_effort.hpp"
#include "plugin/verbs/recorded_link.hpp"
#include "plugin/wiring/text.hpp"

namespace verbs {
namespace {

void restore(const state::Record& record, kernel::Kernel& kernel) {
  const auto wiring = wiring::find_wiring(record.wiring);
  if (!wiring || !wiring::wants_rules(*wiring) || !find_recorded_link(record, kernel)) return;
  try {
    kernel.restore_rules(*wiring);
  } catch (const kernel::HostPortTaken&) {
    return;
  }
}

}  // namespace

void restore_rules_of_others(const cni::Attachment& own, kernel::Kernel& kernel, const state::Folder& folder) {
  BestEffort effort;
  for (const auto& network : folder.networks()) {
    for (const auto& stored : folder.records(network)) {
      if (stored.tag == cni::tag_of(own) || !stored.record) continue;
      const auto lock = folder.try_lock(stored.tag);
      if (lock) effort.attempt([&] { restore(*stored.record, kernel); });
    }
  }
}

}  // namespace verbs
