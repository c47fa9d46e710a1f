#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/wiring/difference.hpp"

#include <optional>
#include <vector>

namespace inspect {

/// An address of a container that lives elsewhere on the node.
struct UnreachableAddress {
  cni::IpAddress address;
  bool is_host_address = false;  ///< the host itself has it; false: the host has another route to it
  cni::Attachment attachment;
  std::optional<kernel::RouteEntry> route{};  ///< the route that the host uses; nullopt: unknown

  bool operator==(const UnreachableAddress&) const = default;
};

/// Of all attachments. The routing of the host is also searched for what prevents the repair of a missing route.
std::vector<UnreachableAddress> find_unreachable(kernel::Inspector& inspector, const std::vector<Detail>& attachments,
                                                 const kernel::Routing& host);

/// Whether the missing object is the host's route to the address: if the address lives elsewhere, the route cannot be
/// restored.
bool is_caused_by(const wiring::Difference& difference, const cni::IpAddress& address);

}  // namespace inspect
