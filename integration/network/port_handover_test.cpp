// A host port whose container is about to leave: a later container of the same pod takes it over, and another pod
// waits.
#include "integration/support/call.hpp"
#include "integration/support/client.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/outside_host.hpp"
#include "integration/support/plugin_chain.hpp"
#include "integration/support/service.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/snapshot.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <fcntl.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;
using std::chrono::milliseconds;

constexpr std::uint16_t contended_port = 8080;

json contended_mappings(const std::string& host_ip = "") {
  json all = json::array();
  for (const char* protocol : {"tcp", "udp", "sctp"}) {
    all.push_back({{"hostPort", contended_port}, {"containerPort", 80}, {"protocol", protocol}, {"hostIP", host_ip}});
  }
  return all;
}

std::string args_of_pod(const std::string& name) {
  return "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=" + name;
}

/// An answer, and how long the call took.
struct TimedAnswer {
  Answer answer;
  milliseconds duration{};
};

class PortHandover : public testing::Test {
 protected:
  Call call_of(const Container& container, const std::string& pod) const {
    return {.command = "ADD",
            .container = container.id,
            .netns = container.netns.path(),
            .args = pod.empty() ? "" : args_of_pod(pod),
            .config = config};
  }

  static TimedAnswer timed(const Call& wanted) {
    const auto start = std::chrono::steady_clock::now();
    auto answer = call(wanted);
    return {std::move(answer), std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start)};
  }

  TimedAnswer add_pod(const Container& container, const std::string& pod) const {
    return timed(call_of(container, pod));
  }

  void use_mode(const std::string& mode, const std::string& host_ip = "") {
    config = in_mode(mode);
    config["runtimeConfig"]["portMappings"] = contended_mappings(host_ip);
  }

  /// The container gets the packets of a client outside, in each protocol and family.
  void expect_port_of(const Container& container) const {
    const Service service{container.netns, 80};
    for (const int family : {4, 6}) {
      for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
        EXPECT_EQ(seen_as(outside.netns, {protocol, OutsideHost::host_address(family), contended_port}),
                  OutsideHost::address(family))
            << container.id << ", IPv" << family << ", " << name_of(protocol);
      }
    }
  }

  json config;
  OutsideHost outside;
  Container a{"a"};
  Container b{"b"};
  static constexpr milliseconds soon{2900};  ///< on a busy machine too: without a wait of 3 s
};

class PortHandoverInMode : public PortHandover, public testing::WithParamInterface<const char*> {
 protected:
  PortHandoverInMode() {
    use_mode(GetParam());
    create_bridge();
  }
  /// A bridge stays after the last container.
  void create_bridge() {
    const Container first{"first"};
    EXPECT_EQ(add(first, config).exit + del(first, config).exit, 0);
  }
};

INSTANTIATE_TEST_SUITE_P(, PortHandoverInMode, testing::Values("ptp", "bridge"),
                         [](const auto& instance) { return std::string{instance.param}; });

