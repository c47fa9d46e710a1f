// What befalls a node between the calls, and calls that are given little: by people, by other programs, by the kernel.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;
using Clock = std::chrono::steady_clock;

/// Waits for it, a few seconds at most.
bool comes_true(const auto& condition) {
  const auto end = Clock::now() + std::chrono::seconds{5};
  while (!condition() && Clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return condition();
}

/// An ADD that has made all and waits for room in the pipe behind its result, then stopped: it holds its lock.
class FrozenAdd {
 public:
  explicit FrozenAdd(const Container& container) {
    ::mkfifo(pipe, 0600);
    end_ = posix::FileDescriptor{::open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    const std::string page(4096, ' ');
    while (::write(end_.get(), page.data(), page.size()) > 0) {
    }
    answer_ = std::async(std::launch::async, [&container] {
      return call({.command = "ADD",
                   .container = container.id,
                   .netns = container.netns.path(),
                   .config = dual_stack(),
                   .under = {"sh", "-c", R"(echo $$ >/run/test/process; exec "$0" >/run/test/result)"}});
    });
    EXPECT_TRUE(comes_true([&] { return has_interface(container.netns, "eth0") && is_waiting(); }));
    ::kill(process(), SIGSTOP);
  }

  /// It goes on and ends.
  Answer thaw() {
    std::array<char, 65536> buffer;
    while (::read(end_.get(), buffer.data(), buffer.size()) > 0) {
    }
    ::kill(process(), SIGCONT);
    return answer_.get();
  }

 private:
  static constexpr auto pipe = "/run/test/result";

  static pid_t process() { return std::stoi(read_text("/run/test/process")); }

  static bool is_waiting() {
    return read_text("/proc/" + std::to_string(process()) + "/wchan").find("pipe_write") != std::string::npos;
  }

  posix::FileDescriptor end_;
  std::future<Answer> answer_;
};

class NodeFaults : public testing::Test {
 protected:
  Namespace host = Namespace::host();
  Container a{"a"};
};

TEST_F(NodeFaults, DelIsNotHeldUpForeverByAnAddThatIsFrozen) {
  const auto before = Snapshot::take();
  FrozenAdd frozen{a};
  const auto begin = Clock::now();
  const auto refused = del(a, dual_stack());
  const auto waited = Clock::now() - begin;
  EXPECT_EQ(refused.exit, 1);
  EXPECT_EQ(code_of(refused), 11) << refused;
  EXPECT_GE(waited, std::chrono::seconds{10});
  EXPECT_LT(waited, std::chrono::seconds{13});
  const auto added = frozen.thaw();
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// The pair goes with the container's namespace then.
TEST_F(NodeFaults, DelSucceedsWhenTheHostsEndHasBeenMovedAway) {
  const auto before = Snapshot::take();
  const Namespace elsewhere{"elsewhere"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  const auto name = host_interface_of(added.result);
  change_ip(host, {"link", "set", name, "netns", "elsewhere"});
  const auto deleted = del(a, dual_stack(), added.result);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before));
  a.netns.remove();
  EXPECT_TRUE(comes_true([&] { return !has_interface(elsewhere, name); }));
}

TEST_F(NodeFaults, ABridgeThatWasDeletedIsMadeAnew) {
  const auto before = Snapshot::take();
  const auto config = in_mode("bridge");
  const Container b{"b"};
  ASSERT_EQ(add(a, config).exit, 0);
  change_ip(host, {"link", "delete", "br0"});
  const auto added = add(b, config);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ping(b.netns, gateway_of(added.result, 4)));
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(ping(b.netns, gateway_of(added.result, 6)));
  EXPECT_EQ(del(b, config).exit, 0);
  change_ip(host, {"link", "delete", "br0"});
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(NodeFaults, DelNeedsNoBridge) {
  const auto before = Snapshot::take();
  ASSERT_EQ(add(a, in_mode("bridge")).exit, 0);
  change_ip(host, {"link", "delete", "br0"});
  EXPECT_EQ(del(a, in_mode("bridge")).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// A kernel without IPv6, as far as it can be had: nobody takes an address of it.
TEST_F(NodeFaults, WithoutIpv6ItTakesNoMoreThanIpv4) {
  const auto switch_off = [] {
    for (const char* which : {"all", "default"})
      write_text(std::string{"/proc/sys/net/ipv6/conf/"} + which + "/disable_ipv6", "1");
  };
  switch_off();
  in(a.netns, switch_off);
  const auto before = Snapshot::take();
  const auto added = add(a, ipv4_only());
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 4)));
  const auto checked = check(a, ipv4_only(), added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
  EXPECT_EQ(del(a, ipv4_only()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
  const auto refused = add(a, dual_stack());
  EXPECT_EQ(refused.exit, 1) << refused;
  EXPECT_EQ(code_of(refused), 100) << refused;
  EXPECT_TRUE(unchanged_since(before));
}

/// Runs a program where the sysctls cannot be written, as in a container without privileges.
const std::vector<std::string> without_sysctls{
    "unshare", "-m", "sh", "-c",
    R"(mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro,nosuid,nodev,noexec /proc/sys && exec "$0")"};

class ReadOnlySysctls : public NodeFaults, public testing::WithParamInterface<const char*> {
 protected:
  Answer add_with(const json& config) const {
    return call(
        {.command = "ADD", .container = a.id, .netns = a.netns.path(), .config = config, .under = without_sysctls});
  }

  void set(const std::string& name, const std::string& value) const { write_text("/proc/sys/net/" + name, value); }

  void set_all() const {
    set("ipv4/ip_forward", "1");
    set("ipv6/conf/all/forwarding", "1");
    set("ipv6/conf/default/accept_ra", "0");
  }
};

TEST_P(ReadOnlySysctls, AreEnoughWhereTheyAreAsNeeded) {
  set_all();
  const auto added = add_with(in_mode(GetParam()));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 4)));
  EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 6)));
  EXPECT_EQ(del(a, in_mode(GetParam())).exit, 0);
}

