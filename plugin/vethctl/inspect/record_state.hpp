#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <chrono>
#include <optional>

namespace inspect {

/// The state of an attachment by its record, and its host link if it has one.
struct RecordState {
  State state = State::live;
  std::optional<kernel::HostLink> link{};
};

/// The caller must hold the lock of the attachment. A pair between two namespaces is live if one of its ends exists. A
/// lease for an interface of another plugin is always live: only its record is known.
RecordState determine_state(const state::StoredRecord& stored, kernel::Inspector& inspector);

/// Time since the record was written, at least 0; nullopt: unknown.
std::optional<std::chrono::seconds> age_of(const state::StoredRecord& stored);

}  // namespace inspect
