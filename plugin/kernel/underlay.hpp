#pragma once

#include "plugin/wiring/underlay.hpp"

#include <vector>

namespace kernel {

/// What the kernel reports about the network to these nodes, in the network namespace of the calling thread. One query
/// for each address. `next_hops` stays empty. Throws std::system_error.
wiring::Underlay read_underlay(const std::vector<cni::IpAddress>& nodes);

}  // namespace kernel
