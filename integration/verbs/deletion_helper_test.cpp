// DEL returns when both ends of the pair have left their namespaces. A helper process waits until the kernel has freed
// their memory (plugin/kernel/link_deletion.hpp).
#include "integration/support/call.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/snapshot.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using namespace support;

constexpr auto peer_name = "peer";

/// All objects that a network can have: rules, limits, gateways.
json with_rules_and_limits(const std::string& mode) {
  json config = in_mode(mode);
  config["ipMasq"] = true;
  config["runtimeConfig"] = {{"portMappings", {{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}}}},
                             {"bandwidth",
                              {{"ingressRate", 10'000'000},
                               {"ingressBurst", 1'000'000},
                               {"egressRate", 10'000'000},
                               {"egressBurst", 1'000'000}}}};
  return config;
}

json netns_mode() {
  json config = dual_stack();
  config["ipam"].erase("routes");
  config.update({{"mode", "netns"},
                 {"peer", {{"netns", std::string{"/run/netns/"} + peer_name}, {"addresses", {"10.1.2.130/24"}}}}});
  return config;
}

/// The processes of the plugin on this node.
std::vector<pid_t> plugin_processes() {
  std::error_code ignored;
  const auto node = fs::read_symlink("/proc/self/ns/net");
  std::vector<pid_t> processes;
  for (const auto& entry : fs::directory_iterator{"/proc", ignored}) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const bool is_here = fs::read_symlink(entry.path() / "ns/net", ignored) == node;
    if (is_here && fs::read_symlink(entry.path() / "exe", ignored).filename() == "veth")
      processes.push_back(std::stoi(name));
  }
  return processes;
}

bool have_plugin_processes_ended() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{2} * slowness();
  while (!plugin_processes().empty() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  return plugin_processes().empty();
}

/// What is left of the pair, on the host and in its namespaces, directly after a DEL.
std::string left_of_pair(const Container& container, const Namespace& peer) {
  const auto host = Namespace::host();
  std::string left;
  for (const auto* netns : {&host, &container.netns, &peer})
    for (const auto& link : ip(*netns, {"link", "show", "type", "veth"})) left += link.value("ifname", "");
  for (const auto* netns : {&container.netns, &peer}) {
    for (const auto& neighbour : ip(*netns, {"neighbour", "show"})) left += neighbour.dump();
    for (const int family : {4, 6})
      for (const auto& route : routes(*netns, family)) left += route + '\n';
  }
  return left;
}

/// Adds and deletes containers of another network until it is destroyed.
class OtherCalls {
 public:
  OtherCalls() {
    work_ = std::async(std::launch::async, [this] {
      json config = ipv4_only();
      config["name"] = "other";
      config["ipam"] = veth_ipam({"10.9.0.0/24"});
      const Container container{"other"};
      while (!is_ended_) failures_ += add(container, config).exit + del(container, config).exit;
    });
  }
  OtherCalls(const OtherCalls&) = delete;
  OtherCalls& operator=(const OtherCalls&) = delete;
  ~OtherCalls() { failures(); }

  int failures() {
    is_ended_ = true;
    if (work_.valid()) work_.get();
    return failures_;
  }

 private:
  std::atomic<bool> is_ended_ = false;
  int failures_ = 0;
  std::future<void> work_;
};

Call del_call(const Container& container, const json& config) {
  return {.command = "DEL", .container = container.id, .netns = container.netns.path(), .config = config};
}

