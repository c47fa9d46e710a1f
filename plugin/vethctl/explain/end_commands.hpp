#pragma once

#include "plugin/vethctl/explain/shell.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>

// Commands of ip(8) and bridge(8) for one interface.
namespace explain {

/// An interface and the namespace in which it is.
struct Device {
  Namespace netns{};
  std::string name{};
};

/// `enable_dad`: IPv6 addresses go through duplicate address detection.
std::string add_address(const Device& device, const wiring::Address& address, bool enable_dad);
std::string add_route(const Device& device, const wiring::Route& route);
std::string set_neighbour(const Device& device, const wiring::Neighbour& neighbour);
std::string set_alias(const Device& device, const cni::Attachment& attachment);
std::string bring_up(const Device& device);
/// `ip link set dev DEVICE ARGUMENTS`
std::string set_link(const Device& device, const std::string& arguments);

/// The bridge with its gateways, created if it does not exist.
Commands bridge_commands(const wiring::Wiring& wiring);

/// The host end becomes a port of the bridge.
Commands port_commands(const wiring::Wiring& wiring);

/// The VLANs of the port, which must be up.
Commands vlan_commands(const std::string& port, const wiring::Bridge& bridge);

/// The local route to ::1 for mapped ports.
std::string add_loopback_route(const std::string& interface);

/// Before IPv6 forwarding is enabled, sets accept_ra=2 on each interface that accepts router advertisements.
std::string keep_router_advertisements();

/// Forwarding of the node.
Commands forwarding_commands(const wiring::Wiring& wiring);

}  // namespace explain
