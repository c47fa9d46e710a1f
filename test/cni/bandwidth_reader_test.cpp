#include "plugin/cni/bandwidth_reader.hpp"

#include "plugin/cni/network_config.hpp"
#include "test/support/error_text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

using cni::Bandwidth;
using cni::Rate;

Bandwidth parse_bandwidth(const std::string& members, cni::Verb verb = cni::Verb::add) {
  const auto text = R"({"cniVersion":"1.1.0","name":"net","type":"veth","ipam":{"type":"x"},)" + members + '}';
  return cni::parse_network_config(text, verb, {}).bandwidth;
}

std::string runtime(const std::string& members) { return R"("runtimeConfig":{"bandwidth":{)" + members + "}}"; }
std::string own(const std::string& members) { return R"("bandwidth":{)" + members + '}'; }

Bandwidth ingress(std::uint64_t rate, std::uint64_t burst) {
  return {.ingress = Rate{.bits_per_second = rate, .burst_bits = burst}};
}

TEST(ReadBandwidth, ReadsRatesAndBurstsOfBothDirections) {
  const Bandwidth wanted{.ingress = Rate{1000, 2}, .egress = Rate{3000, 4}};
  const std::string members = R"("ingressRate":1000,"ingressBurst":2,"egressRate":3000,"egressBurst":4)";
  EXPECT_TRUE(parse_bandwidth(own(members)) == wanted);
  EXPECT_TRUE(parse_bandwidth(runtime(members)) == wanted);
}

TEST(ReadBandwidth, AcceptsTheSpellingAndTheLargeNumbersOfRuntimes) {
  const Bandwidth wanted{.ingress = Rate{8'000'000, 34'359'738'359}, .egress = Rate{~std::uint64_t{0}, 4'294'967'295}};
  const auto members = runtime(R"("IngressRate":8000000,"IngressBurst":34359738359,
                                  "EgressRate":18446744073709551615,"EgressBurst":4294967295)");
  EXPECT_TRUE(parse_bandwidth(members) == wanted);
  EXPECT_TRUE(parse_bandwidth(members, cni::Verb::del) == wanted);
}

TEST(ReadBandwidth, TreatsZeroAndAbsentAsNoLimit) {
  for (const char* members :
       {R"("x":1)", R"("bandwidth":{})", R"("bandwidth":null)", R"("bandwidth":{"ingressRate":0,"ingressBurst":0})",
        R"("runtimeConfig":{"bandwidth":{}})", R"("runtimeConfig":{"bandwidth":null},"bandwidth":"")",
        R"("runtimeConfig":{"bandwidth":{"ingressRate":0,"ingressBurst":0,"egressRate":0}})"}) {
    EXPECT_TRUE(parse_bandwidth(members) == Bandwidth{}) << members;
  }
}

TEST(ReadBandwidth, CombinesEachDirectionSeparately) {
  const auto both = parse_bandwidth(runtime(R"("ingressRate":5000,"ingressBurst":50)") + ',' +
                                    own(R"("ingressRate":7000,"egressRate":9000,"egressBurst":90)"));
  EXPECT_TRUE(both == (Bandwidth{.ingress = Rate{5000, 50}, .egress = Rate{9000, 90}}));
}

TEST(ReadBandwidth, LimitsTheBurstOfTheRuntimeToTheConfiguredBurst) {
  const auto requested = runtime(R"("ingressRate":5000,"ingressBurst":4294967295)");
  EXPECT_TRUE(parse_bandwidth(requested + ',' + own(R"("ingressBurst":80000)")) == ingress(5000, 80000));
  EXPECT_TRUE(parse_bandwidth(requested + ',' + own(R"("ingressRate":1000,"ingressBurst":80000)")) ==
              ingress(5000, 80000));
  EXPECT_TRUE(parse_bandwidth(runtime(R"("ingressRate":5000,"ingressBurst":7)") + ',' +
                              own(R"("ingressBurst":80000)")) == ingress(5000, 7));
  EXPECT_TRUE(parse_bandwidth(runtime(R"("ingressRate":5000)") + ',' + own(R"("ingressBurst":80000)")) ==
              ingress(5000, 80000));
  EXPECT_TRUE(parse_bandwidth(own(R"("ingressBurst":80000)")) == Bandwidth{}) << "a burst without a rate is no limit";
}

TEST(ReadBandwidth, HasNoBurstIfNoneIsConfigured) {
  EXPECT_TRUE(parse_bandwidth(own(R"("ingressRate":5000)")) == ingress(5000, 0));
}

TEST(ReadBandwidth, RejectsInvalidValues) {
  struct Case {
    std::string members;
    const char* error;
  };
  for (const auto& [members, error] :
       {Case{runtime(R"("ingressBurst":9)"),
             "7: /runtimeConfig/bandwidth/ingressBurst: must be 0 if ingressRate is 0 or absent, not 9"},
        Case{runtime(R"("egressRate":999,"egressBurst":9)"),
             "7: /runtimeConfig/bandwidth/egressRate: must be 0 or at least 1000 bits per second, not 999"},
        Case{own(R"("ingressRate":1)"), "7: /bandwidth/ingressRate: must be 0 or at least 1000 bits per second, not 1"},
        Case{own(R"("ingressRate":1.5)"), "6: /bandwidth/ingressRate: must be an integer, not 1.5"},
        Case{own(R"("ingressRate":-1)"),
             "7: /bandwidth/ingressRate: must be an integer from 0 to 18446744073709551615, not -1"},
        Case{own(R"("ingressRate":"10M")"), R"(6: /bandwidth/ingressRate: must be an integer, not "10M")"},
        Case{own(R"("ingresRate":8000)"),
             R"(2: /bandwidth/ingresRate: unknown key with value 8000: did you mean "ingressRate"?)"},
        Case{R"("bandwidth":7)", "6: /bandwidth: must be an object, not 7"}}) {
    EXPECT_EQ(test::error_text([&, &text = members] { parse_bandwidth(text); }), error);
    EXPECT_TRUE(parse_bandwidth(members, cni::Verb::del) == Bandwidth{}) << members;
  }
}

TEST(ReadBandwidth, IsRejectedInModeNetns) {
  const std::string cable = R"("mode":"netns","peer":{"netns":"/run/netns/b"},)";
  EXPECT_EQ(test::error_text([&] { parse_bandwidth(cable + runtime(R"("egressRate":8000,"egressBurst":9)")); }),
            "7: /bandwidth: not possible in mode netns: both ends are in containers, which could remove the limits");
  EXPECT_EQ(test::error_text([&] { parse_bandwidth(cable + own(R"("egressRate":0)")); }), "");
}

}  // namespace
