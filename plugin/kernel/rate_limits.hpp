#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <vector>

// The rates of a container are limited only on the host: on the host end of the pair, and on an ifb to which the host
// end redirects the packets that it receives. The container cannot remove a limit, even with CAP_NET_ADMIN.
namespace kernel {

/// Adds requests that create the ifb of a wiring with an egress limit, down and with its alias, and query it. They are
/// sent together, so that a killed ADD leaves no ifb without an alias.
void create_ifb(const wiring::Wiring& wiring, std::vector<NetlinkRequest>& requests);

/// Adds requests that set the limits and bring the ifb up. They must precede the request that brings the host end up:
/// no packet passes without limit, and adding a qdisc to an interface that is up waits for packets in flight
/// (dev_deactivate_many() in net/sched/sch_generic.c).
void add_rate_limits(const wiring::Wiring& wiring, const Device& host, const Device& ifb,
                     std::vector<NetlinkRequest>& requests);

/// Removes the existing limits and the ifb, so that they can be created again.
void remove_limits(const wiring::Wiring& wiring, NetlinkSocket& socket);

/// Sets the existing limits in `observed`; observed.host must be set.
void observe_limits(NetlinkSocket& socket, const wiring::Wiring& wanted, wiring::Observed& observed);

}  // namespace kernel