TEST_P(PortHandoverInMode, GivesThePortToTheSuccessorOfThePod) {
  const auto before = Snapshot::take();
  ASSERT_EQ(add_pod(a, "web-0").answer.exit, 0);
  expect_port_of(a);
  const auto [added, duration] = add_pod(b, "web-0");
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_LT(duration, soon * slowness());
  expect_port_of(b);
  ASSERT_EQ(del(a, config).exit, 0);
  expect_port_of(b);
  EXPECT_EQ(check(b, config, added.result).exit, 0);
  ASSERT_EQ(del(b, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_P(PortHandoverInMode, LeavesNothingIfTheSuccessorIsDeletedFirst) {
  const auto before = Snapshot::take();
  ASSERT_EQ(add_pod(a, "web-0").answer.exit + add_pod(b, "web-0").answer.exit, 0);
  ASSERT_EQ(del(b, config).exit + del(a, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(PortHandover, GivesAPortWithAHostAddressToTheSuccessor) {
  use_mode("ptp", OutsideHost::host_address(4));
  ASSERT_EQ(add_pod(a, "web-0").answer.exit, 0);
  use_mode("ptp");
  const auto wider = add_pod(b, "web-0");
  ASSERT_EQ(wider.answer.exit, 0) << wider.answer;
  ASSERT_EQ(del(b, config).exit, 0);
  ASSERT_EQ(add_pod(b, "web-0").answer.exit, 0);
  use_mode("ptp", OutsideHost::host_address(4));
  Container c{"c"};
  const auto narrower = add_pod(c, "web-0");
  EXPECT_EQ(narrower.answer.exit, 0) << narrower.answer;
  for (const auto* container : {&a, &b, &c}) EXPECT_EQ(del(*container, config).exit, 0);
}

TEST_F(PortHandover, LetsAnotherPodWaitForADel) {
  use_mode("ptp");
  ASSERT_EQ(add_pod(a, "web-0").answer.exit, 0);
  auto waiting = std::async(std::launch::async, [&] { return add_pod(b, "db-0"); });
  std::this_thread::sleep_for(milliseconds{700});
  ASSERT_EQ(del(a, config).exit, 0);
  const auto [added, duration] = waiting.get();
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_GE(duration, milliseconds{500});
  expect_port_of(b);
}

TEST_F(PortHandover, RefusesAnotherPodAfterThreeSeconds) {
  use_mode("ptp");
  ASSERT_EQ(add_pod(a, "web-0").answer.exit, 0);
  const auto before = Snapshot::take();
  const auto [refused, duration] = add_pod(b, "db-0");
  EXPECT_EQ(code_of(refused), 106) << refused;
  EXPECT_NE(refused.out.find(R"(pod \"default/web-0\")"), std::string::npos) << refused;
  EXPECT_GE(duration, milliseconds{2900});
  EXPECT_TRUE(unchanged_since(before));
  expect_port_of(a);
}

TEST_F(PortHandover, RefusesAtOnceWithoutPods) {
  use_mode("ptp");
  ASSERT_EQ(add_pod(a, "").answer.exit, 0);
  const auto [refused, duration] = add_pod(b, "");
  EXPECT_EQ(code_of(refused), 106) << refused;
  EXPECT_LT(duration, soon * slowness());
}

/// The namespace has lost its path, and the kernel deletes it a moment later.
TEST_F(PortHandover, WaitsForTheEndOfANamespace) {
  use_mode("ptp");
  ASSERT_EQ(add_pod(a, "").answer.exit, 0);
  posix::FileDescriptor held{::fcntl(a.netns.file(), F_DUPFD_CLOEXEC, 0)};
  a.netns.remove();
  auto waiting = std::async(std::launch::async, [&] { return add_pod(b, ""); });
  std::this_thread::sleep_for(milliseconds{400});
  held.close();
  const auto [added, duration] = waiting.get();
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_GE(duration, milliseconds{200});
  expect_port_of(b);
}

TEST_F(PortHandover, GivesThePortBackIfTheAddFails) {
  use_mode("ptp");
  ASSERT_EQ(add_pod(a, "web-0").answer.exit, 0);
  const auto before = Snapshot::take();
  auto failing = call_of(b, "web-0");
  failing.wrapper = {"sh", "-c", R"(exec "$@" > /dev/full)", "sh"};
  EXPECT_NE(call(failing).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
  expect_port_of(a);
}

/// Killed at each netlink message. The record of the successor lists the port, so its DEL removes the elements.
TEST_F(PortHandover, LeavesNothingOfAKilledAdd) {
  use_mode("ptp");
  const auto before = Snapshot::take();
  ASSERT_EQ(add_pod(a, "web-0").answer.exit, 0);
  int kills = 0;
  for (bool is_killed = true; is_killed; ++kills) {
    auto killed = call_of(b, "web-0");
    killed.wrapper = {"strace",    "-qq", "-o",
                      "/dev/null", "-e",  "inject=sendmsg,sendto:signal=SIGKILL:when=" + std::to_string(kills + 1)};
    is_killed = call(killed).exit != 0;
    ASSERT_EQ(del(b, config).exit, 0);
    ASSERT_LT(kills, 200);
  }
  EXPECT_GT(kills, 5);
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(PortHandover, WorksForTheChainedPortmap) {
  const auto before = Snapshot::take();
  const PluginChain chain{.plugins = {{in_mode("ptp"), executables()}, {{{"type", "portmap"}, {"snat", true}}}},
                          .runtime_config = {{"portMappings", contended_mappings()}}};
  const auto add_chain = [&](const Container& container, const std::string& pod) {
    auto first = chain.call_of(0, "ADD", container);
    first.args = args_of_pod(pod);
    const auto attached = call(first);
    auto second = chain.call_of(1, "ADD", container, attached.result);
    second.args = args_of_pod(pod);
    return timed(second);
  };
  ASSERT_EQ(add_chain(a, "web-0").answer.exit, 0);
  const auto [added, duration] = add_chain(b, "web-0");
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_LT(duration, soon * slowness());
  ASSERT_EQ(chain.del(a).exit, 0);
  expect_port_of(b);
  ASSERT_EQ(chain.del(b).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
