// Mode ptp: what ADD makes at both ends, and which addresses can be reached.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/libcni.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

using Texts = std::vector<std::string>;

bool has(const Texts& texts, const std::string& wanted) {
  return std::find(texts.begin(), texts.end(), wanted) != texts.end();
}

bool has_prefix(const Texts& texts, const std::string& prefix) {
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) { return text.starts_with(prefix); });
}

class PointToPoint : public testing::Test {
 protected:
  Namespace host = Namespace::host();
  Snapshot before = Snapshot::take();
  json config = dual_stack();
};

TEST_F(PointToPoint, ReturnsBothEndsAndTheAddressesOfTheContainer) {
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto& result = added.result;
  EXPECT_EQ(result.at("cniVersion"), "1.0.0");
  ASSERT_EQ(result.at("interfaces").size(), 2U) << added;
  EXPECT_EQ(result.at("interfaces").at(0).value("sandbox", ""), "");
  EXPECT_EQ(result.at("interfaces").at(1).at("name"), "eth0");
  EXPECT_EQ(result.at("interfaces").at(1).at("sandbox"), a.netns.path());
  ASSERT_EQ(result.at("ips").size(), 2U) << added;
  EXPECT_EQ(result.at("ips").at(0), (json{{"interface", 1}, {"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}}));
  EXPECT_EQ(result.at("ips").at(1),
            (json{{"interface", 1}, {"address", "fd00:1:2::2/64"}, {"gateway", "fd00:1:2::1"}}));
  EXPECT_EQ(result.at("routes"), (json{{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}));
}

TEST_F(PointToPoint, ReturnsTheNamesAndMacsThatTheKernelHas) {
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto& interfaces = added.result.at("interfaces");
  const auto host_end = ip(host, {"link", "show", "dev", host_interface_of(added.result)});
  const auto container_end = ip(a.netns, {"link", "show", "dev", "eth0"});
  EXPECT_EQ(interfaces.at(0).at("mac"), host_end.at(0).at("address"));
  EXPECT_EQ(interfaces.at(1).at("mac"), container_end.at(0).at("address"));
}

TEST_F(PointToPoint, GivesTheContainerItsAddressesAndRoutesThroughTheGateway) {
  const Container a{"a"};
  ASSERT_EQ(add(a, config).exit, 0);
  EXPECT_EQ(addresses(a.netns, "eth0"), (Texts{"10.1.2.2/24", "fd00:1:2::2/64"}));
  const auto ipv4 = routes(a.netns, 4);
  EXPECT_TRUE(has(ipv4, "default via 10.1.2.1 dev eth0")) << testing::PrintToString(ipv4);
  EXPECT_TRUE(has(ipv4, "10.1.2.1 dev eth0")) << testing::PrintToString(ipv4);
  EXPECT_FALSE(has(ipv4, "10.1.2.0/24 dev eth0"))
      << "other containers are reached through the host: " << testing::PrintToString(ipv4);
  const auto ipv6 = routes(a.netns, 6);
  EXPECT_TRUE(has_prefix(ipv6, "default via fe80:")) << testing::PrintToString(ipv6);
  EXPECT_FALSE(has(ipv6, "fd00:1:2::/64 dev eth0")) << testing::PrintToString(ipv6);
}

TEST_F(PointToPoint, GivesTheHostARouteToEachAddressAndTheGateway) {
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto veth = host_interface_of(added.result);
  EXPECT_TRUE(has(routes(host, 4), "10.1.2.2 dev " + veth)) << testing::PrintToString(routes(host, 4));
  EXPECT_TRUE(has(routes(host, 6), "fd00:1:2::2 dev " + veth)) << testing::PrintToString(routes(host, 6));
  EXPECT_TRUE(has(addresses(host, veth), "10.1.2.1/32")) << testing::PrintToString(addresses(host, veth));
  EXPECT_TRUE(has(addresses(host, "lo"), "fd00:1:2::1/128")) << testing::PrintToString(addresses(host, "lo"));
}

TEST_F(PointToPoint, ConnectsContainersHostAndGateway) {
  const Container a{"a"};
  const Container b{"b"};
  const auto first = add(a, config);
  const auto second = add(b, config);
  ASSERT_EQ(first.exit, 0) << first;
  ASSERT_EQ(second.exit, 0) << second;
  for (const int family : {4, 6}) {
    EXPECT_TRUE(ping(host, address_of(first.result, family))) << "host to container, IPv" << family;
    EXPECT_TRUE(ping(a.netns, gateway_of(first.result, family))) << "container to gateway, IPv" << family;
    EXPECT_TRUE(ping(a.netns, address_of(second.result, family))) << "container to container, IPv" << family;
    EXPECT_TRUE(ping(b.netns, address_of(first.result, family))) << "and back, IPv" << family;
  }
}

// The kernel makes an IPv6 address usable some time after `ip address add`, even with nodad, so the test waits for it.
TEST_F(PointToPoint, ReachesAddressesBehindTheHost) {
  run_ip(host, {"address", "add", "203.0.113.1/32", "dev", "lo"});
  run_ip(host, {"address", "add", "2001:db8::1/128", "dev", "lo", "nodad"});
  ASSERT_TRUE(ping(host, "2001:db8::1", 50));
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_TRUE(ping(a.netns, "203.0.113.1"));
  EXPECT_TRUE(ping(a.netns, "2001:db8::1"));
}

TEST_F(PointToPoint, SetsTheMtuOnBothEnds) {
  config["mtu"] = 1400;
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(ip(host, {"link", "show", "dev", host_interface_of(added.result)}).at(0).at("mtu"), 1400);
  EXPECT_EQ(ip(a.netns, {"link", "show", "dev", "eth0"}).at(0).at("mtu"), 1400);
}

TEST_F(PointToPoint, AcceptsFixedAddresses) {
  config["ipam"] = {
      {"type", "veth-ipam"},
      {"addresses", {{{"address", "192.168.10.7/24"}, {"gateway", "192.168.10.1"}}, {{"address", "fd00:9::7/64"}}}},
      {"routes", json::array({{{"dst", "0.0.0.0/0"}}})}};
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(addresses(a.netns, "eth0"), (Texts{"192.168.10.7/24", "fd00:9::7/64"}));
  EXPECT_TRUE(ping(host, "192.168.10.7"));
  EXPECT_TRUE(ping(host, "fd00:9::7"));
  EXPECT_TRUE(ping(a.netns, "192.168.10.1"));
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(PointToPoint, GivesAContainerTwoInterfaces) {
  const Container a{"a"};
  ASSERT_EQ(add(a, config).exit, 0);
  json other = ipv4_only();
  other["name"] = "other";
  other["ipam"]["ranges"][0][0]["subnet"] = "10.9.9.0/24";
  other["ipam"].erase("routes");
  const auto second =
      call({.command = "ADD", .container = "a", .netns = a.netns.path(), .interface = "net1", .config = other});
  ASSERT_EQ(second.exit, 0) << second;
  EXPECT_TRUE(ping(host, "10.1.2.2"));
  EXPECT_TRUE(ping(host, "10.9.9.2"));
}

TEST_F(PointToPoint, AllowsTwoNetworksWithTheSameRoutes) {
  const Container a{"a"};
  const auto first = add(a, config);
  ASSERT_EQ(first.exit, 0) << first;
  json other = config;
  other["name"] = "other";
  other["ipam"] = veth_ipam({"10.9.9.0/24", "fd09::/64"});
  Call of_other{.command = "ADD", .container = "a", .netns = a.netns.path(), .interface = "net1", .config = other};
  const auto second = call(of_other);
  ASSERT_EQ(second.exit, 0) << second;
  EXPECT_TRUE(ping(host, "10.9.9.2") && ping(host, "fd09::2"));
  of_other.command = "CHECK";
  of_other.config["prevResult"] = second.result;
  const auto checked = call(of_other);
  EXPECT_EQ(checked.exit, 0) << checked;
}

TEST_F(PointToPoint, WorksWithAMacThatALaterPluginSets) {
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  ASSERT_TRUE(ping(host, "10.1.2.2") && ping(host, "fd00:1:2::2"));
  run_ip(a.netns, {"link", "set", "eth0", "address", "0a:58:0a:01:00:99"});
  EXPECT_TRUE(ping(host, "10.1.2.2") && ping(host, "fd00:1:2::2"));
}

TEST_F(PointToPoint, RefusesASecondAddAndKeepsTheFirst) {
  const Container a{"a"};
  ASSERT_EQ(add(a, config).exit, 0);
  const auto after_add = Snapshot::take();
  const auto again = add(a, config);
  EXPECT_EQ(again.exit, 1) << again;
  EXPECT_EQ(code_of(again), 101) << again;
  EXPECT_TRUE(unchanged_since(after_add));
  EXPECT_TRUE(ping(host, "10.1.2.2"));
}

TEST_F(PointToPoint, RefusesAForeignInterface) {
  const Container a{"a"};
  run_ip(a.netns, {"link", "add", "eth0", "type", "bridge"});
  const auto added = add(a, config);
  EXPECT_EQ(added.exit, 1) << added;
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
}

/// The alias of the interface has room for 254 bytes of network, container and interface.
TEST_F(PointToPoint, AcceptsNamesOfEachLength) {
  const Container a{"a"};
  for (const std::size_t length : {63U, 64U, 240U, 255U}) {
    for (const std::size_t network : {1U, 175U, 176U, 200U}) {
      for (const auto* mode : {"ptp", "bridge"}) {
        SCOPED_TRACE(std::string{mode} + ", network of " + std::to_string(network) + ", container of " +
                     std::to_string(length));
        auto named = in_mode(mode);
        named["name"] = std::string(network, 'n');
        Call request{.command = "ADD", .container = std::string(length, 'c'), .netns = a.netns.path(), .config = named};
        const auto added = call(request);
        EXPECT_EQ(added.exit, 0) << added;
        request.command = "DEL";
        EXPECT_EQ(call(request).exit, 0);
      }
    }
  }
  run_ip(host, {"link", "delete", "br0"});
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(PointToPoint, WorksThroughLibcni) {
  if (!has_libcni()) GTEST_SKIP() << "NOT RUN: libcni-driver could not be built";
  std::filesystem::create_directory("/run/test/conf");
  config.erase("cniVersion");
  config.erase("name");
  std::ofstream{"/run/test/conf/10.conflist"}
      << json{{"cniVersion", "1.0.0"}, {"name", "net"}, {"plugins", json::array({config})}};
  const Libcni libcni{.folder = "/run/test/conf", .network = "net"};
  const Container a{"a"};
  const Container b{"b"};
  for (const auto* container : {&a, &b}) {
    const auto added = libcni.run("add", *container);
    ASSERT_EQ(added.exit, 0) << added.err;
    EXPECT_EQ(libcni.run("check", *container), Outcome{});
  }
  EXPECT_TRUE(ping(a.netns, "10.1.2.3"));
  EXPECT_TRUE(ping(b.netns, "fd00:1:2::2"));
  for (const auto* container : {&a, &b}) EXPECT_EQ(libcni.run("del", *container), Outcome{});
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
