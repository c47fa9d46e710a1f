#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/probe/endpoints.hpp"
#include "plugin/vethctl/probe/test_plan.hpp"
#include "plugin/vethctl/selection.hpp"
#include "test/support/error_text.hpp"
#include "test/vethctl/nodes.hpp"
#include "test/vethctl/probed_ends.hpp"

#include <gtest/gtest.h>

namespace {

using test::ip;

const probe::Endpoint outside_node{.name = "192.0.2.1", .addresses = {ip("192.0.2.1")}};
const probe::Endpoint dual{
    .name = "dual", .netns = "/run/netns/dual", .interface = "eth0", .addresses = {ip("10.1.2.9"), ip("fd00::9")}};

/// "01 icmp 10.1.2.3 0": direction, kind, destination, port.
std::vector<std::string> plan_lines(const probe::Plan& plan) {
  constexpr std::array names{"icmp", "tcp", "udp", "mtu"};
  std::vector<std::string> all;
  for (const auto& item : plan.tests) {
    all.push_back(std::to_string(item.from) + std::to_string(item.to) + ' ' +
                  names.at(static_cast<std::size_t>(item.kind)) + ' ' + cni::to_string(item.destination) + ' ' +
                  std::to_string(item.port));
  }
  return all;
}

TEST(ProbePlan, TestsBothDirectionsWithAllProtocols) {
  const auto plan = probe::plan_tests(test::container_end("a", "10.1.2.2"), test::container_end("b", "10.1.2.3"), 80);
  EXPECT_EQ(
      plan_lines(plan),
      (std::vector<std::string>{"01 icmp 10.1.2.3 0", "01 tcp 10.1.2.3 80", "01 udp 10.1.2.3 80", "01 mtu 10.1.2.3 0",
                                "10 icmp 10.1.2.2 0", "10 tcp 10.1.2.2 0", "10 udp 10.1.2.2 0", "10 mtu 10.1.2.2 0"}));
}

TEST(ProbePlan, SendsNothingFromOutside) {
  const auto container = test::container_end("a", "10.1.2.2");
  EXPECT_EQ(plan_lines(probe::plan_tests(container, outside_node, 0)),
            (std::vector<std::string>{"01 icmp 192.0.2.1 0", "01 mtu 192.0.2.1 0"}));
  EXPECT_EQ(plan_lines(probe::plan_tests(container, outside_node, 53)),
            (std::vector<std::string>{"01 icmp 192.0.2.1 0", "01 tcp 192.0.2.1 53", "01 mtu 192.0.2.1 0"}));
  EXPECT_EQ(plan_lines(probe::plan_tests(outside_node, container, 0)),
            (std::vector<std::string>{"10 icmp 192.0.2.1 0", "10 mtu 192.0.2.1 0"}));
}

TEST(ProbePlan, TestsAMappedPortWithTcpInOneDirection) {
  const probe::Endpoint port{.name = "host:8080", .netns = "/n", .addresses = {ip("192.0.2.1")}, .port = 8080};
  EXPECT_EQ(plan_lines(probe::plan_tests(test::container_end("a", "10.1.2.2"), port, 0)),
            std::vector<std::string>{"01 tcp 192.0.2.1 8080"});
}

TEST(ProbePlan, NamesTheFamilyThatOneEndDoesNotHave) {
  const auto plan = probe::plan_tests(dual, test::container_end("b", "10.1.2.3"), 0);
  EXPECT_EQ(plan.tests.size(), 8U);
  EXPECT_EQ(plan.missing, (std::vector<probe::MissingFamily>{{cni::Family::ipv6, "b"}}));
}

class ProbeEndpoints : public testing::Test {
 protected:
  ProbeEndpoints() {
    auto mapped = test::routed("web");
    mapped.ports = {"192.0.2.1:8080:80/tcp"};
    known.attachments = {mapped, test::joined("red", "blue")};
    known.host_addresses = {test::prefix("127.0.0.1/8"), test::prefix("192.0.2.1/24"), test::prefix("10.1.2.1/32"),
                            test::prefix("fe80::1/64")};
  }
  probe::Endpoint find(const std::string& word) const {
    return probe::find_endpoint(known, word, [&](const std::string& name) -> const inspect::Attachment& {
      return vethctl::select_one(known.attachments, name);
    });
  }

  probe::KnownEnds known;
};

TEST_F(ProbeEndpoints, AreAttachmentsAndTheirOtherEnds) {
  const auto web = find("web");
  EXPECT_EQ(web.netns, "/run/netns/web");
  EXPECT_EQ(web.host_interface, "veth-web");
  EXPECT_EQ(web.addresses, std::vector{ip("10.1.2.2")});
  EXPECT_EQ(find("red").addresses, std::vector{ip("10.1.2.2")});
  for (const auto* word : {"blue", "/run/netns/blue", "10.1.2.3"}) {
    EXPECT_EQ(find(word).netns, "/run/netns/blue") << word;
    EXPECT_EQ(find(word).interface, "eth1") << word;
  }
  EXPECT_EQ(test::error_text([&] { find("nginx"); }), "4: there is no attachment \"nginx\"");
}

TEST_F(ProbeEndpoints, AreTheHostAndAddresses) {
  EXPECT_EQ(find("host").netns, inspect::host_namespace_path);
  EXPECT_EQ(find("host").addresses, (std::vector{ip("192.0.2.1"), ip("10.1.2.1")}));
  EXPECT_EQ(find("10.1.2.1").addresses, std::vector{ip("10.1.2.1")});
  EXPECT_EQ(find("10.1.2.1").netns, inspect::host_namespace_path);
  EXPECT_EQ(find("198.51.100.1").netns, "");
}

TEST_F(ProbeEndpoints, AreMappedPorts) {
  EXPECT_EQ(find("host:8080").port, 8080);
  EXPECT_EQ(find("host:8080").host_interface, "veth-web");
  EXPECT_EQ(find("host:80").host_interface, "");
  EXPECT_EQ(test::error_text([&] { find("host:0"); }), "4: \"host:0\": the port must be 1 to 65535");
  EXPECT_EQ(test::error_text([&] { find("host:http"); }), "4: \"host:http\": the port must be 1 to 65535");
}

TEST_F(ProbeEndpoints, UseTheGatewayOfTheHost) {
  auto host = find("host");
  probe::prefer_addresses_near(host, find("web"), known);
  EXPECT_EQ(host.addresses.front(), ip("10.1.2.1"));
}

TEST_F(ProbeEndpoints, NeedAKnownNamespace) {
  known.attachments.front().netns.clear();
  EXPECT_EQ(test::error_text([&] { find("web"); }), "8: the network namespace of \"web\" is unknown");
}

}  // namespace
