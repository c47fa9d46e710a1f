#include "ipam/range.hpp"

#include "test/ipam/network.hpp"
#include "test/support/error_text.hpp"

#include <algorithm>

namespace {

using test::ip;
using test::prefix;
using test::range;

std::string text_of(const std::optional<cni::IpAddress>& address) {
  return address ? cni::to_string(*address) : "none";
}

ipam::RangeSet set_of(const std::vector<cni::RangeConfig>& configs) {
  ipam::RangeSet set;
  for (const auto& config : configs) set.push_back(ipam::checked_range(config, "/r"));
  return set;
}

/// All candidates of the set, in their order.
std::string round_of(const ipam::RangeSet& set) {
  const auto first = ipam::first_candidate(set);
  std::string text = text_of(first);
  for (auto next = ipam::next_candidate(set, *first); next && next != first; next = ipam::next_candidate(set, *next)) {
    text += " " + text_of(next);
  }
  return text;
}

TEST(Range, SetsItsDefaults) {
  const struct {
    const char *subnet, *first, *last, *gateway;
  } cases[] = {
      {"10.1.2.0/24", "10.1.2.1", "10.1.2.254", "10.1.2.1"},
      {"10.1.2.4/30", "10.1.2.5", "10.1.2.6", "10.1.2.5"},
      {"10.1.2.4/31", "10.1.2.4", "10.1.2.5", "none"},
      {"10.1.2.4/32", "10.1.2.4", "10.1.2.4", "none"},
      {"0.0.0.0/0", "0.0.0.1", "255.255.255.254", "0.0.0.1"},
      {"fd00::/64", "fd00::1", "fd00::ffff:ffff:ffff:ffff", "fd00::1"},
      {"fd00::4/126", "fd00::5", "fd00::7", "fd00::5"},
      {"fd00::4/127", "fd00::4", "fd00::5", "none"},
      {"fd00::4/128", "fd00::4", "fd00::4", "none"},
      {"::/0", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::1"},
  };
  for (const auto& [subnet, first, last, gateway] : cases) {
    const auto checked = ipam::checked_range(range(subnet), "/r");
    EXPECT_EQ(cni::to_string(checked.first), first) << subnet;
    EXPECT_EQ(cni::to_string(checked.last), last) << subnet;
    EXPECT_EQ(text_of(checked.gateway), gateway) << subnet;
  }
}

TEST(Range, IsRejectedIfInvalid) {
  const auto with_gateway = [](const char* subnet, const char* gateway) {
    auto config = range(subnet);
    config.gateway = ip(gateway);
    return config;
  };
  const auto excluding = [](const char* subnet, const char* excluded) {
    auto config = range(subnet);
    config.exclude = {prefix(excluded)};
    return config;
  };
  const struct {
    cni::RangeConfig config;
    const char* text;
  } cases[] = {
      {range("10.1.2.3/24"),
       "7: /r/subnet: the subnet 10.1.2.3/24 has host bits set. Use the network address 10.1.2.0/24"},
      {range("10.1.2.0/24", "10.1.3.1", "10.1.2.9"), "7: /r/rangeStart: 10.1.3.1 is not in the subnet 10.1.2.0/24"},
      {range("10.1.2.0/24", "10.1.2.1", "10.1.3.9"), "7: /r/rangeEnd: 10.1.3.9 is not in the subnet 10.1.2.0/24"},
      {range("10.1.2.0/24", "fd00::1", "10.1.2.9"), "7: /r/rangeStart: fd00::1 is not in the subnet 10.1.2.0/24"},
      {range("10.1.2.0/24", "10.1.2.9", "10.1.2.8"), "7: /r: rangeEnd 10.1.2.8 is before rangeStart 10.1.2.9"},
      {with_gateway("10.1.2.0/24", "fd00::1"),
       "7: /r/gateway: fd00::1 and the subnet 10.1.2.0/24 are of different address families"},
      {with_gateway("10.1.2.0/24", "10.1.3.1"), "7: /r/gateway: 10.1.3.1 is not in the subnet 10.1.2.0/24"},
      {with_gateway("fd00::/64", "fd01::1"), "7: /r/gateway: fd01::1 is not in the subnet fd00::/64"},
      {excluding("fd00::/64", "10.0.0.0/8"),
       "7: /r/exclude: 10.0.0.0/8 and the subnet fd00::/64 are of different address families"},
      {with_gateway("10.1.2.4/32", "10.1.2.4"),
       "7: /r: no address can be assigned: each address of 10.1.2.4-10.1.2.4 is the gateway or excluded"},
      {excluding("10.1.2.0/24", "10.1.0.0/16"),
       "7: /r: no address can be assigned: each address of 10.1.2.1-10.1.2.254 is the gateway or excluded"},
      {excluding("::/0", "::/0"),
       "7: /r: no address can be assigned: each address of ::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff is the gateway "
       "or excluded"},
  };
  for (const auto& [config, text] : cases) {
    EXPECT_EQ(test::error_text([&, &refused = config] { ipam::checked_range(refused, "/r"); }), text);
  }
}

TEST(Range, MayHaveALinkLocalGatewayOrAnyGatewayOfASingleAddress) {
  for (const auto& [subnet, gateway] : {std::pair{"10.1.2.0/24", "169.254.1.1"}, std::pair{"fd00::/64", "fe80::1"},
                                        std::pair{"10.1.2.7/32", "10.9.9.9"}, std::pair{"fd00::7/128", "fd09::9"}}) {
    auto config = range(subnet);
    config.gateway = ip(gateway);
    EXPECT_EQ(text_of(ipam::checked_range(config, "/r").gateway), gateway) << subnet;
  }
}

TEST(Range, ReturnsItsCandidatesInOrderAndStartsAgain) {
  auto excluding = range("10.1.2.0/28");
  excluding.exclude = {prefix("10.1.2.4/30"), prefix("10.1.2.6/31"), prefix("10.1.2.12/30")};
  auto gateway_inside = range("10.1.2.0/29");
  gateway_inside.gateway = ip("10.1.2.4");
  auto gateway_outside = range("10.1.2.0/29");
  gateway_outside.gateway = ip("169.254.1.1");
  const struct {
    std::vector<cni::RangeConfig> configs;
    const char* round;
  } cases[] = {
      {{range("10.1.2.0/29")}, "10.1.2.2 10.1.2.3 10.1.2.4 10.1.2.5 10.1.2.6"},
      {{range("10.1.2.0/30")}, "10.1.2.2"},
      {{range("10.1.2.0/31")}, "10.1.2.0 10.1.2.1"},
      {{range("10.1.2.7/32")}, "10.1.2.7"},
      {{range("255.255.255.254/31")}, "255.255.255.254 255.255.255.255"},
      {{range("fd00::4/126")}, "fd00::6 fd00::7"},
      {{range("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127")},
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {{excluding}, "10.1.2.2 10.1.2.3 10.1.2.8 10.1.2.9 10.1.2.10 10.1.2.11"},
      {{gateway_inside}, "10.1.2.1 10.1.2.2 10.1.2.3 10.1.2.5 10.1.2.6"},
      {{gateway_outside}, "10.1.2.1 10.1.2.2 10.1.2.3 10.1.2.4 10.1.2.5 10.1.2.6"},
      {{range("10.1.9.0/30"), range("10.1.2.0/31"), range("10.1.5.8/30")}, "10.1.9.2 10.1.2.0 10.1.2.1 10.1.5.10"},
  };
  for (const auto& [configs, round] : cases) EXPECT_EQ(round_of(set_of(configs)), round);
}

TEST(Range, ContinuesAfterAnyAddress) {
  const auto set = set_of({range("10.1.2.0/29"), range("10.1.9.0/30")});
  const struct {
    const char *last, *next;
  } cases[] = {{"10.1.2.1", "10.1.2.2"}, {"10.1.2.6", "10.1.9.2"}, {"10.1.9.2", "10.1.2.2"}, {"10.1.9.1", "10.1.9.2"},
               {"10.1.2.7", "10.1.2.2"}, {"10.7.7.7", "10.1.2.2"}, {"fd00::1", "10.1.2.2"}};
  for (const auto& [last, next] : cases) EXPECT_EQ(text_of(ipam::next_candidate(set, ip(last))), next) << last;
}

TEST(Range, FindsTheNextFreeAddress) {
  const auto set = set_of({range("10.1.2.0/29"), range("10.1.9.0/29")});
  const auto taken = [](const std::vector<const char*>& texts) {
    std::vector<cni::IpAddress> addresses;
    std::ranges::transform(texts, std::back_inserter(addresses), ip);
    return addresses;
  };
  const struct {
    std::vector<const char*> taken;
    const char *last, *next;
  } cases[] = {
      {{}, "10.1.2.2", "10.1.2.3"},
      {{"10.1.2.2", "10.1.2.3", "10.1.2.5"}, "10.1.2.2", "10.1.2.4"},
      {{"10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6"}, "10.1.2.2", "10.1.9.2"},
      {{"10.1.9.5", "10.1.9.6"}, "10.1.9.4", "10.1.2.2"},
      {{"10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6", "10.1.9.2", "10.1.9.3", "10.1.9.4", "10.1.9.5"},
       "10.1.2.4",
       "10.1.9.6"},
      {{"10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6", "10.1.9.2", "10.1.9.3", "10.1.9.4", "10.1.9.5",
        "10.1.9.6"},
       "10.1.2.4",
       "none"},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(text_of(ipam::next_free(set, ip(each.last), taken(each.taken))), each.next) << each.last;
  }
}

TEST(Range, JumpsOverLargeExclusions) {
  auto config = range("::/0");
  config.exclude = {prefix("::/1"), prefix("8000::/2"), prefix("c000::/3"), prefix("e000::/3")};
  config.exclude.back() = prefix("e000::/4");
  const auto set = set_of({config});
  EXPECT_EQ(text_of(ipam::first_candidate(set)), "f000::");
  std::vector<cni::IpAddress> taken;
  for (unsigned number = 0; number < 100'000; ++number)
    taken.push_back({cni::Family::ipv6, ip("f000::").bits + number});
  EXPECT_EQ(text_of(ipam::next_free(set, ip("f000::"), taken)), "f000::1:86a0");
}

TEST(RangeSets, BeginWithThoseOfTheRuntime) {
  cni::NetworkConfig config;
  config.version = cni::Version::v0_3_0;
  config.ipam.ranges = {{range("10.1.2.0/24")}, {range("fd00::/64")}};
  config.requested.ranges = {{range("10.9.0.0/24"), range("10.8.0.0/24")}};
  const auto sets = ipam::checked_range_sets(config);
  ASSERT_EQ(sets.size(), 3U);
  EXPECT_EQ(ipam::to_string(sets[0]), "10.9.0.1-10.9.0.254,10.8.0.1-10.8.0.254");
  EXPECT_EQ(ipam::to_string(sets[1]), "10.1.2.1-10.1.2.254");
}

TEST(RangeSets, AreRejectedIfInvalid) {
  const struct {
    cni::Version version;
    cni::RangeSets sets;
    const char* text;
  } cases[] = {
      {cni::Version::v1_1_0, {{}}, "7: /ipam/ranges/0: empty range set. Add a range or remove the set"},
      {cni::Version::v1_1_0,
       {{range("10.1.2.0/24"), range("fd00::/64")}},
       "7: /ipam/ranges/0/1: mixed address families, 10.1.2.1-10.1.2.254 and fd00::1-fd00::ffff:ffff:ffff:ffff. Use "
       "one "
       "range set for each family"},
      {cni::Version::v1_1_0,
       {{range("10.1.2.0/24"), range("10.1.0.0/16")}},
       "7: /ipam/ranges/0/1: the ranges 10.1.2.1-10.1.2.254 and 10.1.0.1-10.1.255.254 overlap"},
      {cni::Version::v1_1_0,
       {{range("10.1.0.0/16")}, {range("10.3.0.0/24"), range("10.1.2.0/24")}},
       "7: /ipam/ranges/1: the ranges 10.1.0.1-10.1.255.254 and 10.1.2.1-10.1.2.254 overlap"},
      {cni::Version::v0_2_0,
       {{range("10.1.2.0/24")}, {range("10.1.3.0/24")}},
       "7: CNI version 0.2.0 does not support more than 1 address per family"},
  };
  for (const auto& each : cases) {
    cni::NetworkConfig config;
    config.version = each.version;
    config.ipam.ranges = each.sets;
    EXPECT_EQ(test::error_text([&] { ipam::checked_range_sets(config); }), each.text);
  }
}

/// The error for a configuration with these members.
std::string refusal_of(const std::string& members) {
  const auto text = R"({"cniVersion":"1.1.0","name":"n","type":"veth",)" + members + "}";
  return test::error_text([&] { ipam::checked_range_sets(cni::parse_network_config(text, cni::Verb::add, {})); });
}

/// With isGateway, the bridge needs an address in each prefix.
TEST(RangeSets, NeverContainTheDefaultGatewayOfABridge) {
  cni::NetworkConfig config;
  config.version = cni::Version::v1_1_0;
  config.ipam.ranges = {{range("10.1.2.4/31")}, {range("fd00::4/127")}};
  EXPECT_EQ(round_of(ipam::checked_range_sets(config)[0]), "10.1.2.4 10.1.2.5");
  config.mode = cni::Mode::bridge;
  EXPECT_EQ(round_of(ipam::checked_range_sets(config)[1]), "fd00::4 fd00::5");
  config.bridge.is_gateway = true;
  EXPECT_EQ(round_of(ipam::checked_range_sets(config)[0]), "10.1.2.4");
  EXPECT_EQ(round_of(ipam::checked_range_sets(config)[1]), "fd00::4");
  EXPECT_EQ(text_of(ipam::checked_range_sets(config)[1].front().gateway), "fd00::5");
  config.ipam.ranges = {{range("10.1.2.4/31", "10.1.2.5", "10.1.2.5")}};
  EXPECT_EQ(
      test::error_text([&] { ipam::checked_range_sets(config); }),
      "7: /ipam/ranges/0/0: no address can be assigned: each address of 10.1.2.5-10.1.2.5 is the gateway or excluded");
  config.ipam.ranges.front().front().gateway = ip("10.1.2.4");
  EXPECT_EQ(round_of(ipam::checked_range_sets(config)[0]), "10.1.2.5");
}

TEST(RangeSets, AreReportedWithTheirJsonPointer) {
  const std::string fault = ": the subnet 10.2.0.7/24 has host bits set. Use the network address 10.2.0.0/24";
  const std::string own = R"("subnet":"10.1.0.0/24")";
  const std::string wrong = R"([[{"subnet":"10.2.0.7/24"}]])";
  const auto ipam = [](const std::string& members) { return R"("ipam":{"type":"veth-ipam",)" + members + "}"; };
  EXPECT_EQ(refusal_of(ipam(own + R"(,"ranges":)" + wrong)), "7: /ipam/ranges/0/0/subnet" + fault);
  EXPECT_EQ(refusal_of(ipam(R"("ranges":)" + wrong)), "7: /ipam/ranges/0/0/subnet" + fault);
  EXPECT_EQ(refusal_of(ipam(R"("subnet":"10.2.0.7/24","ranges":[[{"subnet":"10.1.0.0/24"}]])")),
            "7: /ipam/subnet" + fault);
  EXPECT_EQ(refusal_of(ipam(own + R"(,"rangeStart":"10.9.0.1")")),
            "7: /ipam/rangeStart: 10.9.0.1 is not in the subnet 10.1.0.0/24");
  EXPECT_EQ(refusal_of(ipam(own + R"(,"ranges":[[{"subnet":"10.1.0.0/25"}]])")),
            "7: /ipam/ranges/0: the ranges 10.1.0.1-10.1.0.254 and 10.1.0.1-10.1.0.126 overlap");
  EXPECT_EQ(refusal_of(ipam(own) + R"(,"runtimeConfig":{"ipRanges":)" + wrong + "}"),
            "7: /runtimeConfig/ipRanges/0/0/subnet" + fault);
}

TEST(RangeSets, MayHaveOneOfEachFamilyInOldVersions) {
  cni::NetworkConfig config;
  config.version = cni::Version::v0_1_0;
  config.ipam.ranges = {{range("10.1.2.0/24")}, {range("fd00::/64")}};
  EXPECT_EQ(ipam::checked_range_sets(config).size(), 2U);
}

TEST(RangeSets, MayShareASubnetButNotItsGateway) {
  cni::NetworkConfig config;
  auto other = range("10.1.2.0/24", "10.1.2.10", "10.1.2.12");
  other.gateway = ip("10.1.2.3");
  config.ipam.ranges = {{range("10.1.2.0/24", "10.1.2.1", "10.1.2.4"), other}};
  const auto sets = ipam::checked_range_sets(config);
  EXPECT_EQ(round_of(sets[0]), "10.1.2.2 10.1.2.4 10.1.2.10 10.1.2.11 10.1.2.12");
}

}  // namespace
