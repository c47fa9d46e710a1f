#pragma once

#include "plugin/wiring/wiring.hpp"

namespace wiring {

/// Sets the source (src) of each IPv6 route of an end that has several IPv6 addresses: the first address whose prefix
/// contains the route's gateway, or else the first address. Port mappings lead to the first address, and replies have
/// to come from it. For IPv4 the kernel does the same (inet_select_addr() in net/ipv4/devinet.c); for IPv6 it compares
/// the addresses with each destination (RFC 6724).
void choose_ipv6_sources(End& end);

}  // namespace wiring
