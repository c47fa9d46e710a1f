#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace kernel {

/// Opens the file and verifies that it is a network namespace before anything is done with it. Throws cni::Error
/// invalid_netns with what it is instead, and std::system_error for what says nothing about the path, as a lack of
/// descriptors. A FIFO or a device at the path is not opened at all.
Namespace open_network_namespace(const std::string& path);

/// The namespace of this process.
posix::FileDescriptor open_own_namespace();

bool is_same_namespace(int left, int right);

/// Asks how the socket's namespace numbers another.
NetlinkRequest ask_namespace_number(const Namespace& other);

/// The same for an open file of a network namespace; `path` is for messages.
NetlinkRequest ask_namespace_number(int other, const std::string& path);

/// nullopt where the message is about something else, or the namespace has no number.
std::optional<std::int32_t> find_namespace_number(const std::string& message);

/// Runs `act` with the calling thread in the namespace `there`, and returns to `home`. Throws std::system_error where
/// the kernel refuses the way in, CannotReturn (cannot_return.hpp) where it refuses the way back for a second, and what
/// `act` throws.
void run_inside(int there, int home, const std::function<void()>& act);

/// A netlink socket (NETLINK_ROUTE) that stays in the namespace `there`. Throws as run_inside does.
NetlinkSocket open_socket_inside(int there, int home);

}  // namespace kernel
