#include "plugin/cni/network_config.hpp"
#include "test/cni/failure.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

// A configuration with IPAM type "veth-ipam", with `members` in "ipam" and `others` at the top level.
std::string ipam_config_with(const std::string& members, const std::string& others = "") {
  return R"({"cniVersion":"1.1.0","name":"net","type":"veth","ipam":{"type":"veth-ipam",)" + members + '}' + others +
         '}';
}

IpamConfig parse_ipam(const std::string& members, Verb verb = Verb::add) {
  return parse_network_config(ipam_config_with(members), verb, {}).ipam;
}

void expect_ipam_refused(const std::string& members, ErrorCode code, const std::string& message) {
  for (const Verb verb : {Verb::add, Verb::check, Verb::status}) {
    expect_failure([&] { parse_ipam(members, verb); }, code, message);
  }
  for (const Verb verb : {Verb::del, Verb::gc}) EXPECT_EQ(parse_ipam(members, verb).type, "veth-ipam") << members;
}

RangeConfig range_of(const char* subnet) {
  RangeConfig range;
  range.subnet = *find_prefix(subnet);
  return range;
}

TEST(ParseIpam, ReadsRanges) {
  const IpamConfig ipam = parse_ipam(
      R"("ranges":[[{"subnet":"10.1.0.0/16","rangeStart":"10.1.1.0","rangeEnd":"10.1.1.9","gateway":"10.1.0.1",
                     "exclude":["10.1.1.4/32","10.1.1.6/31"]},{"subnet":"10.2.0.0/16"}],[{"subnet":"fd61::/64"}]])");
  RangeConfig full = range_of("10.1.0.0/16");
  full.range_start = find_address("10.1.1.0");
  full.range_end = find_address("10.1.1.9");
  full.gateway = find_address("10.1.0.1");
  full.exclude = {*find_prefix("10.1.1.4/32"), *find_prefix("10.1.1.6/31")};
  EXPECT_EQ(ipam.ranges, (RangeSets{{full, range_of("10.2.0.0/16")}, {range_of("fd61::/64")}}));
}

TEST(ParseIpam, PutsTheRangeInIpamItselfFirst) {
  const IpamConfig ipam =
      parse_ipam(R"("subnet":"10.1.0.0/16","gateway":"10.1.0.9","ranges":[[{"subnet":"fd61::/64"}]])");
  RangeConfig first = range_of("10.1.0.0/16");
  first.gateway = find_address("10.1.0.9");
  EXPECT_EQ(ipam.ranges, (RangeSets{{first}, {range_of("fd61::/64")}}));
}

TEST(ParseIpam, TreatsEmptyStringsAsAbsent) {
  const IpamConfig ipam = parse_ipam(
      R"("Name":"","subnet":"10.1.0.0/16","rangeStart":"","rangeEnd":"","gateway":"","ranges":null,"routes":null,
         "dataDir":"","resolvConf":"","addresses":null,"dns":null)");
  EXPECT_EQ(ipam.ranges, (RangeSets{{range_of("10.1.0.0/16")}}));
  EXPECT_EQ(ipam.data_dir, "");
  EXPECT_EQ(ipam.resolv_conf, std::nullopt);
}

TEST(ParseIpam, ReadsFixedAddresses) {
  const IpamConfig ipam =
      parse_ipam(R"("addresses":[{"address":"10.1.2.3/24","gateway":"10.1.2.1"},{"address":"fd61::2/64"}])");
  EXPECT_EQ(ipam.addresses,
            (std::vector<LeasedAddress>{{.address = *find_prefix("10.1.2.3/24"), .gateway = find_address("10.1.2.1")},
                                        {.address = *find_prefix("fd61::2/64"), .gateway = std::nullopt}}));
}

