#pragma once

#include "plugin/cni/network_config.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <vector>

namespace restore {

/// The addresses that were assigned to an attachment without a record. A workload with CAP_NET_ADMIN can add any
/// address to its interface, so a second proof is needed. Routed: the host has a route of this plugin to the address
/// through the host end. On a bridge: the address is in a range or a list of a configuration of the network; one
/// address for each set of ranges, preferably the one from which the MAC was derived.
std::vector<cni::IpAddress> proven_addresses(const wiring::Wiring& wiring, const wiring::Observed& observed,
                                             const std::vector<cni::NetworkConfig>& configurations);

/// The wiring without the other addresses of the container and without their neighbour entries.
wiring::Wiring keep_only_addresses(wiring::Wiring wiring, const std::vector<cni::IpAddress>& addresses);

/// The wiring with the host's routes to the addresses of a routed container. The kernel removes them when the host end
/// is set down.
wiring::Wiring with_host_routes(wiring::Wiring wiring);

}  // namespace restore
