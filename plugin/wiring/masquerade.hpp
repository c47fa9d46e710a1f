#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/wiring/wiring.hpp"

#include <vector>

namespace wiring {

/// One for each address of the lease; empty without ipMasq. Packets to the container's own network, to the pool of
/// the cluster and to multicast groups keep the container's address.
std::vector<Masquerade> masquerades(const cni::SourceNat& config, const cni::Lease& lease);

}  // namespace wiring
