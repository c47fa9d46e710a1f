// "device": "netkit" and "auto": the same network as with a veth pair, where the kernel has netkit. With
// integration/kernels/run --device netkit, all tests of mode ptp use netkits.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/probe.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/transfer.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

/// ip of Debian 12 does not know the kind, but sends its name: the kernel creates a pair with default settings.
bool has_netkit(const Namespace& netns) try {
  run_ip(netns, {"link", "add", "probe", "type", "netkit"});
  return true;
} catch (const std::runtime_error&) {
  return false;
}

std::string kind_of(const Namespace& netns, const std::string& interface) {
  const auto link = ip(netns, {"-details", "link", "show", "dev", interface});
  return link.at(0).at("linkinfo").at("info_kind").get<std::string>();
}

class Device : public testing::Test {
 protected:
  static json with_device(const std::string& device) {
    auto config = in_mode("ptp");
    config["device"] = device;
    config["runtimeConfig"]["ips"] = {"10.1.2.77/24", "fd00:1:2::77/64"};
    return config;
  }

  void expect_kinds(const Container& container, const json& result, const std::string& kind) const {
    EXPECT_EQ(kind_of(container.netns, "eth0"), kind);
    EXPECT_EQ(kind_of(host, host_interface_of(result)), kind);
  }

  Namespace host = Namespace::host();
  Snapshot before = Snapshot::take();
};

class Netkit : public Device {
 protected:
  void SetUp() override {
    const Namespace other{"other"};
    if (!has_netkit(other)) GTEST_SKIP() << "NOT RUN: this kernel has no netkit (Linux 6.7, CONFIG_NETKIT)";
  }
};

class WithoutNetkit : public Device {
 protected:
  void SetUp() override {
    const Namespace other{"other"};
    if (has_netkit(other)) GTEST_SKIP() << "NOT RUN: this kernel has netkit";
  }
};

/// The kernel turns off duplicate address detection on a netkit (accept_dad), which only matters with "enabledad".
TEST_F(Netkit, GivesTheSameResultAndTheSameNamespaceAsAVeth) {
  for (const bool has_dad : {false, true}) {
    const auto network = [&](const std::string& device) {
      auto config = with_device(device);
      config["enabledad"] = has_dad;
      return config;
    };
    const Container a{"a"};
    const auto by_veth = add(a, network("veth"));
    ASSERT_EQ(by_veth.exit, 0) << by_veth;
    expect_kinds(a, by_veth.result, "veth");
    auto with_veth = Snapshot::of_namespace(a.netns);
    if (!has_dad) with_veth.replace("eth0 accept_dad 1", "eth0 accept_dad -1");
    ASSERT_EQ(del(a, network("veth")).exit, 0);
    const auto by_netkit = add(a, network("netkit"));
    ASSERT_EQ(by_netkit.exit, 0) << by_netkit;
    expect_kinds(a, by_netkit.result, "netkit");
    EXPECT_EQ(by_netkit.result, by_veth.result);
    EXPECT_EQ(difference(with_veth, Snapshot::of_namespace(a.netns)), "");
    EXPECT_EQ(check(a, network("netkit"), by_netkit.result).exit, 0);
    ASSERT_EQ(del(a, network("netkit")).exit, 0);
    EXPECT_TRUE(unchanged_since(before));
  }
}

