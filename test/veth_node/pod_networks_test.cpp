#include "plugin/veth_node/pod_networks.hpp"

#include "test/support/error_text.hpp"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using testing::HasSubstr;
using Networks = std::vector<cni::Prefix>;

const Networks networks_of_node{*cni::find_prefix("10.244.3.0/24"), *cni::find_prefix("fd00:10:244:3::/64")};

veth_node::Config kubernetes_config() {
  veth_node::Config config{.node = "worker"};
  config.store.type = veth_node::StoreConfig::Type::kubernetes;
  return config;
}

/// What the Node object contains from attempt to attempt, and how many pauses were made.
struct LateNode {
  std::vector<Networks> answers;
  unsigned attempts = 0;
  unsigned pauses = 0;
  unsigned most_pauses = 5;

  Networks wait() {
    return veth_node::wait_for_pod_networks(
        "worker",
        [this] {
          const auto attempt = attempts++;
          return attempt < answers.size() ? answers[attempt] : Networks{};
        },
        [this](const auto& /*reason*/) { return ++pauses < most_pauses; });
  }
};

TEST(PodNetworks, AreReadAtOnceIfTheyExist) {
  LateNode node{.answers = {networks_of_node}};
  EXPECT_EQ(node.wait(), networks_of_node);
  EXPECT_EQ(node.pauses, 0U);
}

TEST(PodNetworks, AreWaitedForIfTheyComeLate) {
  LateNode node{.answers = {{}, {}, networks_of_node}};
  EXPECT_EQ(node.wait(), networks_of_node);
  EXPECT_EQ(node.pauses, 2U);
}

TEST(PodNetworks, ThatNeverComeAreAnErrorThatNamesTheOption) {
  LateNode node;
  EXPECT_EQ(test::error_text([&] { node.wait(); }), "11: node \"worker\" has no pod networks (spec.podCIDRs)");
  EXPECT_THAT(veth_node::missing_pod_networks("worker").details, HasSubstr("--allocate-node-cidrs"));
  EXPECT_EQ(node.pauses, node.most_pauses);
}

TEST(PodNetworks, AreWaitedForWhileTheApiServerIsAway) {
  unsigned attempts = 0;
  const auto read = [&]() -> Networks {
    if (++attempts == 1) throw cni::Error{cni::ErrorCode::try_again_later, "connection refused"};
    return networks_of_node;
  };
  EXPECT_EQ(veth_node::wait_for_pod_networks("worker", read, [](const auto& /*reason*/) { return true; }),
            networks_of_node);
}

TEST(PodNetworks, AreNotWaitedForIfTheyMayNotBeRead) {
  unsigned pauses = 0;
  const auto read = []() -> Networks { throw cni::Error{cni::ErrorCode::system_refused, "forbidden"}; };
  const auto pause = [&](const auto& /*reason*/) { return ++pauses < 5; };
  EXPECT_THAT(test::error_text([&] { veth_node::wait_for_pod_networks("worker", read, pause); }),
              HasSubstr("forbidden"));
  EXPECT_EQ(pauses, 0U);
}

TEST(PodNetworks, AreLackingOnlyIfContainersNeedThem) {
  auto config = kubernetes_config();
  EXPECT_TRUE(veth_node::lacks_pod_networks(config));
  config.network = veth_node::NetworkFile{};
  EXPECT_TRUE(veth_node::lacks_pod_networks(config));
  config.network->pool = "default";
  EXPECT_FALSE(veth_node::lacks_pod_networks(config));
  config.network.reset();
  config.pod_networks = networks_of_node;
  EXPECT_FALSE(veth_node::lacks_pod_networks(config));
  EXPECT_FALSE(veth_node::lacks_pod_networks({.node = "host"})) << "etcd";
}

}  // namespace
