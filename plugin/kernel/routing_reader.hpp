#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/routing.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kernel {

/// Lists the routes of all tables of one family.
NetlinkRequest list_all_routes(cni::Family family);

/// Lists the rules of one family.
NetlinkRequest list_policy_rules(cni::Family family);

/// One entry for each next hop; empty if the message is not a route.
std::vector<RouteEntry> find_route_entries(const std::string& message);

/// nullopt if the message is not a rule.
std::optional<PolicyRule> find_policy_rule(const std::string& message);

/// The routes and rules of the namespace of the socket, without the names of the devices.
Routing observe_routing(NetlinkSocket& socket);

/// Reads the name of the entry's device.
void read_device_name(NetlinkSocket& socket, RouteEntry& entry);

}  // namespace kernel