TEST_F(Netkit, TransfersBetweenContainersAndToTheHost) {
  const Container a{"a"};
  const Container b{"b"};
  auto config = in_mode("ptp");
  config["device"] = "netkit";
  const auto one = add(a, config);
  const auto two = add(b, config);
  ASSERT_EQ(one.exit, 0) << one;
  ASSERT_EQ(two.exit, 0) << two;
  for (const int family : {4, 6}) {
    EXPECT_TRUE(ping(a.netns, address_of(two.result, family))) << family;
    EXPECT_TRUE(ping(b.netns, gateway_of(two.result, family))) << family;
    EXPECT_TRUE(ping(host, address_of(one.result, family))) << family;
    EXPECT_GT(measure_tcp({a.netns, b.netns, address_of(two.result, family)}).payload_bits, 0) << family;
  }
  ASSERT_EQ(del(a, config).exit, 0);
  ASSERT_EQ(del(b, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Netkit, PassesTheFirstPacket) {
  for (const int family : {4, 6}) {
    const Container a{"a"};
    const Probe probe{a.netns, host, family};
    const auto config = with_device("netkit");
    const auto added = add(a, config);
    EXPECT_TRUE(probe.arrives(gateway_of(added.result, family))) << family << added;
    EXPECT_EQ(del(a, config).exit, 0);
  }
}

TEST_F(Netkit, IsRemovedAfterEachEndWasRenamedOrTheNamespaceIsGone) {
  const auto config = with_device("netkit");
  for (const bool is_host_end : {true, false}) {
    const Container a{"a"};
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    const auto name = is_host_end ? host_interface_of(added.result) : "eth0";
    const auto& netns = is_host_end ? host : a.netns;
    rename_interface(netns, name, "other0");
    EXPECT_EQ(del(a, config).exit, 0);
    EXPECT_TRUE(unchanged_since(before)) << name;
    EXPECT_FALSE(has_interface(a.netns, "other0"));
  }
  {
    const Container a{"a"};
    ASSERT_EQ(add(a, config).exit, 0);
  }
  EXPECT_EQ(gc(config, {}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Netkit, IsFoundWithoutTheStateFolder) {
  const auto config = with_device("netkit");
  const Container a{"a"};
  ASSERT_EQ(add(a, config).exit, 0);
  ASSERT_EQ(run({.argv = {"sh", "-c", "rm -r /run/veth-cni/*"}}).exit, 0);
  EXPECT_EQ(code_of(add(a, config)), 101);
  EXPECT_EQ(gc(config, {}).exit, 0);
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Netkit, IsWhatAutoSelects) {
  const Container a{"a"};
  const auto added = add(a, with_device("auto"));
  ASSERT_EQ(added.exit, 0) << added;
  expect_kinds(a, added.result, "netkit");
  EXPECT_EQ(check(a, with_device("auto"), added.result).exit, 0);
  ASSERT_EQ(del(a, with_device("auto")).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(WithoutNetkit, AddFailsAndLeavesNothing) {
  const Container a{"a"};
  const auto config = with_device("netkit");
  const auto added = add(a, config);
  EXPECT_EQ(code_of(added), 100) << added;
  EXPECT_THAT(added.out, testing::HasSubstr("has no netkit"));
  EXPECT_THAT(added.out, testing::HasSubstr(R"(use \"device\": \"auto\", or \"veth\")"));
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_EQ(del(a, config).exit, 0);
}

TEST_F(WithoutNetkit, AutoSelectsAVeth) {
  auto config = with_device("auto");
  for (const bool has_limit : {false, true}) {
    if (has_limit) config["bandwidth"] = {{"egressRate", 80'000'000}, {"egressBurst", 80'000'000}};
    const Container a{"a"};
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    expect_kinds(a, added.result, "veth");
    EXPECT_TRUE(ping(a.netns, gateway_of(added.result, 4)));
    EXPECT_EQ(check(a, config, added.result).exit, 0);
    EXPECT_EQ(del(a, config).exit, 0);
    EXPECT_TRUE(unchanged_since(before));
  }
}

TEST_F(Device, MustBeAKnownOneAndNeedsModePtp) {
  const Container a{"a"};
  auto config = in_mode("bridge");
  config["device"] = "netkit";
  EXPECT_EQ(code_of(add(a, config)), 7);
  config = in_mode("ptp");
  config["device"] = "macvlan";
  EXPECT_EQ(code_of(add(a, config)), 7);
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
