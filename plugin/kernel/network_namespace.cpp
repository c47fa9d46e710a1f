#include "plugin/kernel/network_namespace.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/namespace_return_failure.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace kernel {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
  throw cni::Error{cni::ErrorCode::invalid_netns, "open network namespace " + text::quoted(path) + ": " + reason};
}

/// Whether the error means that the path is wrong. After other errors the namespace may still exist.
bool is_path_error(int error) {
  constexpr std::array errors{ENOENT, ENOTDIR, ELOOP, EACCES, ENAMETOOLONG};
  return std::ranges::find(errors, error) != errors.end();
}

bool is_namespace_file(int file) {
  struct statfs file_system {};
  if (::fstatfs(file, &file_system) < 0) posix::throw_errno("get the type of a file system");
  return file_system.f_type == NSFS_MAGIC;
}

void enter(int netns) {
  if (::setns(netns, CLONE_NEWNET) < 0) posix::throw_errno("enter the container's network namespace");
}

/// setns() may fail temporarily if there is not enough memory.
void return_to_host_namespace(int host_netns) {
  constexpr int attempts = 1000;
  for (int attempt = 0; ::setns(host_netns, CLONE_NEWNET) < 0; ++attempt) {
    if (attempt == attempts) {
      throw NamespaceReturnFailure{{cni::ErrorCode::system_refused, "cannot return to the host's network namespace",
                                    "interfaces that this call created still exist. Remove them with DEL"}};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

}  // namespace

// O_PATH does not open the file itself, so a FIFO does not block. The file is opened afterwards by its descriptor, so
// it is the one that was verified.
Namespace open_network_namespace(const std::string& path) try {
  const auto found = posix::find_file(AT_FDCWD, path, O_PATH);
  if (!found) refuse(path, "it does not exist: the container has stopped, or was never started");
  if (!is_namespace_file(found->get())) refuse(path, "the file is not a namespace");
  auto file = posix::open_file(AT_FDCWD, "/proc/self/fd/" + std::to_string(found->get()), O_RDONLY);
  const int type = ::ioctl(file.get(), NS_GET_NSTYPE);
  if (type < 0) posix::throw_errno("get the type of a namespace");
  if (type != CLONE_NEWNET) refuse(path, "it is a namespace, but not a network namespace");
  return {std::move(file), path};
} catch (const std::system_error& error) {
  const int number = error.code().value();
  if (is_path_error(number)) refuse(path, error.what());
  throw posix::system_error(number, "open network namespace " + text::quoted(path));
}

posix::FileDescriptor open_own_namespace() { return posix::open_file(AT_FDCWD, "/proc/self/ns/net", O_RDONLY); }

bool is_same_namespace(int left, int right) {
  struct stat one {};
  struct stat other {};
  if (::fstat(left, &one) < 0 || ::fstat(right, &other) < 0) posix::throw_errno("stat a network namespace");
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

NetlinkRequest get_nsid(const Namespace& other) { return get_nsid(other.file.get(), other.path); }

NetlinkRequest get_nsid(int other, const std::string& path) {
  auto message = new_message(RTM_GETNSID, rtgenmsg{.rtgen_family = AF_UNSPEC});
  put_number(message.get(), NETNSA_FD, static_cast<std::uint32_t>(other));
  return {std::move(message), "get the ID of network namespace " + text::quoted(path)};
}

std::optional<std::int32_t> find_nsid(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWNSID) return std::nullopt;
  const auto number =
      number_in<std::int32_t>(nlmsg_find_attr(header, sizeof(rtgenmsg), NETNSA_NSID), NETNSA_NSID_NOT_ASSIGNED);
  return number == NETNSA_NSID_NOT_ASSIGNED ? std::nullopt : std::optional{number};
}

void run_inside(int netns, int host_netns, const std::function<void()>& action) {
  enter(netns);
  try {
    action();
  } catch (...) {
    return_to_host_namespace(host_netns);
    throw;
  }
  return_to_host_namespace(host_netns);
}

NetlinkSocket open_socket_inside(int netns, int host_netns) {
  std::optional<NetlinkSocket> socket;
  run_inside(netns, host_netns, [&] { socket.emplace(NETLINK_ROUTE); });
  return std::move(*socket);
}

}  // namespace kernel
