#include "integration/support/sandbox.hpp"

#include "integration/support/command.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace support {
namespace {

// An unprivileged process may only write gid_map after setgroups=deny (user_namespaces(7)).
void become_root(uid_t user, gid_t group) {
  posix::write_value("/proc/self/setgroups", "deny");
  posix::write_value("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
  posix::write_value("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
}

void mount_over(const char* type, const char* target, const char* options) {
  if (::mount(type, target, type, MS_NOSUID | MS_NODEV, options) < 0)
    posix::throw_errno("mount " + std::string{target});
}

void make_folder(const char* path) {
  if (::mkdir(path, 0755) < 0) posix::throw_errno("create " + std::string{path});
}

void replace_mounts() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) posix::throw_errno("make mounts private");
  // Otherwise /sys shows the machine's interfaces. The mount fails in a container with a masked /sys; no test depends
  // on it.
  [[maybe_unused]] const int may_fail = ::mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  for (const char* folder : {"/run", "/var/lib", "/var/log"}) mount_over("tmpfs", folder, "mode=0755");
  for (const char* folder : {"/run/netns", "/run/test", "/var/lib/cni"}) make_folder(folder);
}

void bring_up_lo() {
  const auto outcome = run({.argv = {"ip", "link", "set", "lo", "up"}});
  if (outcome.exit != 0) throw std::system_error(EIO, std::generic_category(), "bring up lo: " + outcome.err);
}

// `ip`, `tc` and `nft` are not in the PATH of unprivileged users.
void extend_path() {
  const char* path = std::getenv("PATH");
  ::setenv("PATH", (std::string{path != nullptr ? path : "/usr/bin:/bin"} + ":/usr/sbin:/sbin").c_str(), 1);
}

}  // namespace

std::optional<std::string> enter_sandbox() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) < 0)
    return posix::system_error(errno, "unshare user, network and mount namespaces").what();
  become_root(user, group);
  extend_path();
  return std::nullopt;
}

void make_node() {
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) < 0) posix::throw_errno("unshare network and mount namespaces");
  replace_mounts();
  bring_up_lo();
}

}  // namespace support
