#include "plugin/vethctl/report/probe.hpp"
#include "test/vethctl/nodes.hpp"
#include "test/vethctl/probed_ends.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>

#include <gtest/gtest.h>

namespace {

using probe::Status;

const probe::Plan two_ends{.endpoints = {test::container_end("a", "10.1.2.2"), test::container_end("b", "10.1.2.3")}};

probe::Result probe_result(probe::Kind kind, Status status) {
  return {.test = {.kind = kind, .source = test::ip("10.1.2.2"), .destination = test::ip("10.1.2.3")},
          .status = status,
          .sent = 1,
          .answered = status == Status::lost ? 0U : 1U,
          .round_trip = std::chrono::microseconds{120},
          .mtu = 1400,
          .interface_mtu = 1500};
}

probe::Result lost_probe(probe::Kind kind, const probe::Loss& loss) {
  auto item = probe_result(kind, Status::lost);
  item.loss = loss;
  item.hops = {{"a", "/run/netns/a", "eth0", true}, {"host", "/proc/self/ns/net", "veth-a"}};
  return item;
}

std::string printed_probe(const std::vector<probe::Result>& results) {
  return report::probe(two_ends, results, test::wide);
}

TEST(ReportProbe, PrintsOneLineForEachTest) {
  auto refused = probe_result(probe::Kind::tcp, Status::refused);
  auto arrived = probe_result(probe::Kind::udp, Status::arrived);
  refused.test.port = arrived.test.port = 80;
  auto several = probe_result(probe::Kind::icmp, Status::answered);
  several.sent = 3;
  several.answered = 2;
  EXPECT_EQ(printed_probe({several, refused, arrived, probe_result(probe::Kind::path_mtu, Status::answered)}),
            "FROM  TO  TEST      FAMILY  RESULT\n"
            "a     b   icmp      ipv4    2 of 3, 0.12 ms\n"
            "a     b   tcp       ipv4    0.12 ms, arrives: nothing listens on port 80\n"
            "a     b   udp       ipv4    arrives: port 80 does not answer\n"
            "a     b   path mtu  ipv4    1400 bytes, interface 1500\n");
}

TEST(ReportProbe, FoldsLossesWithOneCause) {
  const probe::Loss loss{.cause = probe::Cause::dropped_by_rule,
                         .place = "host",
                         .netns = "/proc/self/ns/net",
                         .drop = {0, "inet", "filter", "forward", 4}};
  EXPECT_EQ(printed_probe({lost_probe(probe::Kind::icmp, loss), lost_probe(probe::Kind::tcp, loss)}),
            "FROM  TO  TEST  FAMILY  RESULT\n"
            "a     b   icmp  ipv4    LOST\n"
            "a     b   tcp   ipv4    LOST\n"
            "lost: a -> b: icmp ipv4, tcp ipv4\n"
            "    where: it was seen last in host: veth-a received it\n"
            "    cause: the rule with handle 4 of chain \"forward\" of table inet \"filter\" drops it, in host\n"
            "    to do: nft -a list chain inet filter forward\n");
}

struct Sentence {
  probe::Loss loss;
  const char* cause;
  const char* remedy;
};

TEST(ReportProbe, HasASentenceAndACommandForEachCause) {
  const std::string a = "/run/netns/a";
  const std::vector<Sentence> sentences{
      {{probe::Cause::interface_down, "a", a, "eth0"},
       "interface \"eth0\" in a is down",
       "ip netns exec a ip link set eth0 up"},
      {{probe::Cause::interface_missing, "a", a, "eth0"}, "interface \"eth0\" does not exist in a", "vethctl check"},
      {{probe::Cause::no_route, "a", "/proc/7/ns/net", "fd00::1"},
       "a has no route to fd00::1, or one that drops packets",
       "nsenter --net=/proc/7/ns/net ip -6 route show match fd00::1"},
      {{probe::Cause::no_address, "a", a, "10.1.2.2"},
       "a does not have the address 10.1.2.2",
       "ip netns exec a ip address"},
      {{probe::Cause::neighbour_failed, "host", "", "10.1.2.2"},
       "host cannot resolve the neighbour 10.1.2.2: no interface on the link answers",
       "ip neighbour show 10.1.2.2"},
      {{probe::Cause::forwarding_off, "host", "", "net.ipv4.ip_forward"},
       "host does not forward packets: net.ipv4.ip_forward is 0",
       "sysctl -w net.ipv4.ip_forward=1"},
      {{probe::Cause::reverse_path, "host", "", "eth0"},
       "the reverse path filter (rp_filter) of interface \"eth0\" drops it, in host",
       "sysctl net.ipv4.conf.eth0.rp_filter"},
      {{probe::Cause::route_elsewhere, "host", "", "eth1"},
       "host has a route to it through interface \"eth1\"",
       "vethctl check"},
      {{probe::Cause::rejected, "host", "", "10.1.2.1", EHOSTUNREACH},
       "10.1.2.1 rejects it: No route to host",
       "vethctl check"},
      {{probe::Cause::not_sent, "a", a, "", EPERM},
       "the kernel refuses to send it, in a: Operation not permitted",
       "ip netns exec a nft list ruleset"},
      {{probe::Cause::unanswered, "a", a}, "a receives it and does not answer", "ip netns exec a nft list ruleset"},
      {{probe::Cause::left_node, "host", "", "eth0"},
       "it left this node through interface \"eth0\", and no answer arrived",
       "check routes and firewalls behind eth0"},
      {{probe::Cause::unknown, "host"}, "not visible in interfaces, routes, neighbours and rules", "vethctl check"}};
  for (const auto& [loss, cause, remedy] : sentences) {
    const auto text = printed_probe({lost_probe(probe::Kind::icmp, loss)});
    EXPECT_NE(text.find(std::string{"    cause: "} + cause + '\n'), std::string::npos) << text;
    EXPECT_NE(text.find(std::string{"    to do: "} + remedy), std::string::npos) << text;
  }
}

TEST(ReportProbe, NamesABlackHole) {
  auto hole = lost_probe(probe::Kind::path_mtu, {probe::Cause::mtu_black_hole, "host", "", "veth-b"});
  const auto text = printed_probe({hole});
  EXPECT_NE(text.find("LOST above 1400 bytes"), std::string::npos) << text;
  EXPECT_NE(text.find("where: packets of more than 1400 bytes\n"), std::string::npos) << text;
  EXPECT_NE(text.find("interface \"veth-b\" in host has a smaller MTU than the sender"), std::string::npos) << text;
}

TEST(ReportProbe, NamesFamiliesThatAreNotTested) {
  auto plan = two_ends;
  plan.missing = {{cni::Family::ipv6, "b"}};
  EXPECT_NE(report::probe(plan, {}, test::wide).find("not tested: ipv6, b has no address of it\n"), std::string::npos);
}

TEST(ReportProbe, IsJson) {
  auto plan = two_ends;
  plan.missing = {{cni::Family::ipv6, "b"}};
  const auto parsed = nlohmann::json::parse(report::json(
      plan, {lost_probe(probe::Kind::icmp, {probe::Cause::forwarding_off, "host", "", "net.ipv4.ip_forward"})}));
  EXPECT_EQ(parsed.at("notTested"), nlohmann::json::parse(R"([{"family": "ipv6", "missingIn": "b"}])"));
  const auto& item = parsed.at("tests").at(0);
  EXPECT_EQ(item.at("result"), "lost");
  EXPECT_EQ(item.at("destination"), "10.1.2.3");
  EXPECT_EQ(item.at("loss").at("cause"), "forwarding_off");
  EXPECT_EQ(item.at("hops").at(1).at("interface"), "veth-a");
}

}  // namespace
