#include "plugin/vethctl/report/json.hpp"
#include "test/vethctl/nodes.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace {

using nlohmann::json;

TEST(JsonReport, IsAnArrayOfAttachments) {
  EXPECT_EQ(report::json(std::vector{test::routed("web")}), R"([
  {
    "network": "net",
    "container": "web",
    "interface": "eth0",
    "tag": ")" + cni::to_string(test::routed("web").tag) +
                                                                R"(",
    "state": "live",
    "mode": "ptp",
    "netns": "/run/netns/web",
    "hostInterface": "veth-web",
    "hostIndex": 7,
    "addresses": [
      "10.1.2.2/24"
    ],
    "ports": [],
    "ageSeconds": 60
  }
]
)");
  EXPECT_EQ(report::json(std::vector<inspect::Attachment>{}), "[]\n");
}

TEST(JsonReport, ContainsTheMembersOfEachMode) {
  const auto node = json::parse(report::json(test::small_node()));
  EXPECT_EQ(node["hostname"], "node-1");
  EXPECT_EQ(node["gateways"], json::parse(R"(["fd00::1"])"));
  EXPECT_EQ(node["bridges"],
            json::parse(R"([{"name":"cni0","mac":"02:00:00:00:00:01","isUp":true,"addresses":["10.88.0.1/16"]}])"));
  const auto& attachments = node["attachments"];
  EXPECT_EQ(attachments[0]["peerNetns"], "/run/netns/blue");
  EXPECT_EQ(attachments[0]["peerAddresses"], json::parse(R"(["10.1.2.3/24"])"));
  EXPECT_EQ(attachments[1]["bridge"], "cni0");
  EXPECT_FALSE(attachments[2].contains("bridge"));
}

TEST(JsonReport, ContainsTheDetailsThatAreKnown) {
  inspect::Detail detail{.attachment = test::routed("web"), .wanted = test::wanted("web")};
  detail.observed.host = wiring::ObservedEnd{.index = 7, .mtu = 1500, .is_up = true};
  detail.host = kernel::Counters{.received = {.packets = 3, .bytes = 200, .errors = 1, .dropped = 2}};
  detail.observed.ingress_limit = {.rate_bytes_per_second = 2'500'000, .burst_bytes = 25'000};
  detail.observed.ifb = {.index = 4, .limit = detail.observed.ingress_limit};
  detail.differences = {{wiring::Kind::missing, wiring::Side::container, "eth0"}};
  const auto output = json::parse(report::json(detail));
  EXPECT_EQ(output["container"], "web");
  EXPECT_EQ(output["wanted"]["mtu"], 1500);
  EXPECT_EQ(output["kernel"]["host"]["isUp"], true);
  EXPECT_FALSE(output["kernel"].contains("container"));
  EXPECT_EQ(output["counters"]["host"]["received"], json::parse(R"({"packets":3,"bytes":200,"errors":1,"dropped":2})"));
  EXPECT_EQ(output["limits"], json::parse(R"({"ingress":{"rateBytesPerSecond":2500000,"burstBytes":25000}})"));
  EXPECT_EQ(output["differences"][0], "interface \"eth0\" is missing");
}

}  // namespace
