#include "plugin/vethctl/inspect/record_state.hpp"

#include "plugin/attachment/footprints.hpp"

#include <algorithm>

namespace inspect {

RecordState determine_state(const state::StoredRecord& stored, kernel::Inspector& inspector) {
  if (!stored.record) return {.state = State::unreadable};
  if (stored.stage == state::Stage::pending) return {.state = State::incomplete};
  const auto& record = *stored.record;
  const auto footprint = attachment::footprint_of(record);
  if (footprint.is_netns_pair) {
    const bool exists = inspector.kernel.find_ends({&footprint, 1}, kernel::Search::full).front();
    return {.state = exists ? State::live : State::broken};
  }
  if (!record.host_interface) return {.state = State::live};
  const auto link = inspector.find_host_link(footprint);
  return {.state = link ? State::live : State::broken, .link = link};
}

std::optional<std::chrono::seconds> age_of(const state::StoredRecord& stored) {
  if (!stored.written_at) return std::nullopt;
  const auto age = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - *stored.written_at);
  return std::max(age, std::chrono::seconds{0});
}

}  // namespace inspect
