#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/wiring/wiring.hpp"

namespace verbs {

/// What an ADD has made.
struct Made {
  const wiring::Wiring& wiring;
  const cni::Lease& lease;
  cni::MacAddress bridge_mac{};  ///< mode bridge
};

/// What ADD says it made: the results of the plugins before us, then its interfaces (ptp: the host's and the
/// container's; bridge: the bridge before these; netns: the container's and the peer's; with an egress limit the ifb
/// behind them) with their addresses.
cni::Result answer(const cni::Request& request, const Made& made);

/// The lease that a result of ours tells of: the addresses on this attachment's interface, and the routes that can lead
/// through it.
cni::Lease lease_of(const cni::Result& result, const cni::Request& request);

/// This attachment's interface in a result; null where it is not there.
const cni::Interface* find_container_interface(const cni::Result& result, const cni::Request& request);

}  // namespace verbs
