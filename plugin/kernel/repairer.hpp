#pragma once

#include "plugin/kernel/kernel.hpp"

#include <optional>

namespace kernel {

/// Restores attachments that lost something.
class Repairer {
 public:
  virtual ~Repairer() = default;

  /// Puts back what is missing of a wiring that was built; what exists stays as it is. Both ends have to be proven one
  /// pair (Observed::is_pair). Returns the conflict where an address or a port of it is in use by now.
  /// Throws std::system_error with the act, its object and the kernel's own sentence.
  virtual std::optional<Conflict> repair(const wiring::Wiring& wiring, const Site& site) = 0;
};

}  // namespace kernel
