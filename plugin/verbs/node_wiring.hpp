#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

namespace verbs {

/// The wiring of a complete lease on this node: where packets on a bridge go through netfilter, what a container sends
/// to a mapped port of its own comes back to the port of the bridge that it came from, which has to let it through.
/// `mtu` is in bytes. Throws what wiring::wire throws.
wiring::Wiring wire_on_node(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu,
                            kernel::Kernel& kernel);

}  // namespace verbs
