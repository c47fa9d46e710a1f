#include "plugin/vethctl/probe/run_tests.hpp"
#include "test/vethctl/probed_ends.hpp"

#include <algorithm>
#include <cerrno>

#include <gtest/gtest.h>

namespace {

using kernel::ProbeAnswer;
using kernel::ProbePacket;
using kernel::ProbeProtocol;

using probe::Status;

constexpr auto answered = ProbeAnswer::Kind::answered;

class ProbeRun : public test::ProbedEnds {
 protected:
  /// Only the packets of this protocol from "a" get the answer.
  void answer_from_a(ProbeProtocol protocol, const ProbeAnswer& answer) {
    prober.answer = [=](const ProbePacket& packet) {
      const bool is_match = packet.from == a && packet.protocol == protocol && packet.may_fragment;
      return is_match ? answer : ProbeAnswer{.kind = answered, .round_trip = std::chrono::milliseconds{1}};
    };
  }
  probe::Result result_of(probe::Kind kind) {
    const auto results = run();
    return *std::ranges::find_if(results, [&](const probe::Result& result) { return result.test.kind == kind; });
  }
  /// The loss of an echo request from "a" that was seen at these interfaces.
  probe::Loss loss(std::vector<kernel::Sighting> sightings, ProbeAnswer::Kind kind = ProbeAnswer::Kind::lost) {
    answer_from_a(ProbeProtocol::icmp, {.kind = kind, .error = EPERM, .sightings = std::move(sightings)});
    return result_of(probe::Kind::icmp).loss.value();
  }

