#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace kernel {

/// Opens the file and verifies that it is a network namespace. Throws cni::Error invalid_netns if it is not, and
/// std::system_error for errors that do not concern the path, such as too many open files. Does not open a FIFO or a
/// device at the path.
Namespace open_network_namespace(const std::string& path);

/// The namespace of this process.
posix::FileDescriptor open_own_namespace();

bool is_same_namespace(int left, int right);

/// Requests the ID (nsid) that the namespace of the socket has for another namespace.
NetlinkRequest get_nsid(const Namespace& other);

/// The same for an open file of a network namespace; `path` is for messages.
NetlinkRequest get_nsid(int other, const std::string& path);

/// nullopt if the message is not about a namespace ID, or the namespace has none.
std::optional<std::int32_t> find_nsid(const std::string& message);

/// Runs `action` with the calling thread in the namespace `netns`, and returns to `host_netns`. Throws
/// std::system_error if the thread cannot enter the namespace, NamespaceReturnFailure if it cannot return
/// within a second, and what `action` throws.
void run_inside(int netns, int host_netns, const std::function<void()>& action);

/// Opens a netlink socket (NETLINK_ROUTE) in the namespace `netns`. Throws as run_inside() does.
NetlinkSocket open_socket_inside(int netns, int host_netns);

}  // namespace kernel
