#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/wiring/wiring.hpp"

#include <vector>

namespace wiring {

/// One for each address of the lease, or none where the configuration wants none. The container's own network and
/// multicast groups see its own address in any case.
std::vector<Masquerade> masquerades(const cni::SourceNat& config, const cni::Lease& lease);

}  // namespace wiring
