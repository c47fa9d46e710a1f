// IPAM plugins: veth delegates to Debian's IPAM plugins, and Debian's main plugins delegate to veth-ipam.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

json host_local() {
  auto ipam = veth_ipam({"10.7.0.0/24", "fd00:7::/64"});
  ipam["type"] = "host-local";
  ipam["dataDir"] = "/run/cni/networks";
  return ipam;
}

json static_ipam() {
  return {{"type", "static"},
          {"addresses",
           {{{"address", "10.8.0.2/24"}, {"gateway", "10.8.0.1"}},
            {{"address", "fd00:8::2/64"}, {"gateway", "fd00:8::1"}}}},
          {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}};
}

class Delegation : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(reference_plugins))
      GTEST_SKIP() << "NOT RUN: containernetworking-plugins is not installed";
  }

  /// Calls ADD, CHECK and DEL, and pings in both directions. The reference plugins lose the first packets over IPv6.
  void expect_to_work(const json& config, const std::string& plugin) {
    tries_ = plugin == "veth" ? 1 : 5;
    const auto before = Snapshot::take();
    const Container container{"a"};
    Call call{.command = "ADD", .container = "a", .netns = container.netns.path(), .config = config, .plugin = plugin};
    const auto added = support::call(call);
    ASSERT_EQ(added.exit, 0) << added;
    expect_pings(container, added.result);
    call.config["prevResult"] = added.result;
    for (const char* command : {"CHECK", "DEL", "DEL"}) {
      call.command = command;
      const auto answer = support::call(call);
      EXPECT_EQ(answer.exit, 0) << command << ": " << answer;
    }
    EXPECT_TRUE(unchanged_since(before));
  }

 private:
  void expect_pings(const Container& container, const json& result) const {
    for (const int family : {4, 6}) {
      if (address_of(result, family).empty()) continue;
      EXPECT_TRUE(ping(Namespace::host(), address_of(result, family), tries_)) << "host to container, IPv" << family;
      EXPECT_TRUE(ping(container.netns, gateway_of(result, family), tries_)) << "container to gateway, IPv" << family;
    }
  }

  int tries_ = 1;
};

TEST_F(Delegation, VethWorksWithHostLocal) {
  json config = dual_stack();
  config["ipam"] = host_local();
  expect_to_work(config, "veth");
}

TEST_F(Delegation, VethWorksWithStatic) {
  json config = dual_stack();
  config["ipam"] = static_ipam();
  expect_to_work(config, "veth");
}

TEST_F(Delegation, VethIpamWorksForPtp) {
  json config = dual_stack();
  config["type"] = "ptp";
  expect_to_work(config, "ptp");
}

// The bridge stays after DEL, and changes with its first container. So another container is attached all the time.
TEST_F(Delegation, VethIpamWorksForBridge) {
  json config = ipv4_only();
  config["type"] = "bridge";
  config["isGateway"] = true;
  const Container first{"first"};
  const Container second{"second"};
  Call call{.command = "ADD", .container = "first", .netns = first.netns.path(), .config = config, .plugin = "bridge"};
  const auto other = support::call(call);
  ASSERT_EQ(other.exit, 0) << other;
  const auto before = Snapshot::take_settled();
  call.container = "second";
  call.netns = second.netns.path();
  const auto added = support::call(call);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ping(Namespace::host(), address_of(added.result, 4)));
  EXPECT_TRUE(ping(second.netns, "10.1.2.2"));
  call.command = "DEL";
  EXPECT_EQ(support::call(call).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Delegation, ReleasesTheAddressWhenTheInterfaceCannotBeMade) {
  const Container container{"a"};
  run_ip(container.netns, {"link", "add", "eth0", "type", "bridge"});
  const auto before = Snapshot::take();
  json config = dual_stack();
  config["ipam"] = host_local();
  const auto added = add(container, config);
  EXPECT_EQ(added.exit, 1) << added;
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Delegation, PassesTheErrorOfADelegateUnchanged) {
  json config = dual_stack();
  config["ipam"] = host_local();
  config["ipam"]["ranges"][0][0]["subnet"] = "10.7.0.9/24";
  const Container container{"a"};
  const auto before = Snapshot::take();
  const auto added = add(container, config);
  EXPECT_EQ(added.exit, 1) << added;
  EXPECT_NE(added.result.value("msg", "").find("Network has host bits set"), std::string::npos) << added;
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Delegation, NamesAMissingExecutable) {
  json config = dual_stack();
  config["ipam"] = {{"type", "no-such-ipam"}};
  const Container container{"a"};
  const auto before = Snapshot::take();
  const auto added = add(container, config);
  EXPECT_EQ(added.exit, 1) << added;
  EXPECT_NE(added.out.find("no-such-ipam"), std::string::npos) << added;
  EXPECT_TRUE(unchanged_since(before));
}

// The delegate is a script that records its input: it must be the same bytes as the input of veth.
TEST_F(Delegation, PassesInputAndEnvironmentUnchanged) {
  std::filesystem::create_directory("/run/test/bin");
  std::ofstream{"/run/test/bin/recorder"}
      << "#!/bin/sh\ncat > /run/test/input\nenv > /run/test/environment\n"
         "echo '{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.6.0.2/24\",\"gateway\":\"10.6.0.1\"}]}'\n";
  std::filesystem::permissions("/run/test/bin/recorder", std::filesystem::perms::owner_all);
  json config = dual_stack();
  config["ipam"] = {{"type", "recorder"}, {"anything", {1, 2, "three"}}};
  const std::string input = config.dump(3) + "\n \n";
  const Container container{"a"};
  const auto added = call({.command = "ADD",
                           .container = "a",
                           .netns = container.netns.path(),
                           .args = "IgnoreUnknown=1;K8S_POD_NAME=p",
                           .input = input,
                           .path = "/run/test/bin:" + default_path()});
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(run({.argv = {"cat", "/run/test/input"}}).out, input);
  const auto environment = run({.argv = {"cat", "/run/test/environment"}}).out;
  for (const char* variable :
       {"CNI_COMMAND=ADD\n", "CNI_CONTAINERID=a\n", "CNI_IFNAME=eth0\n", "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=p\n"})
    EXPECT_NE(environment.find(variable), std::string::npos) << variable << "is missing in\n" << environment;
}

}  // namespace
