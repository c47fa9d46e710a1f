#include "plugin/cni/network_config.hpp"
#include "test/cni/failure.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

RuntimeRequest parse_runtime_request(const std::string& members, const Args& args = {}, Verb verb = Verb::add) {
  const std::string text = R"({"cniVersion":"1.1.0","name":"net","type":"veth","ipam":{"type":"host-local"})" +
                           (members.empty() ? "" : ',' + members) + '}';
  return parse_network_config(text, verb, args).requested;
}

RuntimeRequest parse_runtime(const std::string& members, Verb verb = Verb::add) {
  return parse_runtime_request(R"("runtimeConfig":{)" + members + '}', {}, verb);
}

void expect_request_rejected(const std::string& members, ErrorCode code, const std::string& message) {
  expect_failure([&] { parse_runtime(members); }, code, message);
  EXPECT_EQ(parse_runtime(members, Verb::del), RuntimeRequest{}) << members;
}

RequestedAddress requested(const char* address, std::optional<std::uint8_t> length = {}, const char* gateway = "") {
  return {.address = *find_address(address), .prefix_length = length, .gateway = find_address(gateway)};
}

const Args all_args{.ip = {"10.3.0.1"}, .gateway = {}, .mac = "02:00:00:00:00:03"};
const std::string all_cni = R"("args":{"cni":{"ips":["10.2.0.1","10.2.0.2"],"mac":"02:00:00:00:00:02"}})";
const std::string all_runtime = R"("runtimeConfig":{"ips":["10.1.0.1"],"mac":"02:00:00:00:00:01"})";

TEST(RuntimeRequest, PrefersRuntimeConfig) {
  const RuntimeRequest request = parse_runtime_request(all_runtime + ',' + all_cni, all_args);
  EXPECT_EQ(request.addresses, std::vector{requested("10.1.0.1")});
  EXPECT_EQ(request.mac, find_mac("02:00:00:00:00:01"));
}

TEST(RuntimeRequest, InArgsReplacesTheEnvironment) {
  const RuntimeRequest request = parse_runtime_request(all_cni, all_args);
  EXPECT_EQ(request.addresses, (std::vector{requested("10.2.0.1"), requested("10.2.0.2")}));
  EXPECT_EQ(request.mac, find_mac("02:00:00:00:00:02"));
}

TEST(RuntimeRequest, UsesTheEnvironmentLast) {
  const RuntimeRequest request = parse_runtime_request("", all_args);
  EXPECT_EQ(request.addresses, std::vector{requested("10.3.0.1")});
  EXPECT_EQ(request.mac, find_mac("02:00:00:00:00:03"));
}

TEST(RuntimeRequest, IgnoresEmptyValues) {
  const RuntimeRequest request =
      parse_runtime_request(R"("runtimeConfig":{"ips":[],"mac":""},"args":{"cni":{"ips":null,"mac":null}})", all_args);
  EXPECT_EQ(request, parse_runtime_request("", all_args));
  EXPECT_EQ(parse_runtime(R"("dns":{"servers":null,"Searches":[]},"portMappings":null,"ipRanges":[])"),
            RuntimeRequest{});
}

TEST(RequestedAddresses, MayHaveAPrefixLength) {
  EXPECT_EQ(parse_runtime(R"("ips":["10.0.0.5/24","fd00::5","fd00::6/64"])").addresses,
            (std::vector{requested("10.0.0.5", 24), requested("fd00::5"), requested("fd00::6", 64)}));
}

TEST(RequestedAddresses, OfTheEnvironmentGetTheMatchingGateway) {
  const Args args{.ip = {"10.0.0.5/24", "10.0.1.5/24", "10.0.2.5", "fd00::5/64", "fd01::5", "10.0.3.5/24"},
                  .gateway = {"10.0.1.1", "10.0.0.1", "fd00::1"},
                  .mac = ""};
  EXPECT_EQ(parse_runtime_request("", args).addresses,
            (std::vector{requested("10.0.0.5", 24, "10.0.0.1"), requested("10.0.1.5", 24, "10.0.1.1"),
                         requested("10.0.2.5", {}, "10.0.1.1"), requested("fd00::5", 64, "fd00::1"),
                         requested("fd01::5", {}, "fd00::1"), requested("10.0.3.5", 24)}));
}

