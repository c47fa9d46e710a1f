#pragma once

#include <string>
#include <vector>

// Reads the network namespace of the calling thread from /proc, which is faster than running programs.
namespace support {

/// Interfaces with MAC, MTU and flags, IPv6 addresses, IPv4 addresses and routes (from fib_trie), IPv6 routes, IPv4
/// neighbours. One line each.
std::vector<std::string> proc_network();

/// The sysctls of all interfaces, "all" and "default", of both families, each as "ipv6 eth0 accept_ra 0".
std::vector<std::string> proc_settings();

}  // namespace support
