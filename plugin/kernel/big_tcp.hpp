#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/big_tcp.hpp"

#include <span>
#include <string>

struct nl_msg;
struct nlattr;

namespace kernel {

/// The largest attribute of a link that this plugin reads: IFLA_GRO_IPV4_MAX_SIZE. The headers of Debian 12 end before.
constexpr int last_link_attribute = 64;

/// Adds the settings that are not 0.
void put_big_tcp(nl_msg* message, const wiring::BigTcp& sizes);

/// The settings in the attributes of a link, by their types up to last_link_attribute.
wiring::BigTcp read_big_tcp(std::span<nlattr* const> attributes);

/// Sets the settings of an interface. Tolerates EINVAL: the interface does not support such sizes.
NetlinkRequest set_big_tcp(const std::string& name, const wiring::BigTcp& sizes);

}  // namespace kernel
