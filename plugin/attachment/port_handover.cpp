#include "plugin/attachment/port_handover.hpp"

#include "plugin/attachment/best_effort.hpp"
#include "plugin/attachment/conflict_holder.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/wait.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace attachment {

PortHandover::PortHandover(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder)
    : request_(request), pod_(cni::pod_of(request.args)), kernel_(kernel), folder_(folder) {}

/// The record is read under the lock: a DEL may have just ended.
bool PortHandover::takes_over(cni::Tag holder) {
  if (pod_.empty()) return false;
  if (taken_over_.contains(holder)) return true;
  auto lock = folder_.locks.try_attachment(holder);
  if (!lock) return false;
  const auto stored = find_record(holder);
  if (!stored || !is_predecessor(*stored)) return false;
  taken_over_.emplace(holder, std::move(*lock));
  return true;
}

bool PortHandover::is_released(const kernel::Conflict& taken) {
  if (!taken.holder) return false;
  bool is_free = false;
  const auto is_decided = [&] {
    const bool may_become_free = is_leaving(*taken.holder);
    is_free = takes_over(*taken.holder) || release_stale_holder(taken, kernel_, folder_);
    return is_free || !may_become_free;
  };
  kernel::wait_until(is_decided, time_left());
  return is_free;
}

void PortHandover::protect(const kernel::AttachmentContext& context, const std::function<void()>& steps) {
  try {
    steps();
  } catch (const std::exception&) {
    give_back(context);
    throw;
  }
}

void PortHandover::give_back(const kernel::AttachmentContext& context) {
  BestEffort effort;
  for (auto& [holder, lock] : std::exchange(taken_over_, {})) {
    effort.attempt([&, tag = holder] { restore(tag, context); });
  }
}

std::optional<state::StoredRecord> PortHandover::find_record(cni::Tag holder) const {
  const auto network = folder_.records.find_network(holder);
  auto stored = network ? folder_.records.find(*network, holder) : std::nullopt;
  return stored && stored->record ? std::move(stored) : std::nullopt;
}

/// Another interface of the same container is no predecessor.
bool PortHandover::is_predecessor(const state::StoredRecord& holder) const {
  return holder.record->pod == pod_ && holder.record->attachment.container != request_.attachment.container;
}

/// The holder's lock shows a call that changes it. An ADD that has not been answered does not leave.
bool PortHandover::is_leaving(cni::Tag holder) const {
  const auto stored = find_record(holder);
  const bool is_locked = !folder_.locks.try_attachment(holder).has_value();
  if (!stored) return is_locked;
  if (stored->stage == state::Stage::pending) return is_locked && !pod_.empty() && is_predecessor(*stored);
  const bool are_pods = !pod_.empty() && !stored->record->pod.empty();
  return is_locked || are_pods || !has_namespace(*stored->record);
}

bool PortHandover::has_namespace(const state::Record& holder) const try {
  if (holder.netns.empty()) return true;
  kernel_.open_namespace(holder.netns, true);
  return true;
} catch (const cni::Error&) {
  return false;
}

std::chrono::milliseconds PortHandover::time_left() {
  constexpr std::chrono::seconds longest_wait{3};
  const auto now = std::chrono::steady_clock::now();
  if (!deadline_) deadline_ = now + longest_wait;
  return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(*deadline_ - now),
                  std::chrono::milliseconds{0});
}

void PortHandover::restore(cni::Tag holder, const kernel::AttachmentContext& context) {
  const auto lock = folder_.locks.try_attachment(holder);  // the restoration of other rules may have released it
  const auto stored = lock ? find_record(holder) : std::nullopt;
  if (!stored) return;
  const auto footprint = footprint_of(*stored->record);
  const auto wiring = wiring::find_wiring(stored->record->wiring);
  if (!wiring || !kernel_.find_ends({&footprint, 1}, kernel::Search::full).front()) return;
  kernel_.restore_rules({&*wiring, 1}, context, false);
}

}  // namespace attachment
