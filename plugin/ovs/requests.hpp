#pragma once

#include "plugin/ovs/port.hpp"

#include <cstdint>
#include <span>
#include <string>

// The requests of this plugin to the database of Open vSwitch, as JSON texts: RFC 7047, section 4.1.3, and
// ovsdb-server(7). A port can be added in a network namespace of its own, without a library of Open vSwitch.
namespace ovs {

/// The number of a request in its answer.
using RequestId = unsigned;

/// Adds a port and its interface to an existing bridge, and asks for the datapath of the bridge.
std::string add_port(RequestId id, const NewPort& port);

/// Waits until ovs-vswitchd has tried to open the interface, and asks for the result.
std::string await_port(RequestId id, const std::string& interface, std::uint32_t timeout_ms);

/// For each port: asks for the datapath of its bridge, then removes it from its bridge. The database deletes the rows
/// of ports that no bridge has (garbage collection: RFC 7047, section 3.2, isRoot). A missing port is not an error.
std::string remove_ports(RequestId id, std::span<const std::string> uuids);

/// Asks ovs-vswitchd to apply the changes so far, and for the number of this request.
std::string request_configuration(RequestId id);

/// Waits until ovs-vswitchd has applied the changes before the request of this number.
std::string await_configuration(RequestId id, std::int64_t number, std::uint32_t timeout_ms);

/// Asks for a port, its interface and its bridge.
std::string find_port(RequestId id, const std::string& uuid, const std::string& interface);

/// Asks for a bridge.
std::string find_bridge(RequestId id, const std::string& bridge);

/// Asks for the ports of this plugin.
std::string list_ports(RequestId id);

/// The answer to a message "echo" with this ID and these parameters, which are JSON texts: RFC 7047, section 4.1.11.
std::string answer_echo(const std::string& id, const std::string& parameters);

}  // namespace ovs
