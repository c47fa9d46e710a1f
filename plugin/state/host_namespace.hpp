#pragma once

#include <cstdint>

// The network namespace of the host, to which a state folder belongs.
namespace state {

/// The marks of a network namespace. The kernel never uses a cookie again during a boot.
struct HostNamespace {
  std::uint64_t cookie = 0;
  std::uint32_t inode = 0;  ///< of /proc/PID/ns/net

  bool operator==(const HostNamespace&) const = default;
};

/// The cookie of the calling thread's namespace. Unlike the inode number it is not reused during a boot. Throws
/// std::system_error.
std::uint64_t own_netns_cookie();

/// The namespace of the calling thread. Throws std::system_error.
HostNamespace own_host_namespace();

/// Whether the kernel reports that no process, mount or descriptor keeps the namespace, and so none can enter it any
/// more. False where that is unknown: before Linux 6.18, or if the call is forbidden.
bool is_gone(const HostNamespace& netns);

}  // namespace state
