#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/wiring/wiring.hpp"

#include <optional>

namespace verbs {

/// What an ADD has created.
struct Created {
  const wiring::Wiring& wiring;
  const cni::Lease& lease;
  cni::MacAddress bridge_mac{};                         ///< mode bridge
  std::optional<cni::MacAddress> vlan_interface_mac{};  ///< of the bridge's interface in a VLAN
};

/// The result of ADD: prevResult, then the interfaces of the attachment with their addresses. Order of the interfaces:
/// ptp: host end, container end; bridge: bridge, host end, container end, and the bridge's interface in a VLAN if it
/// has the gateways; netns: container end, peer end; last the ifb of an egress limit.
cni::Result add_result(const cni::Request& request, const Created& created);

/// The lease in a result of ADD: the addresses on this attachment's interface, and the routes through it.
cni::Lease lease_of(const cni::Result& result, const cni::Request& request);

/// This attachment's interface in a result; null if the result does not contain it.
const cni::Interface* find_container_interface(const cni::Result& result, const cni::Request& request);

}  // namespace verbs
