// Calls on a node where something was changed between the calls, where sysctls are read-only, or where descriptors and
// memory are scarce.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/slowness.hpp"
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

/// Waits for the condition for at most 5 seconds.
bool wait_until(const auto& condition) {
  const auto end = Clock::now() + std::chrono::seconds{5} * slowness();
  while (!condition() && Clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return condition();
}

/// An ADD that has made its interfaces and blocks while it writes its result into a full pipe; then it is stopped by
/// SIGSTOP. It holds the lock of its attachment.
class StoppedAdd {
 public:
  explicit StoppedAdd(const Container& container) {
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
                   .wrapper = {"sh", "-c", R"(echo $$ >/run/test/process; exec "$0" >/run/test/result)"}});
    });
    EXPECT_TRUE(wait_until([&] { return has_interface(container.netns, "eth0") && is_waiting(); }));
    ::kill(process(), SIGSTOP);
  }

  /// Continues it and waits for its end.
  Answer continue_to_end() {
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

TEST_F(NodeFaults, DelDoesNotWaitForeverForAStoppedAdd) {
  const auto before = Snapshot::take();
  StoppedAdd stopped{a};
  const auto begin = Clock::now();
  const auto refused = del(a, dual_stack());
  const auto waited = Clock::now() - begin;
  EXPECT_EQ(refused.exit, 1);
  EXPECT_EQ(code_of(refused), 11) << refused;
  EXPECT_GE(waited, std::chrono::seconds{10});
  EXPECT_LT(waited, std::chrono::seconds{10} + std::chrono::seconds{3} * slowness());
  const auto added = stopped.continue_to_end();
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// DEL cannot reach the host end. The pair is deleted together with the container's namespace.
TEST_F(NodeFaults, DelSucceedsAfterTheHostEndWasMovedToAnotherNamespace) {
  const auto before = Snapshot::take();
  const Namespace elsewhere{"elsewhere"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  const auto name = host_interface_of(added.result);
  run_ip(host, {"link", "set", name, "netns", "elsewhere"});
  const auto deleted = del(a, dual_stack(), added.result);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before));
  a.netns.remove();
  EXPECT_TRUE(wait_until([&] { return !has_interface(elsewhere, name); }));
}

TEST_F(NodeFaults, ADeletedBridgeIsMadeAgainByTheNextAdd) {
  const auto before = Snapshot::take();
  const auto config = in_mode("bridge");
  const Container b{"b"};
  ASSERT_EQ(add(a, config).exit, 0);
  run_ip(host, {"link", "delete", "br0"});
  const auto added = add(b, config);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ping(b.netns, gateway_of(added.result, 4)));
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(ping(b.netns, gateway_of(added.result, 6)));
  EXPECT_EQ(del(b, config).exit, 0);
  run_ip(host, {"link", "delete", "br0"});
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(NodeFaults, DelNeedsNoBridge) {
  const auto before = Snapshot::take();
  ASSERT_EQ(add(a, in_mode("bridge")).exit, 0);
  run_ip(host, {"link", "delete", "br0"});
  EXPECT_EQ(del(a, in_mode("bridge")).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// Simulates a kernel without IPv6: no interface accepts an IPv6 address.
TEST_F(NodeFaults, OnlyIpv4CanBeAddedWithoutIpv6) {
  const auto disable_ipv6 = [] {
    for (const char* which : {"all", "default"})
      write_text(std::string{"/proc/sys/net/ipv6/conf/"} + which + "/disable_ipv6", "1");
  };
  disable_ipv6();
  in(a.netns, disable_ipv6);
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

/// Runs a program with read-only sysctls, as an unprivileged container has them.
const std::vector<std::string> with_read_only_sysctls{
    "unshare", "-m", "sh", "-c",
    R"(mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro,nosuid,nodev,noexec /proc/sys && exec "$0")"};

class ReadOnlySysctls : public NodeFaults, public testing::WithParamInterface<const char*> {
 protected:
  Answer add_with(const json& config) const {
    return call({.command = "ADD",
                 .container = a.id,
                 .netns = a.netns.path(),
                 .config = config,
                 .wrapper = with_read_only_sysctls});
  }

  void set(const std::string& name, const std::string& value) const { write_text("/proc/sys/net/" + name, value); }

  void set_all_as_needed() const {
    set("ipv4/ip_forward", "1");
    set("ipv6/conf/all/forwarding", "1");
    set("ipv6/conf/default/accept_ra", "0");
  }
};

TEST_P(ReadOnlySysctls, AreAcceptedWithTheNeededValues) {
  set_all_as_needed();
  const auto added = add_with(in_mode(GetParam()));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 4)));
  EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 6)));
  EXPECT_EQ(del(a, in_mode(GetParam())).exit, 0);
}

