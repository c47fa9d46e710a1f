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

/// One attachment, looked at closely.
struct Detail {
  Attachment attachment;
  std::optional<wiring::Wiring> wanted{};         ///< nullopt where no record tells it
  wiring::Observed observed{};                    ///< what the kernel has of it
  std::optional<kernel::Counters> container{};    ///< of the container's end
  std::optional<kernel::Counters> host{};         ///< of the other end
  std::vector<wiring::Difference> differences{};  ///< of the two

  bool operator==(const Detail&) const = default;
};

/// Reads the record once more, and both ends from the kernel. A namespace that is gone is a difference, not an error.
Detail look_closely(kernel::Inspector& inspector, const std::vector<state::Folder>& folders,
                    const Attachment& attachment);

}  // namespace inspect
