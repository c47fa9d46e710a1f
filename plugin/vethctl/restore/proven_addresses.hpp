#pragma once

#include "plugin/cni/network_config.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <vector>

namespace restore {

/// The addresses that an attachment without a record can be trusted to have been given. A workload with CAP_NET_ADMIN
/// gives itself any, so those on its interface alone prove nothing: routed, the host has a route of ours to each of
/// them over the host end; on a bridge, they are inside the ranges or among the addresses that a configuration of the
/// network names, one for each set of ranges, that from which the MAC was made before others.
std::vector<cni::IpAddress> proven_addresses(const wiring::Wiring& wiring, const wiring::Observed& observed,
                                             const std::vector<cni::NetworkConfig>& configurations);

/// The wiring without the container's other addresses, and without the routes and neighbours that go with them.
wiring::Wiring with_addresses(wiring::Wiring wiring, const std::vector<cni::IpAddress>& addresses);

}  // namespace restore
