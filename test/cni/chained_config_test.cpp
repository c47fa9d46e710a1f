#include "plugin/cni/chained_config.hpp"

#include "plugin/cni/chain_member.hpp"
#include "test/support/error_text.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using cni::Verb;

std::string chained(const std::string& members) { return R"({"cniVersion":"1.0.0","name":"net")" + members + "}"; }

std::string portmap_refusal(const std::string& members) {
  return test::error_text([&] { cni::parse_portmap_config(chained(members), Verb::add); });
}

std::string bandwidth_refusal(const std::string& members) {
  return test::error_text([&] { cni::parse_bandwidth_config(chained(members), Verb::add); });
}

cni::InterfaceTuning tuning(const std::string& members, const cni::Args& args = {}) {
  return cni::parse_tuning_config(chained(members), Verb::add, args);
}

TEST(ChainMember, HasAnAttachmentOfItsOwn) {
  const cni::Attachment attachment{"net", "c", "eth0"};
  const auto member = cni::attachment_of_member(attachment, cni::portmap_member);
  EXPECT_EQ(member, (cni::Attachment{"net", "c", "eth0:portmap"}));
  EXPECT_FALSE(cni::is_of_chain_member(attachment));
  EXPECT_TRUE(cni::is_of_chain_member(member));
  EXPECT_EQ(cni::without_member(member), attachment);
  EXPECT_EQ(cni::without_member(attachment), attachment);
}

TEST(PortmapConfig, HasTheDefaultsOfTheReferencePlugin) {
  const auto config = cni::parse_portmap_config(chained(""), Verb::add);
  EXPECT_EQ(config, cni::PortMapConfig{});
  EXPECT_TRUE(config.source_nat.mapped_ports);
}

TEST(PortmapConfig, ReadsMappingsAndSourceNat) {
  const auto config = cni::parse_portmap_config(
      chained(R"(,"snat":false,"masqAll":true,"backend":"iptables","conditionsV4":[],"runtimeConfig":{"portMappings":[
              {"hostPort":8080,"containerPort":80,"protocol":"udp","hostIP":"192.0.2.1"}]})"),
      Verb::add);
  EXPECT_EQ(config.source_nat, (cni::SourceNat{.mapped_ports = false, .all_clients = true}));
  ASSERT_EQ(config.mappings.size(), 1U);
  EXPECT_EQ(config.mappings.front().host_port, 8080);
  EXPECT_EQ(config.mappings.front().protocol, "udp");
  EXPECT_FALSE(config.unsupported);
}

TEST(PortmapConfig, NamesTheKeyThatNeedsTheReferencePlugin) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"(,"conditionsV4":["-d","192.0.2.0/24"])", "/conditionsV4"},
      {R"(,"conditionsV6":["!","-d","fd00::/8"])", "/conditionsV6"},
      {R"(,"markMasqBit":5)", "/markMasqBit"},
      {R"(,"externalSetMarkChain":"KUBE-MARK-MASQ")", "/externalSetMarkChain"}};
  for (const auto& [members, key] : cases) {
    EXPECT_EQ(cni::parse_portmap_config(chained(members), Verb::add).unsupported, key) << members;
  }
}

TEST(PortmapConfig, RefusesWhatCannotBeMapped) {
  EXPECT_EQ(portmap_refusal(R"(,"backend":"pf")"), R"(7: /backend: must be "iptables" or "nftables", not "pf")");
  EXPECT_NE(portmap_refusal(R"(,"runtimeConfig":{"portMappings":[{"hostPort":0,"containerPort":80}]})"), "");
  EXPECT_EQ(test::error_text([] { cni::parse_portmap_config(chained(R"(,"backend":"pf","snat":1)"), Verb::del); }), "");
}

TEST(BandwidthConfig, PrefersItsKeysToTheCapability) {
  const std::string capability = R"(,"runtimeConfig":{"bandwidth":{"egressRate":8000,"egressBurst":800}})";
  EXPECT_EQ(cni::parse_bandwidth_config(chained(capability), Verb::add),
            (cni::Bandwidth{.egress = cni::Rate{.bits_per_second = 8000, .burst_bits = 800}}));
  EXPECT_EQ(cni::parse_bandwidth_config(chained(R"(,"ingressRate":16,"ingressBurst":16)" + capability), Verb::add),
            (cni::Bandwidth{.ingress = cni::Rate{.bits_per_second = 16, .burst_bits = 16}}));
  EXPECT_EQ(cni::parse_bandwidth_config(chained(""), Verb::add), cni::Bandwidth{});
}

TEST(BandwidthConfig, RefusesWhatTheReferencePluginRefuses) {
  EXPECT_EQ(bandwidth_refusal(R"(,"ingressRate":8000)"), "7: if rate is set, burst must also be set");
  EXPECT_EQ(bandwidth_refusal(R"(,"egressBurst":8000)"), "7: if burst is set, rate must also be set");
  EXPECT_EQ(bandwidth_refusal(R"(,"egressRate":8000,"egressBurst":34359738360)"), "7: burst cannot be more than 4GB");
  EXPECT_EQ(bandwidth_refusal(R"(,"egressRate":7,"egressBurst":8)"),
            "7: /egressRate: must be 0 or at least 8 bits per second");
}

TEST(TuningConfig, ChangesNothingByDefault) { EXPECT_EQ(tuning(""), cni::InterfaceTuning{}); }

TEST(TuningConfig, ReadsAllSettings) {
  const auto read = tuning(
      R"(,"mtu":1400,"promisc":true,"allmulti":false,"txQLen":0,"dataDir":"/x","sysctl":{"net.ipv4.ip_forward":"1"})");
  EXPECT_EQ(read.mtu, 1400U);
  EXPECT_TRUE(read.promiscuous);
  EXPECT_EQ(read.all_multicast, false);
  EXPECT_EQ(read.tx_queue_length, 0U);
  EXPECT_EQ(read.data_dir, "/x");
  EXPECT_EQ(read.sysctls.front().path, "net/ipv4/ip_forward");
}

/// args.cni, runtimeConfig, CNI_ARGS, configuration.
TEST(TuningConfig, TakesTheMacOfTheStrongestSource) {
  const auto mac_of = [](const std::string& members, const std::string& args) {
    return cni::to_string(tuning(members, {.ip = {}, .mac = args}).mac.value());
  };
  const std::string own = R"(,"mac":"02:00:00:00:00:04")";
  const std::string runtime = R"(,"runtimeConfig":{"mac":"02:00:00:00:00:02"})";
  const std::string args = R"(,"args":{"cni":{"mac":"02:00:00:00:00:01"}})";
  EXPECT_EQ(mac_of(own + runtime + args, "02:00:00:00:00:03"), "02:00:00:00:00:01");
  EXPECT_EQ(mac_of(own + runtime, "02:00:00:00:00:03"), "02:00:00:00:00:02");
  EXPECT_EQ(mac_of(own, "02:00:00:00:00:03"), "02:00:00:00:00:03");
  EXPECT_EQ(mac_of(own, ""), "02:00:00:00:00:04");
  EXPECT_EQ(test::error_text([] { tuning(R"(,"mac":"2")"); }), "7: /mac: must be an Ethernet address, not \"2\"");
}

}  // namespace
