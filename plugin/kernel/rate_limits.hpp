#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <vector>

// What a container may send and receive is limited on the host alone: on its end of the pair, and on an ifb to which
// that end redirects what it receives. The container sees nothing of it, so no right of its own lifts a limit.
namespace kernel {

/// The ifb of a wiring with an egress limit, down and labelled, and a question about it. They go with the pair's: no
/// kill can leave one that does not say whose it is.
void create_ifb(const wiring::Wiring& wiring, std::vector<NetlinkRequest>& requests);

/// The limits, and the ifb up. Before the host's end goes up: nothing passes unlimited, and a qdisc that is put on an
/// interface that is up waits for the packets in flight.
void limit_rates(const wiring::Wiring& wiring, const Device& host, const Device& ifb,
                 std::vector<NetlinkRequest>& requests);

/// Takes limits and ifb away, whatever of them stands, so that they can be made anew.
void lift_limits(const wiring::Wiring& wiring, NetlinkSocket& socket);

/// What there is of the wanted limits; `observed` knows the host's end already.
void observe_limits(NetlinkSocket& socket, const wiring::Wiring& wanted, wiring::Observed& observed);

}  // namespace kernel
