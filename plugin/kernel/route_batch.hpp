#pragma once

#include "plugin/kernel/netlink_socket.hpp"

#include <vector>

namespace kernel {

/// Sends requests that may include add_route(), and returns the remaining refusals. An IPv6 route whose metric is taken
/// gets the next free one, so that the first route is used, as in IPv4; other refused requests are sent again with it.
/// Needs a further send only if a metric is taken.
Answers send_routes(NetlinkSocket& socket, std::vector<NetlinkRequest>& requests);

}  // namespace kernel
