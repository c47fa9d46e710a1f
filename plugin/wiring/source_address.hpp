#pragma once

#include "plugin/wiring/wiring.hpp"

namespace wiring {

/// Gives each IPv6 route of an end that has several IPv6 addresses a source (src): the first address in the prefix of
/// the route's gateway, or the first address of all. Port mappings lead to the first one, and answers have to come from
/// it. The kernel does the same for IPv4 by itself (inet_select_addr() in net/ipv4/devinet.c); for IPv6 it compares the
/// addresses with each destination (RFC 6724).
void choose_ipv6_sources(End& end);

}  // namespace wiring
