#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/port_vlans.hpp"

#include <cstdint>
#include <string>
#include <vector>

// Messages about the VLANs of a bridge port, in the words of `bridge vlan`.
namespace kernel {

/// Makes the VLANs of a new port those of wiring::port_vlans(): deletes its default VLAN, which the bridge has added,
/// unless it is wanted, and adds the others.
std::vector<NetlinkRequest> set_vlans(const Device& port, const wiring::Bridge& bridge, std::uint16_t default_vlan);

/// Deletes the VLANs of a port that are not wanted.
std::vector<NetlinkRequest> delete_other_vlans(const Device& port, const std::vector<wiring::PortVlan>& found,
                                               const std::vector<wiring::PortVlan>& wanted);

/// Lists the VLANs of one port; RTM_GETLINK could list only those of all ports.
NetlinkRequest list_vlans(const Device& port);

/// The VLANs of the port with this index in an answer to list_vlans(), in ascending order. Empty if the message is
/// about something else.
std::vector<wiring::PortVlan> find_vlans(const std::string& message, std::uint32_t port_index);

/// The VLANs of a port; empty if it is none, or if the kernel does not filter VLANs.
std::vector<wiring::PortVlan> observe_vlans(NetlinkSocket& socket, const Device& port);

}  // namespace kernel