  const kernel::Sighting left_a{a, "eth0", true};
  const kernel::Sighting on_host{host, "veth-a"};
  const kernel::Sighting left_host{host, "veth-b", true};
  const kernel::Sighting reached_b{b, "eth0"};
};

TEST_F(ProbeRun, SendsEverythingAtOnceAndMeasuresTheMtu) {
  const auto results = run();
  ASSERT_EQ(results.size(), 8U);
  EXPECT_TRUE(std::ranges::all_of(results, [](const auto& result) { return result.status == Status::answered; }));
  EXPECT_EQ(results[3].mtu, 1500U);
  ASSERT_EQ(prober.exchanges.size(), 2U);
  EXPECT_EQ(prober.exchanges[0].size(), 6U);
  EXPECT_EQ(prober.exchanges[0][1].listener, std::optional<std::size_t>{b});
  EXPECT_EQ(prober.exchanges[1].size(), 2U);
  EXPECT_FALSE(prober.exchanges[1][0].may_fragment);
  EXPECT_EQ(prober.traced, (std::vector{false, false}));
}

TEST_F(ProbeRun, CountsPackets) {
  const auto results = run({.count = 3});
  EXPECT_EQ(results[0].sent, 3U);
  EXPECT_EQ(results[0].answered, 3U);
}

TEST_F(ProbeRun, RepeatsLostTestsWithATrace) {
  const kernel::RuleDrop drop{host, "inet", "filter", "forward", 7};
  answer_from_a(ProbeProtocol::tcp, {.sightings = {left_a, on_host}, .drops = {drop}});
  const auto lost = result_of(probe::Kind::tcp);
  EXPECT_EQ(lost.status, Status::lost);
  EXPECT_EQ(lost.loss->cause, probe::Cause::dropped_by_rule);
  EXPECT_EQ(lost.loss->drop, drop);
  EXPECT_EQ(lost.hops.back().interface, "veth-a");
  EXPECT_EQ(prober.exchanges[1].size(), 1U);
  EXPECT_EQ(prober.traced, (std::vector{false, true, false}));
}

TEST_F(ProbeRun, AcceptsARefusalOfTheReceiverOnly) {
  answer_from_a(ProbeProtocol::tcp, {.kind = ProbeAnswer::Kind::refused, .sightings = {left_a, on_host, reached_b}});
  EXPECT_EQ(result_of(probe::Kind::tcp).status, Status::refused);
  answer_from_a(ProbeProtocol::tcp,
                {.kind = ProbeAnswer::Kind::refused, .error = ECONNREFUSED, .sightings = {on_host}});
  const auto rejected = result_of(probe::Kind::tcp);
  EXPECT_EQ(rejected.status, Status::lost);
  EXPECT_EQ(rejected.loss->cause, probe::Cause::rejected);
  EXPECT_EQ(rejected.loss->error, ECONNREFUSED);
}

TEST_F(ProbeRun, ExpectsNoAnswerToADatagramForAProgram) {
  plan = probe::plan_tests(plan.endpoints[0], plan.endpoints[1], 53);
  answer_from_a(ProbeProtocol::udp, {.sightings = {left_a, on_host, left_host, reached_b}});
  EXPECT_EQ(result_of(probe::Kind::udp).status, Status::arrived);
}

TEST_F(ProbeRun, NamesTheInterface) {
  inspector.interfaces["veth-b"].is_up = false;
  EXPECT_EQ(loss({left_a, on_host}),
            (probe::Loss{probe::Cause::interface_down, "host", "/proc/self/ns/net", "veth-b"}));
  inspector.interfaces.erase("veth-b");
  EXPECT_EQ(loss({}).cause, probe::Cause::interface_missing);
}

TEST_F(ProbeRun, NamesTheCauseInTheSender) {
  EXPECT_EQ(loss({}, ProbeAnswer::Kind::not_sent),
            (probe::Loss{probe::Cause::not_sent, "a", "/run/netns/a", "", EPERM}));
  prober.next_hops["/run/netns/a 10.1.2.3"] = kernel::NextHop{"eth0", test::ip("10.1.2.1")};
  prober.failed_neighbours = {"/run/netns/a 10.1.2.1"};
  EXPECT_EQ(loss({}), (probe::Loss{probe::Cause::neighbour_failed, "a", "/run/netns/a", "10.1.2.1"}));
  prober.next_hops["/run/netns/a 10.1.2.3"] = std::nullopt;
  EXPECT_EQ(loss({}), (probe::Loss{probe::Cause::no_route, "a", "/run/netns/a", "10.1.2.3"}));
  inspector.addresses_by_path.erase("/run/netns/a");
  EXPECT_EQ(loss({}), (probe::Loss{probe::Cause::no_address, "a", "/run/netns/a", "10.1.2.2"}));
}

TEST_F(ProbeRun, NamesTheCauseOnTheHost) {
  const std::string path{inspect::host_namespace_path};
  EXPECT_EQ(loss({left_a, on_host}), (probe::Loss{probe::Cause::unknown, "host", path}));
  prober.failed_neighbours = {path + " 10.1.2.3"};
  EXPECT_EQ(loss({left_a, on_host}), (probe::Loss{probe::Cause::neighbour_failed, "host", path, "10.1.2.3"}));
  prober.next_hops[path + " 10.1.2.3"] = kernel::NextHop{.interface = "eth1"};
  EXPECT_EQ(loss({left_a, on_host}), (probe::Loss{probe::Cause::route_elsewhere, "host", path, "eth1"}));
  prober.next_hops[path + " 10.1.2.3"] = std::nullopt;
  EXPECT_EQ(loss({left_a, on_host}), (probe::Loss{probe::Cause::no_route, "host", path, "10.1.2.3"}));
  prober.next_hops[path + " 10.1.2.3"] = kernel::NextHop{.interface = "eth1"};
  inspector.rejected_sources = {"10.1.2.2"};
  EXPECT_EQ(loss({left_a, on_host}), (probe::Loss{probe::Cause::reverse_path, "host", path, "veth-a"}));
  prober.not_forwarded = {cni::Family::ipv4};
  EXPECT_EQ(loss({left_a, on_host}), (probe::Loss{probe::Cause::forwarding_off, "host", path, "net.ipv4.ip_forward"}));
}

TEST_F(ProbeRun, NamesTheCauseInTheReceiver) {
  const std::vector<kernel::Sighting> arrived{left_a, on_host, left_host, reached_b};
  EXPECT_EQ(loss(arrived), (probe::Loss{probe::Cause::unanswered, "b", "/run/netns/b"}));
  prober.next_hops["/run/netns/b 10.1.2.2"] = std::nullopt;
  EXPECT_EQ(loss(arrived), (probe::Loss{probe::Cause::no_route, "b", "/run/netns/b", "10.1.2.2"}));
  inspector.addresses_by_path.erase("/run/netns/b");
  EXPECT_EQ(loss(arrived), (probe::Loss{probe::Cause::no_address, "b", "/run/netns/b", "10.1.2.3"}));
}

TEST_F(ProbeRun, NamesTheInterfaceThroughWhichItLeavesTheNode) {
  plan = probe::plan_tests(plan.endpoints[0], {.name = "192.0.2.1", .addresses = {test::ip("192.0.2.1")}}, 0);
  EXPECT_EQ(loss({left_a, on_host, {host, "eth1", true}}),
            (probe::Loss{probe::Cause::left_node, "host", inspect::host_namespace_path, "eth1"}));
}

class ProbePathMtu : public ProbeRun {
 protected:
  /// The path drops larger packets of "a", or reports the MTU.
  probe::Result measure(std::uint32_t mtu, bool is_reported) {
    prober.answer = [=](const ProbePacket& packet) {
      if (packet.ip_bytes <= mtu) return ProbeAnswer{.kind = answered};
      return is_reported ? ProbeAnswer{.kind = ProbeAnswer::Kind::too_big, .mtu = mtu} : ProbeAnswer{};
    };
    return result_of(probe::Kind::path_mtu);
  }
};

TEST_F(ProbePathMtu, IsReportedByTheNetwork) {
  const auto result = measure(1400, true);
  EXPECT_EQ(result.status, Status::answered);
  EXPECT_EQ(result.mtu, 1400U);
  EXPECT_EQ(result.interface_mtu, 1500U);
  EXPECT_EQ(prober.exchanges.size(), 3U);
}

TEST_F(ProbePathMtu, IsFoundInABlackHole) {
  inspector.interfaces["veth-b"].mtu = 1372;
  const auto result = measure(1373, false);
  EXPECT_EQ(result.status, Status::lost);
  EXPECT_EQ(result.mtu, 1373U);
  EXPECT_EQ(result.loss->cause, probe::Cause::mtu_black_hole);
  EXPECT_EQ(result.loss->object, "veth-b");
  EXPECT_LE(prober.exchanges.size(), 14U);
}

TEST_F(ProbePathMtu, IsNotMeasuredWhereNothingArrives) {
  prober.answer = [](const ProbePacket&) { return ProbeAnswer{}; };
  const auto results = run();
  EXPECT_EQ(results.size(), 6U);
  EXPECT_EQ(prober.exchanges.size(), 2U);
}

}  // namespace
