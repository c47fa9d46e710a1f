#pragma once

#include <string>
#include <vector>

// What /proc tells of the network namespace of the calling thread: no program has to be started for it.
namespace support {

/// Interfaces with MAC, MTU and flags, IPv6 addresses, IPv4 addresses and routes as the kernel looks them up, IPv6
/// routes, IPv4 neighbours. One line each.
std::vector<std::string> proc_network();

/// The settings of all interfaces, of both families, each as "ipv6 eth0 accept_ra 0"; "all" and "default" among them.
std::vector<std::string> proc_settings();

}  // namespace support
