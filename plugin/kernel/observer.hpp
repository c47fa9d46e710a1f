#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <string>

namespace kernel {

/// The interface of this name in the socket's namespace with all that stands on it; nullopt where there is none.
std::optional<wiring::ObservedEnd> observe_end(NetlinkSocket& socket, const std::string& name);

/// The bridge of a wiring that has one, in the socket's namespace; nullopt where there is no device of its name.
std::optional<wiring::ObservedBridge> observe_bridge(NetlinkSocket& socket, const wiring::Wiring& wiring);

/// Its addresses of both families.
std::vector<cni::Prefix> observe_addresses(NetlinkSocket& socket, const std::string& name, std::uint32_t index);

/// Whether the node forwards packets of the family; false where there is no such family.
bool observe_forwarding(NetlinkSocket& socket, cni::Family family);

}  // namespace kernel
