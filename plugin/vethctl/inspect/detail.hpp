#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/inspect/node.hpp"
#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <vector>

namespace inspect {

/// One attachment with the wanted and the observed state of both ends.
struct Detail {
  Attachment attachment;
  std::optional<wiring::Wiring> wanted{};         ///< from the record; nullopt: no readable record
  wiring::Observed observed{};                    ///< what the kernel reports
  std::optional<kernel::Counters> container{};    ///< of the container end
  std::optional<kernel::Counters> host{};         ///< of the other end
  std::vector<wiring::Difference> differences{};  ///< between wanted and observed

  bool operator==(const Detail&) const = default;
};

/// Reads the record again, and both ends from the kernel. A missing namespace is a difference, not an error.
/// `host_routes`: the routes of the host, read after the attachment was listed; null: they are read.
Detail read_detail(kernel::Inspector& inspector, const std::vector<state::Folder>& folders,
                   const Attachment& attachment, const kernel::RouteTables* host_routes = nullptr);

}  // namespace inspect
