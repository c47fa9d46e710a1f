#include "plugin/kernel/network_namespace.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/cannot_return.hpp"
#include "plugin/kernel/message.hpp"
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

/// Other errors say nothing about the path: a namespace that could not be opened for them may well be there.
bool is_of_the_path(int error) {
  constexpr std::array errors{ENOENT, ENOTDIR, ELOOP, EACCES, ENAMETOOLONG};
  return std::ranges::find(errors, error) != errors.end();
}

bool is_namespace_file(int file) {
  struct statfs file_system {};
  if (::fstatfs(file, &file_system) < 0) posix::throw_errno("look at a file system");
  return file_system.f_type == NSFS_MAGIC;
}

}  // namespace

// O_PATH touches nothing but the name, so a FIFO cannot hold us up; what is opened afterwards is the very file that was
// verified.
Namespace open_network_namespace(const std::string& path) try {
  const auto found = posix::find_file(AT_FDCWD, path, O_PATH);
  if (!found) refuse(path, "it does not exist: the container is gone, or was never started");
  if (!is_namespace_file(found->get())) refuse(path, "it is not a namespace, but another kind of file");
  auto file = posix::open_file(AT_FDCWD, "/proc/self/fd/" + std::to_string(found->get()), O_RDONLY);
  const int type = ::ioctl(file.get(), NS_GET_NSTYPE);
  if (type < 0) posix::throw_errno("ask for the type of a namespace");
  if (type != CLONE_NEWNET) refuse(path, "it is a namespace, but not a network namespace");
  return {std::move(file), path};
} catch (const std::system_error& error) {
  const int number = error.code().value();
  if (is_of_the_path(number)) refuse(path, error.what());
  throw posix::system_error(number, "open network namespace " + text::quoted(path));
}

posix::FileDescriptor open_own_namespace() { return posix::open_file(AT_FDCWD, "/proc/self/ns/net", O_RDONLY); }

bool is_same_namespace(int left, int right) {
  struct stat one {};
  struct stat other {};
  if (::fstat(left, &one) < 0 || ::fstat(right, &other) < 0) posix::throw_errno("look at a network namespace");
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

NetlinkRequest ask_namespace_number(const Namespace& other) {
  return ask_namespace_number(other.file.get(), other.path);
}

NetlinkRequest ask_namespace_number(int other, const std::string& path) {
  auto message = new_message(RTM_GETNSID, rtgenmsg{.rtgen_family = AF_UNSPEC});
  put_number(message.get(), NETNSA_FD, static_cast<std::uint32_t>(other));
  return {std::move(message), "ask for the number of network namespace " + text::quoted(path)};
}

std::optional<std::int32_t> find_namespace_number(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWNSID) return std::nullopt;
  const auto number =
      number_in<std::int32_t>(nlmsg_find_attr(header, sizeof(rtgenmsg), NETNSA_NSID), NETNSA_NSID_NOT_ASSIGNED);
  return number == NETNSA_NSID_NOT_ASSIGNED ? std::nullopt : std::optional{number};
}

namespace {

void enter(int there) {
  if (::setns(there, CLONE_NEWNET) < 0) posix::throw_errno("enter the container's network namespace");
}

/// The kernel may be short of memory for a moment.
void return_home(int home) {
  constexpr int attempts = 1000;
  for (int attempt = 0; ::setns(home, CLONE_NEWNET) < 0; ++attempt) {
    if (attempt == attempts) {
      throw CannotReturn{{cni::ErrorCode::system_refused,
                          "the kernel does not let this process back into the host's network namespace",
                          "what was made is left: DEL takes it away"}};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

}  // namespace

void run_inside(int there, int home, const std::function<void()>& act) {
  enter(there);
  try {
    act();
  } catch (...) {
    return_home(home);
    throw;
  }
  return_home(home);
}

NetlinkSocket open_socket_inside(int there, int home) {
  std::optional<NetlinkSocket> socket;
  run_inside(there, home, [&] { socket.emplace(NETLINK_ROUTE); });
  return std::move(*socket);
}

}  // namespace kernel