TEST(ParseIpam, ReadsRoutesDnsAndPaths) {
  const IpamConfig ipam = parse_ipam(
      R"("subnet":"10.1.0.0/16","routes":[{"dst":"0.0.0.0/0"},{"dst":"10.9.0.0/16","gw":"10.1.0.7","mtu":1400,
         "advmss":1360,"priority":7,"table":100,"scope":253}],"dns":{"domain":"x"},"resolvConf":"/etc/r.conf",
         "dataDir":"/var/lib/veth/x..y")");
  const Route full{.destination = *find_prefix("10.9.0.0/16"),
                   .gateway = find_address("10.1.0.7"),
                   .mtu = 1400,
                   .advmss = 1360,
                   .priority = 7,
                   .table = 100,
                   .scope = 253};
  EXPECT_EQ(ipam.routes.at(1), full);
  EXPECT_EQ(ipam.routes.at(0), (Route{.destination = *find_prefix("0.0.0.0/0"), .gateway = std::nullopt}));
  EXPECT_EQ(ipam.dns.domain, "x");
  EXPECT_EQ(ipam.resolv_conf, "/etc/r.conf");
  EXPECT_EQ(ipam.data_dir, "/var/lib/veth/x..y");
}

TEST(ParseIpam, TreatsZeroInARouteAsTheKernelsDefault) {
  const IpamConfig ipam =
      parse_ipam(R"("subnet":"10.1.0.0/16","routes":[{"dst":"::/0","mtu":0,"priority":0,"table":0}])");
  EXPECT_EQ(
      ipam.routes.at(0),
      (Route{.destination = *find_prefix("::/0"), .gateway = {}, .mtu = {}, .advmss = {}, .priority = {}, .table = 0}));
}

TEST(ParseIpam, ReportsTheJsonPointerOfAnError) {
  struct Case {
    const char* members;
    ErrorCode code;
    const char* message;
  };
  for (const auto& [members, code, message] :
       {Case{R"("ranges":[[],[{}]])", ErrorCode::invalid_config, "/ipam/ranges/1/0/subnet: missing"},
        Case{R"("ranges":[{"subnet":"10.0.0.0/8"}])", ErrorCode::decoding_failure,
             R"(/ipam/ranges/0: must be an array, not {"subnet":"10.0.0.0/8"})"},
        Case{R"("ranges":[[{"subnet":7}]])", ErrorCode::decoding_failure,
             "/ipam/ranges/0/0/subnet: must be a string, not 7"},
        Case{R"("ranges":[[{"subnet":"10.0.0.0/8","rangeStart":"10.0.0.1/8"}]])", ErrorCode::invalid_config,
             R"(/ipam/ranges/0/0/rangeStart: must be an IP address, not "10.0.0.1/8")"},
        Case{R"("subnet":"10.0.0.0/8","exclude":["10.0.0.1"])", ErrorCode::invalid_config,
             "/ipam/exclude/0: must be an IP address with a prefix length, as in 10.1.2.0/24, not "
             "\"10.0.0.1\""},
        Case{R"("addresses":[{"gateway":"10.0.0.1"}])", ErrorCode::invalid_config,
             "/ipam/addresses/0/address: missing"},
        Case{R"("subnet":"10.0.0.0/8","routes":[{"gw":"10.0.0.1"}])", ErrorCode::invalid_config,
             "/ipam/routes/0/dst: missing"},
        Case{R"("subnet":"10.0.0.0/8","resolvConf":"/x\u0000y")", ErrorCode::invalid_config,
             R"(/ipam/resolvConf: must be a path, not "/x\u0000y")"}}) {
    expect_ipam_refused(members, code, message);
  }
}

TEST(ParseIpam, AcceptsDataDirsOnlyBelowTwoFolders) {
  for (const char* path :
       {"/tmp/x", "run/x", "/run/", "/run", "/runx", "/var/lib", "/run/../etc", "/run/x/..", "/var/lib/../x"}) {
    expect_ipam_refused(
        R"("subnet":"10.0.0.0/8","dataDir":")" + std::string(path) + '"', ErrorCode::invalid_config,
        R"(/ipam/dataDir: must be a folder below /run or /var/lib, without "..", not ")" + std::string(path) + '"');
  }
}

