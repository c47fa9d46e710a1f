#pragma once

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/interface_settings.hpp"

namespace kernel {

/// Applies the settings that are set. An interface that must be down for a change of its MAC is set down and up again.
/// Throws std::system_error.
void apply_settings(const Link& link, const wiring::InterfaceSettings& settings, NetlinkSocket& socket);

/// The values that the interface has of the settings that are set in `wanted`.
wiring::InterfaceSettings current_settings(const Link& link, const wiring::InterfaceSettings& wanted);

}  // namespace kernel
