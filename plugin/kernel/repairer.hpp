#pragma once

#include "plugin/kernel/kernel.hpp"

#include <optional>
#include <vector>

namespace kernel {

/// Restores missing parts of attachments.
class Repairer {
 public:
  virtual ~Repairer() = default;

  /// Restores the missing parts of a wiring that was built; existing parts are not changed. Both ends must be proven to
  /// be one pair (Observed::is_pair). Returns a conflict if an address or a port of it is in use now.
  /// Throws std::system_error with the action, its object and the error text of the kernel.
  virtual std::optional<Conflict> repair(const wiring::Wiring& wiring, const AttachmentContext& context) = 0;

  /// The addresses that live elsewhere on the node, each with the route of the host to it; a repair does not change
  /// that. `device_index` is that of the host end, or of the bridge.
  virtual std::vector<Conflict> find_conflicts(const wiring::Wiring& wiring, std::uint32_t device_index) = 0;
};

}  // namespace kernel