TEST(ParseIpam, RejectsAMisspelledKey) {
  struct Case {
    const char* members;
    const char* message;
  };
  for (const auto& [members, message] :
       {Case{R"("subnet":"10.0.0.0/8","gatway":"10.0.0.9")",
             R"(/ipam/gatway: unknown key with value "10.0.0.9": did you mean "gateway"?)"},
        Case{R"("sunbet":"10.0.0.0/8")",
             R"(/ipam/sunbet: unknown key with value "10.0.0.0/8": did you mean "subnet"?)"},
        Case{R"("ranges":[[{"subnet":"10.0.0.0/8","rangeStrat":"10.0.0.9"}]])",
             R"(/ipam/ranges/0/0/rangeStrat: unknown key with value "10.0.0.9": did you mean "rangeStart"?)"},
        Case{R"("addresses":[{"address":"10.0.0.2/8","gatway":"10.0.0.9"}])",
             R"(/ipam/addresses/0/gatway: unknown key with value "10.0.0.9": did you mean "gateway"?)"},
        Case{R"("subnet":"10.0.0.0/8","routes":[{"dst":"0.0.0.0/0","mut":1400}])",
             R"(/ipam/routes/0/mut: unknown key with value 1400: did you mean "mtu"?)"}}) {
    expect_ipam_refused(members, ErrorCode::unsupported_field, message);
  }
  EXPECT_NO_THROW(parse_ipam(R"("subnet":"10.0.0.0/8","kubernetes":1)"));
}

TEST(ParseIpam, NeedsRangesOrAddresses) {
  expect_ipam_refused(R"("routes":[])", ErrorCode::invalid_config,
                      "/ipam: needs subnet, ranges, addresses or pool, because the runtime requests none");
  expect_ipam_refused(R"("subnet":"10.0.0.0/8","addresses":[{"address":"10.0.0.2/8"}])", ErrorCode::invalid_config,
                      "/ipam: ranges and addresses cannot be combined. Remove one of them");
}

TEST(ParseIpam, NeedsNeitherIfTheRuntimeRequestsAddresses) {
  for (const char* others : {R"(,"runtimeConfig":{"ips":["10.0.0.2/8"]})", R"(,"args":{"cni":{"ips":["10.0.0.2/8"]}})",
                             R"(,"runtimeConfig":{"ipRanges":[[{"subnet":"10.0.0.0/8"}]]})"}) {
    EXPECT_NO_THROW(parse_network_config(ipam_config_with(R"("routes":[])", others), Verb::add, {})) << others;
  }
  const Args args{.ip = {"10.0.0.2"}, .gateway = {}, .mac = ""};
  EXPECT_NO_THROW(parse_network_config(ipam_config_with(R"("routes":[])"), Verb::add, args));
}

TEST(ParseIpam, NeedsNeitherForStatusIfTheRuntimeCanRequestAddresses) {
  for (const char* capability : {"ips", "ipRanges"}) {
    const std::string text =
        ipam_config_with(R"("routes":[])", R"(,"capabilities":{")" + std::string(capability) + "\":true}");
    EXPECT_NO_THROW(parse_network_config(text, Verb::status, {}));
    EXPECT_EQ(failure_of([&] { parse_network_config(text, Verb::add, {}); }).code, 7U);
  }
}

TEST(ParseIpam, RejectsArraysOfMoreThan4096Elements) {
  std::string routes = R"({"dst":"::/0"})";
  for (int i = 1; i < 4096; ++i) routes += R"(,{"dst":"::/0"})";
  EXPECT_EQ(parse_ipam(R"("subnet":"10.0.0.0/8","routes":[)" + routes + ']').routes.size(), 4096U);
  const Error error = failure_of([&] { parse_ipam(R"("subnet":"10.0.0.0/8","routes":[1,)" + routes + ']'); });
  EXPECT_EQ(error.code, 7U);
  EXPECT_TRUE(error.message.starts_with("/ipam/routes: must have at most 4096 elements, not [1,")) << error.message;
}

