#include "plugin/vethctl/inspect/judgement.hpp"

#include "plugin/verbs/recorded_link.hpp"
#include "plugin/verbs/site.hpp"

#include <algorithm>

namespace inspect {

Judgement judge(const state::StoredRecord& stored, kernel::Kernel& kernel) {
  if (!stored.record) return {.state = State::unreadable};
  if (stored.stage == state::Stage::pending) return {.state = State::remains};
  const auto& record = *stored.record;
  const auto places = verbs::recorded_places(verbs::Recorded{stored.record});
  if (!places.empty()) return {.state = kernel.stands(record.attachment, places) ? State::live : State::broken};
  if (!record.host_interface) return {.state = State::live};
  const auto link = verbs::find_recorded_link(record, kernel);
  return {.state = link ? State::live : State::broken, .link = link};
}

std::optional<std::chrono::seconds> age_of(const state::StoredRecord& stored) {
  if (!stored.written_at) return std::nullopt;
  const auto age = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - *stored.written_at);
  return std::max(age, std::chrono::seconds{0});
}

}  // namespace inspect
