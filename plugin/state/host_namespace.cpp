#include "plugin/state/host_namespace.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/system_error.hpp"

#include <asm/socket.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

// Since Linux 5.14; missing in the headers of some systems.
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace state {
namespace {

// Since Linux 6.18; missing in the headers: FD_NSFS_ROOT of include/uapi/linux/fcntl.h, FILEID_NSFS of
// include/linux/exportfs.h.
constexpr int nsfs_root = -10003;
constexpr int nsfs_handle = 0xf1;

/// struct nsfs_file_handle of include/uapi/linux/nsfs.h.
struct NsfsHandle {
  std::uint64_t id = 0;
  std::uint32_t type = CLONE_NEWNET;
  std::uint32_t inode = 0;
};

/// Opens the namespace by its marks; returns 0 or errno. ESTALE: no such namespace. The kernel looks for it before it
/// checks permissions (nsfs_fh_to_dentry() in fs/nsfs.c).
int open_by_marks(const HostNamespace& netns) {
  const NsfsHandle marks{.id = netns.cookie, .inode = netns.inode};
  alignas(file_handle) std::array<std::byte, sizeof(file_handle) + sizeof marks> memory{};
  auto* handle = reinterpret_cast<file_handle*>(memory.data());
  handle->handle_bytes = sizeof marks;
  handle->handle_type = nsfs_handle;
  std::memcpy(memory.data() + offsetof(file_handle, f_handle), &marks, sizeof marks);
  const posix::FileDescriptor opened{::open_by_handle_at(nsfs_root, handle, O_RDONLY | O_CLOEXEC)};
  return opened ? 0 : errno;
}

}  // namespace

std::uint64_t own_netns_cookie() {
  const posix::FileDescriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) posix::throw_errno("open a socket");
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0) {
    posix::throw_errno("read the cookie of the network namespace (SO_NETNS_COOKIE, since Linux 5.14)");
  }
  return cookie;
}

HostNamespace own_host_namespace() {
  struct stat status {};
  if (::stat("/proc/self/ns/net", &status) < 0) posix::throw_errno("stat \"/proc/self/ns/net\"");
  return {.cookie = own_netns_cookie(), .inode = static_cast<std::uint32_t>(status.st_ino)};
}

/// That our own namespace is found shows that the kernel has this interface, and that its numbers are the cookies.
bool is_gone(const HostNamespace& netns) {
  return open_by_marks(netns) == ESTALE && open_by_marks(own_host_namespace()) == 0;
}

}  // namespace state
