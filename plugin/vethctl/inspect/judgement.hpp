#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <chrono>
#include <optional>

namespace inspect {

/// How an attachment stands by its record, and the host's link of it, where it has one.
struct Judgement {
  State state = State::live;
  std::optional<kernel::HostLink> link{};
};

/// Of a record that no call is at work on. A cable between namespaces stands where one of its ends does. Of a lease for
/// another plugin's interface nothing is known but that it is on record.
Judgement judge(const state::StoredRecord& stored, kernel::Inspector& inspector);

/// Since the record was written, never less than nothing; nullopt: not known.
std::optional<std::chrono::seconds> age_of(const state::StoredRecord& stored);

}  // namespace inspect
