#include "integration/support/namespace.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace support {
namespace {

constexpr auto own_file = "/proc/thread-self/ns/net";

// unshare changes the namespace of the calling thread only. The mount keeps the namespace alive when the thread ends.
void mount_new(const std::string& path) {
  std::async(std::launch::async, [&] {
    if (::unshare(CLONE_NEWNET) < 0) posix::throw_errno("unshare the network namespace");
    if (::mount(own_file, path.c_str(), nullptr, MS_BIND, nullptr) < 0) posix::throw_errno("mount " + path);
  }).get();
}

}  // namespace

Namespace::Namespace(const std::string& name) : name_(name), path_("/run/netns/" + name) {
  posix::open_file(AT_FDCWD, path_, O_RDONLY | O_CREAT | O_EXCL);
  mount_new(path_);
  file_ = posix::open_file(AT_FDCWD, path_, O_RDONLY);
}

Namespace::Namespace(std::string name, std::string path, posix::FileDescriptor file)
    : name_(std::move(name)), path_(std::move(path)), file_(std::move(file)) {}

Namespace Namespace::host() {
  return Namespace{"", "/proc/" + std::to_string(::getpid()) + "/ns/net",
                   posix::open_file(AT_FDCWD, own_file, O_RDONLY)};
}

Namespace::~Namespace() { remove(); }

void Namespace::enter() const {
  if (::setns(file_.get(), CLONE_NEWNET) < 0) posix::throw_errno("enter " + path_);
}

void Namespace::remove() {
  file_.close();
  if (std::exchange(name_, {}).empty()) return;
  ::umount2(path_.c_str(), MNT_DETACH);
  ::unlink(path_.c_str());
}

posix::FileDescriptor socket_in(const Namespace& netns, int domain, int type, int protocol) {
  return in(netns, [&] {
    posix::FileDescriptor socket{::socket(domain, type | SOCK_CLOEXEC, protocol)};
    if (!socket) posix::throw_errno("open a socket in " + netns.path());
    return socket;
  });
}

}  // namespace support
