// Several hosts (network namespaces) share a state folder's root, as kind and rootless Podman do: the folder of one
// that is gone does not stay, and those of the others are kept.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/state_folder.hpp"

#include <asm/socket.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace {

using namespace support;

// Since Linux 5.14; missing in the headers of some systems.
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

bool is_at_least_linux_6_18() {
  utsname names{};
  ::uname(&names);
  char* rest = nullptr;
  const auto major = std::strtol(names.release, &rest, 10);
  const auto minor = std::strtol(*rest == '.' ? rest + 1 : rest, nullptr, 10);
  return major > 6 || (major == 6 && minor >= 18);
}

std::uint64_t cookie_of(const Namespace& netns) {
  const auto socket = socket_in(netns, AF_UNIX, SOCK_DGRAM, 0);
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  EXPECT_EQ(::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size), 0);
  return cookie;
}

class HostNamespaces : public testing::Test {
 protected:
  void SetUp() override {
    if (!is_at_least_linux_6_18()) GTEST_SKIP() << "NOT RUN: needs Linux 6.18";
  }

  /// ADD in another host's namespace.
  static void attach(const Namespace& node, const Container& container) {
    const auto added = in(node, [&] { return add(container, dual_stack()); });
    ASSERT_EQ(added.exit, 0) << added;
  }

  /// Removes the attachment and the state folder of the namespace.
  static void forget(const Namespace& node, const Container& container) {
    EXPECT_EQ(in(node, [&] { return del(container, dual_stack()); }).exit, 0);
    std::filesystem::remove_all(folder_of(node));
  }

  /// The state folder of the namespace.
  static std::string folder_of(const Namespace& node) {
    const auto any = state_folder();
    return any.substr(0, any.rfind('-') + 1) + std::to_string(cookie_of(node));
  }

  Container a{"a"};
  Container b{"b"};
  Container c{"c"};
};

/// The kernel drops the last reference of a namespace that is unmounted a moment later.
TEST_F(HostNamespaces, LoseTheirFolderWhenTheyAreGone) {
  Namespace first{"first"};
  const Namespace second{"second"};
  const Namespace third{"third"};
  attach(first, a);
  attach(second, b);
  const auto of_first = folder_of(first);
  EXPECT_TRUE(std::filesystem::exists(of_first + "/net/live"));
  EXPECT_TRUE(std::filesystem::exists(folder_of(second) + "/net/live")) << "the first one exists and is kept";
  EXPECT_TRUE(std::filesystem::exists(of_first));
  first.remove();
  for (int attempt = 0; attempt < 40 && std::filesystem::exists(of_first); ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    if (attempt > 0) forget(third, c);
    attach(third, c);
  }
  EXPECT_FALSE(std::filesystem::exists(of_first));
  EXPECT_TRUE(std::filesystem::exists(folder_of(second) + "/net/live"));
  EXPECT_TRUE(std::filesystem::exists(folder_of(third) + "/net/live"));
  const auto checked = in(second, [] { return vethctl({"check"}); });
  EXPECT_EQ(checked.exit, 0) << checked.out;
}

/// A descriptor keeps a namespace without a name.
TEST_F(HostNamespaces, KeepTheirFolderWithoutAName) {
  Namespace first{"first"};
  attach(first, a);
  const auto folder = folder_of(first);
  ASSERT_EQ(run({.argv = {"umount", "--lazy", first.path()}}).exit, 0);
  const Namespace second{"second"};
  attach(second, b);
  EXPECT_TRUE(std::filesystem::exists(folder + "/net/live"));
}

}  // namespace
