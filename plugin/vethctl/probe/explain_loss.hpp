#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/kernel/prober.hpp"
#include "plugin/vethctl/probe/places.hpp"
#include "plugin/vethctl/probe/result.hpp"

namespace probe {

/// What reads the state of the network and sends packets.
struct Tools {
  kernel::Inspector& inspector;
  kernel::Prober& prober;
};

/// The endpoints and their opened namespaces.
struct TestedPath {
  const Plan& plan;
  const Places& places;
};

/// The cause of a loss: from the answer, and from the state of the interfaces, routes, neighbours and settings where
/// the packet was seen last.
Loss explain_loss(const Tools& tools, const TestedPath& path, const Test& test, const kernel::ProbeAnswer& answer);

/// The cause of the loss of packets larger than the path MTU.
Loss explain_black_hole(const Tools& tools, const Plan& plan, const Places& places, std::uint32_t mtu);

}  // namespace probe
