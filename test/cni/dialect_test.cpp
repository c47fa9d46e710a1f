// Configurations under the names of the reference plugins.
#include "plugin/cni/network_config.hpp"
#include "test/cni/failure.hpp"

#include <string>

#include <gtest/gtest.h>

namespace cni {
namespace {

constexpr Dialect as_ptp{.reference_mode = Mode::ptp};
constexpr Dialect as_bridge{.reference_mode = Mode::bridge};

std::string reference_config(const std::string& type, const std::string& members) {
  return R"({"cniVersion":"1.0.0","name":"n","type":")" + type + R"(","ipam":{"type":"host-local"})" + members + "}";
}

NetworkConfig parse_as(const Dialect& dialect, const std::string& members, const Args& args = {.ip = {}}) {
  return parse_network_config(reference_config("any", members), Verb::add, args, dialect);
}

TEST(ReferenceDialect, HasTheModeOfTheName) {
  EXPECT_EQ(parse_as(as_ptp, R"(,"mode":"bridge")").mode, Mode::ptp);
  EXPECT_EQ(parse_as(as_bridge, "").mode, Mode::bridge);
  EXPECT_EQ(parse_as(as_bridge, "").bridge.name, "cni0");
}

TEST(ReferenceDialect, ChecksSourcesOnlyIfItIsConfigured) {
  EXPECT_FALSE(parse_as(as_ptp, "").check_sources);
  EXPECT_TRUE(parse_as(as_ptp, R"(,"ipspoofchk":true)").check_sources);
  EXPECT_TRUE(parse_as({}, "").check_sources);
}

TEST(ReferenceDialect, AcceptsBothBackendsOfIpMasq) {
  for (const char* backend : {"iptables", "nftables", ""}) {
    const auto config = parse_as(as_ptp, R"(,"ipMasq":true,"ipMasqBackend":")" + std::string{backend} + '"');
    EXPECT_TRUE(config.source_nat.masquerade) << backend;
  }
  expect_failure([] { parse_as(as_bridge, R"(,"ipMasqBackend":"x")"); }, ErrorCode::invalid_config,
                 R"(/ipMasqBackend: must be "iptables" or "nftables", not "x")");
}

TEST(ReferenceDialect, LeavesKeysOfOtherPluginsToThem) {
  const auto config = parse_as(
      as_bridge,
      R"(,"backend":"iptables","conditionsV4":["-s"],"sysctl":{"net.core.somaxconn":"1"},"promisc":true,)"
      R"("bandwidth":{"ingressRate":8000},"ingressRate":1,"portMappings":[{"hostPort":1,"containerPort":1}],)"
      R"("isgatewayy":1,"runtimeConfig":{"portMappings":[{"hostPort":1,"containerPort":1}],"dns":{"servers":["1.1.1.1"]}})");
  EXPECT_EQ(config.bandwidth, Bandwidth{});
  EXPECT_EQ(config.tuning, TuningConfig{});
  EXPECT_TRUE(config.requested.port_mappings.empty());
  EXPECT_FALSE(config.requested.dns.has_value());
}

TEST(ReferenceDialect, ReadsAMacOnlyAsBridge) {
  const Args args{.ip = {}, .mac = "0a:58:0a:01:02:03"};
  EXPECT_EQ(parse_as(as_bridge, "", args).requested.mac, find_mac(args.mac));
  EXPECT_EQ(parse_as(as_ptp, "", args).requested.mac, std::nullopt);
  EXPECT_EQ(parse_as(as_bridge, R"(,"mac":"0a:58:0a:01:02:04")").requested.mac, std::nullopt);
}

TEST(ReferenceDialect, PtpNeedsAnIpam) {
  expect_failure([] { parse_network_config(R"({"name":"n","type":"ptp"})", Verb::add, {.ip = {}}, as_ptp); },
                 ErrorCode::invalid_config,
                 "/ipam/type: missing: mode ptp needs addresses; \"veth-ipam\" is built in, other types are run from "
                 "CNI_PATH");
  EXPECT_NO_THROW(parse_network_config(R"({"name":"n","type":"bridge"})", Verb::add, {.ip = {}}, as_bridge));
}

TEST(DnsOverride, IsAListThatIsPresentEvenIfEmpty) {
  for (const char* dns : {R"({"nameservers":[]})", R"({"search":[]})", R"({"options":[]})"}) {
    EXPECT_EQ(parse_as(as_ptp, std::string{R"(,"dns":)"} + dns).dns, Dns{}) << dns;
  }
  for (const char* dns : {"{}", "null", R"({"domain":""})", R"({"nameservers":null})"}) {
    EXPECT_EQ(parse_as(as_ptp, std::string{R"(,"dns":)"} + dns).dns, std::nullopt) << dns;
  }
}

TEST(FoldedKeys, MacIsTheLastChoice) {
  const std::string own = R"(,"mac":"0a:58:0a:01:02:04")";
  EXPECT_EQ(parse_as({}, own).requested.mac, find_mac("0a:58:0a:01:02:04"));
  EXPECT_EQ(parse_as({}, own, {.ip = {}, .mac = "0a:58:0a:01:02:03"}).requested.mac, find_mac("0a:58:0a:01:02:03"));
  expect_failure([] { parse_as({}, R"(,"mac":"x")"); }, ErrorCode::invalid_config,
                 R"(/mac: must be a unicast Ethernet address, as in 0a:58:0a:01:00:02, not "x")");
}

TEST(FoldedKeys, FlatKeysOfBandwidthAreRefused) {
  for (const std::string key : {"ingressRate", "ingressBurst", "egressRate", "egressBurst"}) {
    const auto parse = [&](const std::string& value) {
      parse_network_config(reference_config("veth", ",\"" + key + "\":" + value), Verb::add, {.ip = {}});
    };
    expect_failure([&] { parse("8000"); }, ErrorCode::unsupported_field,
                   '/' + key + ": is a key of the plugin bandwidth. Write \"bandwidth\": {\"" + key + "\": 8000}");
    EXPECT_NO_THROW(parse("0")) << key;
  }
}

TEST(IpamDialect, VethIpamNeedsItsObject) {
  for (const char* config : {R"({"name":"n"})", R"({"name":"n","ipam":null})"}) {
    for (const auto dialect : {IpamDialect::veth_ipam, IpamDialect::host_local, IpamDialect::fixed}) {
      EXPECT_EQ(failure_of([&] { parse_ipam_request(config, Verb::add, {.ip = {"10.0.0.5/24"}}, dialect); }).code, 7U);
      EXPECT_NO_THROW(parse_ipam_request(config, Verb::del, {.ip = {"10.0.0.5/24"}}, dialect));
    }
  }
}

constexpr auto fixed_config =
    R"({"name":"n","ipam":{"addresses":[{"address":"10.0.0.2/24"}]},"runtimeConfig":{"ips":["10.1.0.1/24"]},)"
    R"("args":{"cni":{"ips":["10.2.0.1/24"]}}})";

TEST(IpamDialect, HostLocalTakesTheAddressesOfAllSources) {
  const auto config = parse_ipam_request(fixed_config, Verb::add, {.ip = {"10.3.0.1"}}, IpamDialect::host_local);
  EXPECT_EQ(config.requested.addresses.size(), 3U);
}

TEST(IpamDialect, StaticAddsTheAddressesOfArguments) {
  const Args args{.ip = {"10.3.0.1/24", "fd00::5/64"}, .gateway = {"10.0.0.1", "10.3.0.254"}};
  const auto config = parse_ipam_request(fixed_config, Verb::add, args, IpamDialect::fixed);
  ASSERT_EQ(config.ipam.addresses.size(), 3U);
  EXPECT_EQ(config.ipam.addresses.at(0).gateway, find_address("10.0.0.1"));
  EXPECT_EQ(config.ipam.addresses.at(1).gateway, find_address("10.3.0.254"));
  EXPECT_EQ(config.ipam.addresses.at(2).gateway, std::nullopt);
  EXPECT_EQ(config.requested.addresses.size(), 1U);  // of runtimeConfig: they replace the others
}

TEST(IpamDialect, TakesTheStructOfTheReferencePluginsSources) {
  const auto config = parse_ipam_request(
      R"({"name":"n","ipam":{"addresses":[{"address":"10.0.0.2/24","Address":{"IP":"","Mask":null},"Version":""}]}})",
      Verb::add, {.ip = {}}, IpamDialect::fixed);
  EXPECT_EQ(config.ipam.addresses.size(), 1U);
}

TEST(IpamDialect, DataDirMayBeAnyFolderForHostLocal) {
  const std::string config = R"({"name":"n","ipam":{"subnet":"10.0.0.0/24","dataDir":"/tmp/x"}})";
  EXPECT_EQ(parse_ipam_request(config, Verb::add, {.ip = {}}, IpamDialect::host_local).ipam.data_dir, "/tmp/x");
  EXPECT_EQ(failure_of([&] { parse_ipam_request(config, Verb::add, {.ip = {}}); }).code, 7U);
}

}  // namespace
}  // namespace cni