/// DEL under strace, which injects a fault into the system calls of the name. Only the helper calls close_range.
Answer del_with_fault(const Container& container, const json& config, const std::string& call_name,
                      const std::string& fault) {
  auto made = del_call(container, config);
  made.wrapper = {
      "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call_name, "-e", "inject=" + call_name + ":" + fault};
  return call(made);
}

/// $VETH_DELETIONS, or the default.
int rounds_or(int by_default) {
  const char* text = std::getenv("VETH_DELETIONS");
  return text == nullptr ? by_default : std::stoi(text);
}

/// Adds and deletes 64 other containers of the network at once.
void add_and_delete_at_once(json config) {
  constexpr std::size_t count = 64;
  for (const auto* key : {"ips", "mac", "portMappings"}) config["runtimeConfig"].erase(key);
  std::deque<Container> containers;
  std::deque<Namespace> peers;
  for (std::size_t number = 0; number < count; ++number) {
    containers.emplace_back(Container{"at-once-" + std::to_string(number)});
    peers.emplace_back("peer-" + std::to_string(number));
  }
  in_parallel(count, count, [&](std::size_t number) {
    json own = config;
    if (own.contains("peer")) own["peer"]["netns"] = peers.at(number).path();
    const auto added = add(containers.at(number), own);
    EXPECT_EQ(added.exit, 0) << added;
    const auto deleted = del(containers.at(number), own);
    EXPECT_EQ(deleted.exit, 0) << deleted;
  });
}

struct ModeUnderTest {
  const char* name;
  json (*config)();
};

class DeletionHelper : public testing::TestWithParam<ModeUnderTest> {
 protected:
  Namespace peer{peer_name};
  Container container{"a"};
};

/// With the same addresses and MAC each time, and in the middle 64 other containers at once. For a long run, set
/// VETH_DELETIONS=1000.
TEST_P(DeletionHelper, DelLeavesNothingAndTheNextAddSucceedsAtOnce) {
  const int rounds = rounds_or(100);
  auto config = GetParam().config();
  config["runtimeConfig"]["ips"] = {"10.1.2.7/24", "fd00:1:2::7/64"};
  config["runtimeConfig"]["mac"] = "02:11:22:33:44:55";
  const auto mode = config.value("mode", "ptp");
  const auto before = Snapshot::take();
  OtherCalls others;
  for (int round = 0; round < rounds; ++round) {
    if (round % 500 == rounds / 2 % 500) add_and_delete_at_once(config);
    ASSERT_EQ(add(container, config).exit, 0) << round;
    const auto deleted = del(container, config);
    ASSERT_EQ(deleted.exit, 0) << deleted;
    for (const auto* netns : {&container.netns, &peer}) ASSERT_EQ(ip(*netns, {"link", "show"}).size(), 1U) << round;
  }
  EXPECT_EQ(others.failures(), 0);
  if (mode == "bridge") run_ip(Namespace::host(), {"link", "delete", "br0"});
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_TRUE(have_plugin_processes_ended());
}

TEST_P(DeletionHelper, RuntimesCanDeleteTheNamespaceDirectlyAfterDel) {
  const int rounds = rounds_or(50);
  const auto config = GetParam().config();
  for (int round = 0; round < rounds; ++round) {
    Container short_lived{"short-lived"};
    ASSERT_EQ(add(short_lived, config).exit, 0) << round;
    ASSERT_EQ(del(short_lived, config).exit, 0) << round;
    short_lived.netns.remove();
    EXPECT_EQ(left_of_pair(container, peer), "");
  }
}

/// As with RLIMIT_NPROC (EAGAIN) or a seccomp filter (EPERM, ENOSYS).
TEST_P(DeletionHelper, DelWaitsForTheKernelIfItCannotStartAHelper) {
  const auto config = GetParam().config();
  for (const auto* error : {"EAGAIN", "EPERM", "ENOSYS"}) {
    ASSERT_EQ(add(container, config).exit, 0);
    const auto deleted = del_with_fault(container, config, "clone", std::string{"error="} + error);
    EXPECT_EQ(deleted.exit, 0) << error << deleted;
    EXPECT_EQ(left_of_pair(container, peer), "") << error;
  }
}

TEST_P(DeletionHelper, DelDeletesTheLinksItselfIfTheHelperIsKilled) {
  const auto config = GetParam().config();
  for (const int number : {1, 2}) {
    ASSERT_EQ(add(container, config).exit, 0);
    const auto fault = "signal=SIGKILL:when=" + std::to_string(number);
    const auto deleted = del_with_fault(container, config, "close_range", fault);
    EXPECT_EQ(deleted.exit, 0) << deleted;
    EXPECT_EQ(left_of_pair(container, peer), "") << fault;
  }
}

TEST_P(DeletionHelper, DelDeletesTheLinksItselfIfTheHelperCannotCloseItsFiles) {
  const auto config = GetParam().config();
  ASSERT_EQ(add(container, config).exit, 0);
  EXPECT_EQ(del_with_fault(container, config, "close_range", "error=ENOSYS").exit, 0);
  EXPECT_EQ(left_of_pair(container, peer), "");
}

/// The system calls before the helper starts are those of the sweeps in integration/faults.
TEST_P(DeletionHelper, AFaultInTheHelperDoesNotMakeDelFail) {
  constexpr std::size_t first = 40;
  const auto config = GetParam().config();
  for (const auto& kind : {Fault{.kind = Fault::Kind::kill}, Fault{.kind = Fault::Kind::error, .error = ENOMEM}}) {
    auto fault = kind;
    std::size_t in_helper = 0;
    bool was_reached = true;
    for (fault.number = first; was_reached; ++fault.number) {
      ASSERT_EQ(add(container, config).exit, 0);
      const auto outcome = call_with_fault(fault, del_call(container, config));
      was_reached = outcome.was_reached;
      in_helper += outcome.was_in_helper ? 1 : 0;
      if (outcome.was_in_helper || !was_reached) {
        EXPECT_EQ(outcome.answer.exit, 0) << fault.number << outcome.answer;
      }
      EXPECT_EQ(del(container, config).exit, 0) << fault.number;
      ASSERT_EQ(left_of_pair(container, peer), "") << fault.number;
    }
    EXPECT_GE(in_helper, 3U);
  }
}

TEST_P(DeletionHelper, IsReapedByASubreaperAndHoldsNoFileOfTheCaller) {
  const auto config = GetParam().config();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  int seen = 0;
  for (int round = 0; round < 20; ++round) {
    ASSERT_EQ(add(container, config).exit, 0);
    ASSERT_EQ(del(container, config).exit, 0);
    std::error_code ended;
    for (const auto process : plugin_processes()) {
      for (const auto& file : fs::directory_iterator{"/proc/" + std::to_string(process) + "/fd", ended}) {
        const auto target = fs::read_symlink(file.path(), ended).string();
        EXPECT_TRUE(ended || target.starts_with("socket:")) << target;
        seen += ended ? 0 : 1;
      }
    }
    int status = -1;
    while (::waitpid(-1, &status, 0) > 0) EXPECT_EQ(status, 0);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  if (slowness() == 1) {  // an emulated machine has one processor, on which the helper has ended before the test looks
    EXPECT_GT(seen, 0);
  }
}

/// The kernel finishes what it has begun.
TEST_P(DeletionHelper, CanBeKilledAfterDel) {
  const auto config = GetParam().config();
  for (int round = 0; round < 20; ++round) {
    ASSERT_EQ(add(container, config).exit, 0);
    ASSERT_EQ(del(container, config).exit, 0);
    for (const auto process : plugin_processes()) ::kill(process, SIGKILL);
    EXPECT_EQ(left_of_pair(container, peer), "");
  }
  EXPECT_TRUE(have_plugin_processes_ended());
}

json ptp_mode() { return with_rules_and_limits("ptp"); }
json bridge_mode() { return with_rules_and_limits("bridge"); }

INSTANTIATE_TEST_SUITE_P(InEachMode, DeletionHelper,
                         testing::Values(ModeUnderTest{"ptp", ptp_mode}, ModeUnderTest{"bridge", bridge_mode},
                                         ModeUnderTest{"netns", netns_mode}),
                         [](const auto& parameter) { return std::string{parameter.param.name}; });

TEST(DeletionOfManyLinks, GcLeavesNothing) {
  constexpr std::size_t count = 64;
  const auto before = Snapshot::take();
  std::vector<Container> containers;
  for (std::size_t number = 0; number < count; ++number) containers.push_back({"c" + std::to_string(number)});
  auto config = in_mode("ptp");
  config["ipMasq"] = true;
  in_parallel(count, 16, [&](std::size_t number) { EXPECT_EQ(add(containers.at(number), config).exit, 0); });
  EXPECT_EQ(gc(config, {}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_TRUE(have_plugin_processes_ended());
}

TEST(DeletionOfManyLinks, SimultaneousDelsLeaveNothing) {
  constexpr std::size_t count = 64;
  const auto before = Snapshot::take();
  std::vector<Container> containers;
  for (std::size_t number = 0; number < count; ++number) containers.push_back({"c" + std::to_string(number)});
  auto config = in_mode("ptp");
  config["ipMasq"] = true;
  for (int round = 0; round < 3; ++round) {
    in_parallel(count, count, [&](std::size_t number) { EXPECT_EQ(add(containers.at(number), config).exit, 0); });
    in_parallel(count, count, [&](std::size_t number) { EXPECT_EQ(del(containers.at(number), config).exit, 0); });
    EXPECT_TRUE(unchanged_since(before));
  }
  EXPECT_TRUE(have_plugin_processes_ended());
}

}  // namespace