TEST_P(ReadOnlySysctls, AreRefusedWhereTheyAreNot) {
  const std::vector<std::string> wrong{"ipv4/ip_forward 0", "ipv6/conf/all/forwarding 0",
                                       "ipv6/conf/default/accept_ra 1"};
  for (const auto& setting : wrong) {
    set_all();
    set(setting.substr(0, setting.find(' ')), setting.substr(setting.find(' ') + 1));
    const auto before = Snapshot::take();
    const auto refused = add_with(in_mode(GetParam()));
    EXPECT_EQ(code_of(refused), 100) << setting << refused;
    EXPECT_NE(refused.out.find("Read-only file system"), std::string::npos) << refused;
    if (has_interface(host, "br0")) change_ip(host, {"link", "delete", "br0"});
    EXPECT_TRUE(unchanged_since(before)) << setting;
  }
}

INSTANTIATE_TEST_SUITE_P(InMode, ReadOnlySysctls, testing::Values("ptp", "bridge"),
                         [](const auto& mode) { return std::string{mode.param}; });

/// One of two containers of a network, the other of which stands.
class Poor : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { ASSERT_EQ(add(standing, config_for("10.1.2.1/24", "eth0")).exit, 0); }

  json config_for(const std::string& peer_address, const std::string& peer_interface) const {
    if (std::string{"netns"} != GetParam()) return in_mode(GetParam());
    json config = in_mode("netns");
    config["ipam"].erase("routes");
    config["peer"] = {{"netns", peer.path()}, {"ifname", peer_interface}, {"addresses", {peer_address}}};
    config["ipam"]["ranges"].erase(1);
    return config;
  }

  /// As an ADD that did not come to its end.
  static bool is_on_record() {
    const auto pending = state_folder() + "/net/pending";
    return std::filesystem::exists(pending) && !std::filesystem::is_empty(pending);
  }

  Answer call_under(const std::string& limit, const std::string& verb) const {
    return call({.command = verb,
                 .container = a.id,
                 .netns = a.netns.path(),
                 .config = config_for("10.1.2.129/24", "eth1"),
                 .under = {"sh", "-c", limit + R"(; exec "$0")"}});
  }

  /// Where there is too little, an error leaves nothing; 137 and 139 would be the end of a plugin in its middle. Where
  /// undoing needs what there is too little of (mode netns), the record stays, by which DEL, GC and the next ADD know.
  void expect_answer_under(const std::string& limit) {
    SCOPED_TRACE(limit);
    const auto answer = call_under(limit, "ADD");
    EXPECT_TRUE(answer.exit == 0 || (answer.exit == 1 && code_of(answer) != 0)) << answer;
    const bool stands = has_interface(a.netns, "eth0");
    EXPECT_TRUE(stands || answer.exit == 1) << answer;
    EXPECT_TRUE(!stands || answer.exit == 0 || is_on_record()) << answer;
    if (stands) {
      EXPECT_EQ(call_under("true", "DEL").exit, 0);
    }
    EXPECT_TRUE(unchanged_since(before));
    EXPECT_FALSE(has_interface(a.netns, "eth0") || has_interface(peer, "eth1"));
    ++(answer.exit == 0 ? successes : refusals);
  }

  Namespace peer{"peer"};
  Container standing{"standing"};
  Container a{"a"};
  Snapshot before;
  int successes = 0;
  int refusals = 0;
};

TEST_P(Poor, OfDescriptorsItWorksOrLeavesNothing) {
  before = Snapshot::take();
  for (int limit = 4; limit <= 16; ++limit) expect_answer_under("ulimit -n " + std::to_string(limit));
  EXPECT_GT(successes, 0);
  EXPECT_GT(refusals, 0);
}

/// From where there is enough for VERSION, which is not even loaded with less.
TEST_P(Poor, OfMemoryItWorksOrLeavesNothing) {
  before = Snapshot::take();
  for (int limit = 1500, rest = 12; rest > 0; limit += 50) {
    const auto kilobytes = "ulimit -v " + std::to_string(limit);
    if (rest == 12 && call_under(kilobytes, "VERSION").exit != 0) continue;
    expect_answer_under(kilobytes);
    --rest;
  }
  EXPECT_GT(successes, 0);
  EXPECT_GT(refusals, 0);
}

INSTANTIATE_TEST_SUITE_P(InMode, Poor, testing::Values("ptp", "bridge", "netns"),
                         [](const auto& mode) { return mode.param; });

}  // namespace
