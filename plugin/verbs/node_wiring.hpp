#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>

namespace verbs {

/// The wiring of a complete lease on this node. If bridged packets go through netfilter (bridge-nf-call-iptables), the
/// bridge port gets hairpin mode: packets from a container to its own mapped port return to the port they came from.
/// `mtu` is in bytes. Throws what wiring::wire throws.
wiring::Wiring wire_on_node(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu,
                            kernel::Kernel& kernel);

}  // namespace verbs