TEST_P(ReadOnlySysctls, AreReportedWithOtherValues) {
  const std::vector<std::string> wrong{"ipv4/ip_forward 0", "ipv6/conf/all/forwarding 0",
                                       "ipv6/conf/default/accept_ra 1"};
  for (const auto& setting : wrong) {
    set_all_as_needed();
    set(setting.substr(0, setting.find(' ')), setting.substr(setting.find(' ') + 1));
    const auto before = Snapshot::take();
    const auto refused = add_with(in_mode(GetParam()));
    EXPECT_EQ(code_of(refused), 100) << setting << refused;
    EXPECT_NE(refused.out.find("Read-only file system"), std::string::npos) << refused;
    if (has_interface(host, "br0")) run_ip(host, {"link", "delete", "br0"});
    EXPECT_TRUE(unchanged_since(before)) << setting;
  }
}

INSTANTIATE_TEST_SUITE_P(InMode, ReadOnlySysctls, testing::Values("ptp", "bridge"),
                         [](const auto& mode) { return std::string{mode.param}; });

/// Container a in a network to which another container is attached.
class ResourceLimits : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { ASSERT_EQ(add(other, config_for("10.1.2.1/24", "eth0")).exit, 0); }

  json config_for(const std::string& peer_address, const std::string& peer_interface) const {
    if (std::string{"netns"} != GetParam()) return in_mode(GetParam());
    json config = in_mode("netns");
    config["ipam"].erase("routes");
    config["peer"] = {{"netns", peer.path()}, {"ifname", peer_interface}, {"addresses", {peer_address}}};
    config["ipam"]["ranges"].erase(1);
    return config;
  }

  /// Whether there is a record of an unfinished ADD.
  static bool has_pending_record() {
    const auto pending = state_folder() + "/net/pending";
    return std::filesystem::exists(pending) && !std::filesystem::is_empty(pending);
  }

  Answer call_under(const std::string& limit, const std::string& verb) const {
    return call({.command = verb,
                 .container = a.id,
                 .netns = a.netns.path(),
                 .config = config_for("10.1.2.129/24", "eth1"),
                 .wrapper = {"sh", "-c", limit + R"(; exec "$0")"}});
  }

  /// Calls ADD under the limit. A failed ADD leaves nothing and is not killed by a signal (exit status 137 or 139).
  /// If the rollback reaches the limit, too, the record stays, and DEL, GC and the next ADD read it.
  void expect_success_or_error(const std::string& limit) {
    SCOPED_TRACE(limit);
    const auto answer = call_under(limit, "ADD");
    EXPECT_TRUE(answer.exit == 0 || (answer.exit == 1 && code_of(answer) != 0)) << answer;
    const bool exists = has_interface(a.netns, "eth0");
    EXPECT_TRUE(exists || answer.exit == 1) << answer;
    EXPECT_TRUE(!exists || answer.exit == 0 || has_pending_record()) << answer;
    if (exists || has_pending_record()) {
      EXPECT_EQ(call_under("true", "DEL").exit, 0);
    }
    EXPECT_TRUE(unchanged_since(before));
    EXPECT_FALSE(has_interface(a.netns, "eth0") || has_interface(peer, "eth1"));
    ++(answer.exit == 0 ? successes : refusals);
  }

  Namespace peer{"peer"};
  Container other{"other"};
  Container a{"a"};
  Snapshot before;
  int successes = 0;
  int refusals = 0;
};

TEST_P(ResourceLimits, FailedAddLeavesNothingWithFewDescriptors) {
  before = Snapshot::take();
  for (int limit = 4; limit <= 16; ++limit) expect_success_or_error("ulimit -n " + std::to_string(limit));
  EXPECT_GT(successes, 0);
  EXPECT_GT(refusals, 0);
}

/// Begins with the least memory with which VERSION succeeds: with less the program cannot be loaded.
TEST_P(ResourceLimits, FailedAddLeavesNothingWithLittleMemory) {
  before = Snapshot::take();
  for (int limit = 1500, tries = 12; tries > 0; limit += 50) {
    const auto kilobytes = "ulimit -v " + std::to_string(limit);
    if (tries == 12 && call_under(kilobytes, "VERSION").exit != 0) continue;
    expect_success_or_error(kilobytes);
    --tries;
  }
  EXPECT_GT(successes, 0);
  EXPECT_GT(refusals, 0);
}

INSTANTIATE_TEST_SUITE_P(InMode, ResourceLimits, testing::Values("ptp", "bridge", "netns"),
                         [](const auto& mode) { return mode.param; });

}  // namespace
