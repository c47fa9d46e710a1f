#pragma once

#include "plugin/attachment/ovs_ports.hpp"
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

/// What the details of many attachments have in common.
struct SharedReads {
  const kernel::RouteTables* host_routes = nullptr;  ///< of the host, read after the attachments were listed; null:
                                                     ///< they are read for each attachment
  attachment::OvsReader* ovs = nullptr;              ///< null: each attachment waits for its database
};

/// Reads the record again, and both ends from the kernel. A missing namespace is a difference, not an error.
Detail read_detail(kernel::Inspector& inspector, const std::vector<state::Folder>& folders,
                   const Attachment& attachment, const SharedReads& shared = {});

}  // namespace inspect