TEST(RequestedAddresses, AreRejectedIfInvalid) {
  expect_request_rejected(R"("ips":["10.0.0.1","x"])", ErrorCode::invalid_config,
                          R"(/runtimeConfig/ips/1: must be an IP address with or without a prefix length, not "x")");
  expect_request_rejected(R"("ips":"10.0.0.1")", ErrorCode::decoding_failure,
                          R"(/runtimeConfig/ips: must be an array, not "10.0.0.1")");
  expect_failure([] { parse_runtime_request(R"("args":{"cni":{"ips":[7]}})"); }, ErrorCode::decoding_failure,
                 "/args/cni/ips/0: must be a string, not 7");
}

TEST(CniArgs, AreRejectedIfInvalid) {
  struct Case {
    Args args;
    const char* message;
  };
  for (const auto& [args, message] :
       {Case{{.ip = {"x"}, .gateway = {}, .mac = ""},
             R"(CNI_ARGS: IP must be IP addresses with or without a prefix length, not "x")"},
        Case{{.ip = {"10.0.0.1"}, .gateway = {"10.0.0.1/8"}, .mac = ""},
             R"(CNI_ARGS: GATEWAY must be IP addresses, not "10.0.0.1/8")"},
        Case{
            {.ip = {}, .gateway = {}, .mac = "01:00:00:00:00:01"},
            R"(CNI_ARGS: MAC must be a unicast Ethernet address, as in 0a:58:0a:01:00:02, not "01:00:00:00:00:01")"}}) {
    expect_failure([&, &given = args] { parse_runtime_request("", given); }, ErrorCode::invalid_environment, message);
    EXPECT_EQ(parse_runtime_request("", args, Verb::del), RuntimeRequest{});
  }
}

TEST(RequestedMac, IsUnicastAndNotZero) {
  for (const char* mac : {"ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "00:00:00:00:00:00", "0a:58:0a:01:00", "x"}) {
    expect_request_rejected(R"("mac":")" + std::string(mac) + '"', ErrorCode::invalid_config,
                            "/runtimeConfig/mac: must be a unicast Ethernet address, as in 0a:58:0a:01:00:02, not \"" +
                                std::string(mac) + '"');
  }
  expect_request_rejected(R"("mac":7)", ErrorCode::decoding_failure, "/runtimeConfig/mac: must be a string, not 7");
}

TEST(RequestedRanges, AreReadAsInIpam) {
  RangeConfig range;
  range.subnet = *find_prefix("10.0.0.0/8");
  EXPECT_EQ(parse_runtime(R"("ipRanges":[[{"subnet":"10.0.0.0/8","subnets":7}]])").ranges, (RangeSets{{range}}));
  expect_request_rejected(R"("ipRanges":[[{}]])", ErrorCode::invalid_config,
                          "/runtimeConfig/ipRanges/0/0/subnet: missing");
}

TEST(RequestedDns, HasTheKeysOfTheCapability) {
  const RuntimeRequest request = parse_runtime(R"("dns":{"Servers":["10.96.0.10"],"Searches":["a.b"],"Options":null})");
  EXPECT_EQ(request.dns, (Dns{.nameservers = {"10.96.0.10"}, .domain = "", .search = {"a.b"}, .options = {}}));
  expect_request_rejected(R"("dns":{"servers":"x"})", ErrorCode::decoding_failure,
                          R"(/runtimeConfig/dns/servers: must be an array, not "x")");
}