// CVE-2021-20206
TEST(IpamType, MustBeAFileNameWithoutAPath) {
  const auto config_of = [](const std::string& type) {
    return R"({"cniVersion":"1.1.0","name":"n","type":"veth","ipam":{"type":")" + type +
           R"(","dataDir":7,"subnett":1}})";
  };
  const auto parse = [](const std::string& text, Verb verb) { return parse_network_config(text, verb, {}).ipam.type; };
  for (const char* type : {"host-local", "static", "a.b_c-1", "-x", "veth-ipam2"})
    EXPECT_EQ(parse(config_of(type), Verb::add), type);
  for (const char* type : {"../x", "/bin/sh", "a/b", ".", "..", ".hidden", "a b", "é", "a;b"}) {
    expect_failure(
        [&] { parse(config_of(type), Verb::add); }, ErrorCode::invalid_config,
        "/ipam/type: must be a file name of letters, digits, '_', '-' and '.' that does not begin with '.', not \"" +
            std::string(type) + '"');
    EXPECT_EQ(parse(config_of(type), Verb::del), "");
  }
}

NetworkConfig parse_request_of(const std::string& members, Verb verb = Verb::add) {
  return parse_ipam_request(R"({"cniVersion":"1.1.0","name":"net",)" + members + '}', verb, {});
}

TEST(ParseIpamRequest, ReadsOnlyTheKeysOfAnIpam) {
  const NetworkConfig config = parse_request_of(
      R"("type":"bridge","mtu":"x","mode":7,"ipMasq":true,"vlan":"x","mtuu":7,"dns":7,
         "runtimeConfig":{"ips":["10.0.0.2"],"mac":"x","portMappings":7,"bandwidth":7,"dns":7},
         "ipam":{"type":"veth-ipam","subnet":"10.0.0.0/8"})");
  NetworkConfig expected;
  expected.version = Version::v1_1_0;
  expected.name = "net";
  expected.ipam.type = "veth-ipam";
  expected.ipam.ranges = {{range_of("10.0.0.0/8")}};
  expected.ipam.has_inline_range = true;
  expected.requested.addresses = {{.address = *find_address("10.0.0.2"), .prefix_length = {}, .gateway = {}}};
  EXPECT_EQ(config, expected);
}

TEST(ParseIpamRequest, AcceptsAnyType) {
  const NetworkConfig config = parse_request_of(R"("ipam":{"type":"host-local","subnet":"10.0.0.0/8","gatway":7})");
  EXPECT_EQ(config.ipam.type, "veth-ipam");
  EXPECT_EQ(config.ipam.ranges.size(), 1U);
}

TEST(ParseIpamRequest, ChecksTheKeysOfAnIpam) {
  expect_failure([] { parse_request_of(R"("ipam":{"type":"veth-ipam","sunbet":"10.0.0.0/8"})"); },
                 ErrorCode::unsupported_field,
                 R"(/ipam/sunbet: unknown key with value "10.0.0.0/8": did you mean "subnet"?)");
  expect_failure([] { parse_request_of(R"("ipam":{"type":"veth-ipam","subnet":"x"})"); }, ErrorCode::invalid_config,
                 "/ipam/subnet: must be an IP address with a prefix length, as in 10.1.2.0/24, not \"x\"");
  expect_failure([] { parse_request_of(R"("type":"ptp")"); }, ErrorCode::invalid_config,
                 "IPAM config missing 'ipam' key");
  expect_failure([] { parse_request_of(R"("ipam":{})"); }, ErrorCode::invalid_config,
                 "/ipam: needs subnet, ranges, addresses or pool, because the runtime requests none");
}

TEST(ParseIpamRequest, IgnoresInvalidKeysForDelAndGc) {
  for (const Verb verb : {Verb::del, Verb::gc}) {
    EXPECT_EQ(parse_request_of(R"("ipam":{"type":"../x","subnet":"x"})", verb).ipam.type, "veth-ipam");
    EXPECT_EQ(parse_request_of(R"("ipam":7)", verb).ipam.type, "veth-ipam");
  }
  EXPECT_EQ(parse_request_of(R"("cni.dev/attachments":null)", Verb::gc).valid_attachments,
            std::vector<ValidAttachment>{});
}

}  // namespace
}  // namespace cni
