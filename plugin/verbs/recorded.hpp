#pragma once

#include "plugin/state/folder.hpp"
#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <vector>

namespace verbs {

/// What the record of an attachment says, read once for all that ask: nothing where there is none, or none that can be
/// read.
struct Recorded {
  Recorded() = default;
  explicit Recorded(std::optional<state::Record> found);
  explicit Recorded(const std::optional<state::StoredRecord>& stored);

  /// The IPv6 gateways that the attachment put on the host's lo.
  std::vector<cni::IpAddress> gateways() const;

  std::optional<state::Record> record{};
  std::optional<wiring::Wiring> outline{};  ///< its wiring without routes and neighbours
};

}  // namespace verbs