TEST(RequestedPortMappings, AreReadInTheSpellingOfRuntimes) {
  const RuntimeRequest request = parse_runtime(
      R"("portMappings":[{"HostPort":18081,"ContainerPort":80,"Protocol":"TCP","HostIP":""},
                         {"hostPort":1,"containerPort":65535,"protocol":"sctp","hostIP":"::1"},
                         {"hostPort":53,"containerPort":53}])",
      Verb::del);
  EXPECT_EQ(request.port_mappings,
            (std::vector<PortMapping>{
                {.host_port = 18081, .container_port = 80, .protocol = "tcp", .host_address = std::nullopt},
                {.host_port = 1, .container_port = 65535, .protocol = "sctp", .host_address = find_address("::1")},
                {.host_port = 53, .container_port = 53, .protocol = "tcp", .host_address = std::nullopt}}));
}

TEST(RequestedPortMappings, AreReadFromTheConfigurationIfTheRuntimeRequestsNone) {
  const auto ports_of = [](const std::string& members) {
    const auto config = parse_network_config(
        R"({"cniVersion":"1.1.0","name":"n","type":"veth","ipam":{"type":"x"},)" + members + '}', Verb::add, {});
    std::vector<std::uint16_t> ports;
    for (const auto& mapping : config.requested.port_mappings) ports.push_back(mapping.host_port);
    return ports;
  };
  const std::string own = R"("portMappings":[{"hostPort":1,"containerPort":1}])";
  EXPECT_EQ(ports_of(own), (std::vector<std::uint16_t>{1}));
  EXPECT_EQ(ports_of(own + R"(,"runtimeConfig":{"portMappings":[{"hostPort":2,"containerPort":1}]})"),
            (std::vector<std::uint16_t>{2}));
}

/// Runtimes send one element for each port of a range.
TEST(RequestedPortMappings, AreAtMost65536) {
  const auto elements = [](std::size_t count) {
    std::string list = R"("portMappings":[)";
    for (std::size_t number = 0; number < count; ++number) {
      list += (number == 0 ? "" : ",") + std::string{R"({"hostPort":)"} + std::to_string(number % 65535 + 1);
      list += R"(,"containerPort":80})";
    }
    return list + ']';
  };
  EXPECT_EQ(parse_runtime(elements(65536)).port_mappings.size(), 65536U);
  const auto error = failure_of([&] { parse_runtime(elements(65537)); });
  EXPECT_TRUE(error.message.starts_with("/runtimeConfig/portMappings: must have at most 65536 elements, not [{"))
      << error.message;
}

TEST(RequestedPortMappings, AreRejectedIfInvalid) {
  struct Case {
    const char* mapping;
    ErrorCode code;
    const char* message;
  };
  for (const auto& [mapping, code, message] :
       {Case{R"({"containerPort":1})", ErrorCode::invalid_config, "hostPort: missing"},
        Case{R"({"hostPort":0,"containerPort":1})", ErrorCode::invalid_config,
             "hostPort: must be an integer from 1 to 65535, not 0"},
        Case{R"({"hostPort":1,"containerPort":65536})", ErrorCode::invalid_config,
             "containerPort: must be an integer from 1 to 65535, not 65536"},
        Case{R"({"hostPort":"80","containerPort":1})", ErrorCode::decoding_failure,
             R"(hostPort: must be an integer, not "80")"},
        Case{R"({"hostPort":1,"containerPort":1,"protocol":"icmp"})", ErrorCode::invalid_config,
             R"(protocol: must be tcp, udp or sctp, not "icmp")"},
        Case{R"({"hostPort":1,"containerPort":1,"hostIP":"localhost"})", ErrorCode::invalid_config,
             R"(hostIP: must be an IP address, not "localhost")"}}) {
    expect_request_rejected(R"("portMappings":[)" + std::string(mapping) + ']', code,
                            "/runtimeConfig/portMappings/0/" + std::string(message));
  }
}

}  // namespace
}  // namespace cni
