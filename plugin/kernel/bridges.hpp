#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <string>

// Messages about bridges and their ports, in the words of `ip link ... type bridge` and `bridge`.
namespace kernel {

/// Creates a bridge, down. The MAC is set at the creation, since a MAC that the kernel chooses changes with the ports
/// (br_stp_recalculate_bridge_id() in net/bridge/br_stp_if.c). With `filters_vlans`, a kernel without VLAN filtering
/// returns EOPNOTSUPP. Tolerates EEXIST: another ADD may have created the bridge.
NetlinkRequest create_bridge(const std::string& name, const cni::MacAddress& mac, std::uint32_t mtu,
                             bool filters_vlans);

NetlinkRequest set_promiscuous(const Device& bridge);

/// Makes the interface a port of the bridge.
NetlinkRequest enslave(const std::string& port, const Device& bridge);

/// Sets hairpin and isolation of an interface that is a port already.
NetlinkRequest set_port_flags(const std::string& port, const wiring::Bridge& bridge);

}  // namespace kernel
