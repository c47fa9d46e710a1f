#include "plugin/cni/tuning_reader.hpp"

#include "plugin/cni/network_config.hpp"
#include "test/support/error_text.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using cni::TuningConfig;

TuningConfig parse_tuning(const std::string& members, cni::Verb verb = cni::Verb::add) {
  const auto text = R"({"cniVersion":"1.1.0","name":"net","type":"veth","ipam":{"type":"x"},)" + members + '}';
  return cni::parse_network_config(text, verb, {}).tuning;
}

std::string args(const std::string& members) { return R"("args":{"cni":{)" + members + "}}"; }

TEST(ReadTuning, ReadsTheKeysOfThePluginTuning) {
  const std::string members =
      R"("sysctl":{"net.ipv4.conf.IFNAME.arp_ignore":"1","net/core/somaxconn":500},"txQLen":1000,"promisc":true,
         "allmulti":true)";
  const TuningConfig wanted{.sysctls = {{"net.ipv4.conf.IFNAME.arp_ignore", "net/ipv4/conf/IFNAME/arp_ignore", "1"},
                                        {"net/core/somaxconn", "net/core/somaxconn", "500"}},
                            .tx_queue_length = 1000,
                            .promiscuous = true,
                            .all_multicast = true};
  EXPECT_TRUE(parse_tuning(members) == wanted);
  EXPECT_TRUE(parse_tuning(args(members)) == wanted);
}

TEST(ReadTuning, AcceptsAbsentAndEmptyKeys) {
  for (const char* members :
       {R"("x":1)", R"("sysctl":{},"promisc":false,"allmulti":false)", R"("sysctl":null,"txQLen":null,"promisc":null)",
        R"("sysctl":{"net.core.somaxconn":null})", R"("args":{"cni":{"sysctl":{}}})"}) {
    EXPECT_TRUE(parse_tuning(members) == TuningConfig{}) << members;
  }
  EXPECT_EQ(parse_tuning(R"("txQLen":0)").tx_queue_length, 0U) << "a length, too";
}

TEST(ReadTuning, LetsArgsOverrideEachSettingSeparately) {
  const auto tuning =
      parse_tuning(R"("sysctl":{"net.core.somaxconn":"1","net.ipv4.tcp_sack":"1"},"txQLen":1,"promisc":true,)" +
                   args(R"("sysctl":{"net/core/somaxconn":"2","net.ipv4.tcp_ecn":"2"},"txQLen":2,"promisc":false)"));
  const TuningConfig wanted{.sysctls = {{"net/core/somaxconn", "net/core/somaxconn", "2"},
                                        {"net.ipv4.tcp_sack", "net/ipv4/tcp_sack", "1"},
                                        {"net.ipv4.tcp_ecn", "net/ipv4/tcp_ecn", "2"}},
                            .tx_queue_length = 2};
  EXPECT_TRUE(tuning == wanted);
}

TEST(ReadTuning, AcceptsValuesOfOneLine) {
  const std::string values[] = {R"("4096 131072\t6291456")", R"("a=b:c")", "-1", '"' + std::string(256, '9') + '"'};
  for (const auto& value : values) {
    EXPECT_EQ(parse_tuning(R"("sysctl":{"net.core.x":)" + value + '}').sysctls.size(), 1U) << value;
  }
}

TEST(ReadTuning, RejectsInvalidSettings) {
  struct Case {
    std::string members;
    std::string error;
  };
  const std::string pointer = "/sysctl/net.core.x: must be ";
  for (
      const auto& [members, error] :
      {Case{R"("sysctl":{"kernel.hostname":"x"})",
            R"(7: /sysctl: "kernel.hostname" is not a sysctl below net., such as net.ipv4.conf.IFNAME.arp_ignore)"},
       Case{
           args(R"("sysctl":{"net/../kernel":"x"})"),
           R"(7: /args/cni/sysctl: "net/../kernel" is not a sysctl below net., such as net.ipv4.conf.IFNAME.arp_ignore)"},
       Case{R"("sysctl":{"net.core.x":""})", "7: " + pointer + R"(one line of 1 to 256 characters, not "")"},
       Case{R"("sysctl":{"net.core.x":"1\n2"})", "7: " + pointer + R"(one line of 1 to 256 characters, not "1\n2")"},
       Case{R"("sysctl":{"net.core.x":true})", "7: " + pointer + "a string or an integer, not true"},
       Case{R"("sysctl":{"net.core.x":1.5})", "7: " + pointer + "a string or an integer, not 1.5"},
       Case{R"("sysctl":{"net.core.x":[1]})", "7: " + pointer + "a string or an integer, not [1]"},
       Case{R"("sysctl":{"net.core.x":"1","net/core/x":"2"})",
            R"(7: /sysctl/net~1core~1x: must have the same value as "net.core.x", which is the same setting, not "2")"},
       Case{R"("sysctl":["net.core.x=1"])", R"(6: /sysctl: must be an object, not ["net.core.x=1"])"},
       Case{R"("txQLen":-1)", "7: /txQLen: must be an integer from 0 to 2147483647, not -1"},
       Case{R"("promisc":1)", "6: /promisc: must be true or false, not 1"},
       Case{R"("allMulti":"yes")", R"(6: /allMulti: must be true or false, not "yes")"}}) {
    EXPECT_EQ(test::error_text([&, &text = members] { parse_tuning(text); }), error);
    EXPECT_TRUE(parse_tuning(members, cni::Verb::del) == TuningConfig{}) << members;
  }
}

}  // namespace
