#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <string>

// Messages about bridges and their ports, in the words of `ip link ... type bridge` and `bridge`.
namespace kernel {

/// A bridge, down. It has the MAC from the beginning: one that the kernel chooses changes with its ports. VLANs are
/// filtered where `filters_vlans`; a kernel that cannot do so refuses. EEXIST is as good as success: another ADD was
/// first.
NetlinkRequest create_bridge(const std::string& name, const cni::MacAddress& mac, std::uint32_t mtu,
                             bool filters_vlans);

NetlinkRequest set_promiscuous(const Device& bridge);

/// Makes the interface a port of the bridge.
NetlinkRequest enslave(const std::string& port, const Device& bridge);

/// Hairpin and isolation of a port. It has to be one already.
NetlinkRequest set_port_flags(const std::string& port, const wiring::Bridge& bridge);

/// Whether the port is to be in other VLANs than the bridge puts it into.
bool wants_vlans(const wiring::Bridge& bridge);

/// The VLANs of a port: its PVID, untagged, and the trunk, tagged. The one that the bridge gives every port (1) goes
/// before, unless it is to be kept.
std::vector<NetlinkRequest> set_vlans(const Device& port, const wiring::Bridge& bridge);

}  // namespace kernel
