#include "plugin/cni/result.hpp"

#include "test/cni/failure.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

// A result with all members.
Result rich_result() {
  const Route to_all{.destination = *find_prefix("0.0.0.0/0"),
                     .gateway = find_address("10.1.2.1"),
                     .mtu = 1400,
                     .advmss = 1360,
                     .priority = 10,
                     .table = 0,
                     .scope = 0};
  Result result;
  result.interfaces = {
      {.name = "veth1", .mac = "02:00:00:00:00:01", .mtu = 1500, .sandbox = "", .socket_path = "", .pci_id = ""},
      {.name = "eth0",
       .mac = "02:00:00:00:00:02",
       .mtu = 1500,
       .sandbox = "/run/netns/x",
       .socket_path = "/s",
       .pci_id = "0000:00:1f.6"}};
  result.addresses = {{.interface = 1, .address = *find_prefix("10.1.2.3/24"), .gateway = find_address("10.1.2.1")},
                      {.interface = 0, .address = *find_prefix("fd61::2/64"), .gateway = std::nullopt},
                      {.interface = {}, .address = *find_prefix("10.9.0.1/32"), .gateway = std::nullopt}};
  result.routes = {to_all, {.destination = *find_prefix("fd00::1/8"), .gateway = std::nullopt}};
  result.dns = {.nameservers = {"10.96.0.10"}, .domain = "local", .search = {"a", "b"}, .options = {"ndots:5"}};
  return result;
}

Result plain_result() {
  Result result;
  result.addresses = {{.interface = {}, .address = *find_prefix("fd61::2/64"), .gateway = {}}};
  return result;
}

constexpr std::string_view rich_old_form = R"(",
    "ip4": {
        "ip": "10.1.2.3/24",
        "gateway": "10.1.2.1",
        "routes": [
            {
                "dst": "0.0.0.0/0",
                "gw": "10.1.2.1"
            }
        ]
    },
    "ip6": {
        "ip": "fd61::2/64",
        "routes": [
            {
                "dst": "fd00::1/8"
            }
        ]
    },
    "dns": {
        "nameservers": [
            "10.96.0.10"
        ],
        "domain": "local",
        "search": [
            "a",
            "b"
        ],
        "options": [
            "ndots:5"
        ]
    }
}
)";

constexpr std::string_view rich_routes_and_dns = R"(
    "routes": [
        {
            "dst": "0.0.0.0/0",
            "gw": "10.1.2.1",
            "mtu": 1400,
            "advmss": 1360,
            "priority": 10,
            "table": 0,
            "scope": 0
        },
        {
            "dst": "fd00::1/8"
        }
    ],
    "dns": {
        "nameservers": [
            "10.96.0.10"
        ],
        "domain": "local",
        "search": [
            "a",
            "b"
        ],
        "options": [
            "ndots:5"
        ]
    }
}
)";

constexpr std::string_view rich_interfaces_before_1_1 = R"(",
    "interfaces": [
        {
            "name": "veth1",
            "mac": "02:00:00:00:00:01"
        },
        {
            "name": "eth0",
            "mac": "02:00:00:00:00:02",
            "sandbox": "/run/netns/x"
        }
    ],)";

constexpr std::string_view rich_interfaces_of_1_1 = R"(",
    "interfaces": [
        {
            "name": "veth1",
            "mac": "02:00:00:00:00:01",
            "mtu": 1500
        },
        {
            "name": "eth0",
            "mac": "02:00:00:00:00:02",
            "mtu": 1500,
            "sandbox": "/run/netns/x",
            "socketPath": "/s",
            "pciID": "0000:00:1f.6"
        }
    ],)";

constexpr std::string_view rich_addresses_before_1_0 = R"(
    "ips": [
        {
            "version": "4",
            "interface": 1,
            "address": "10.1.2.3/24",
            "gateway": "10.1.2.1"
        },
        {
            "version": "6",
            "interface": 0,
            "address": "fd61::2/64"
        },
        {
            "version": "4",
            "address": "10.9.0.1/32"
        }
    ],)";

constexpr std::string_view rich_addresses_of_1_0 = R"(
    "ips": [
        {
            "interface": 1,
            "address": "10.1.2.3/24",
            "gateway": "10.1.2.1"
        },
        {
            "interface": 0,
            "address": "fd61::2/64"
        },
        {
            "address": "10.9.0.1/32"
        }
    ],)";

std::string joined(Version version, std::initializer_list<std::string_view> parts) {
  std::string text = "{\n    \"cniVersion\": \"" + std::string(to_string(version));
  for (const std::string_view part : parts) text += part;
  return text;
}

TEST(ResultToJson, WritesTheOldFormFor0_1And0_2) {
  for (const Version version : {Version::v0_1_0, Version::v0_2_0}) {
    EXPECT_EQ(to_json(rich_result(), version), joined(version, {rich_old_form}));
  }
}

TEST(ResultToJson, WritesTheVersionOfAddressesIn0_3And0_4) {
  for (const Version version : {Version::v0_3_0, Version::v0_3_1, Version::v0_4_0}) {
    EXPECT_EQ(to_json(rich_result(), version),
              joined(version, {rich_interfaces_before_1_1, rich_addresses_before_1_0, rich_routes_and_dns}));
  }
}

TEST(ResultToJson, WritesNoVersionOfAddressesFrom1_0On) {
  EXPECT_EQ(to_json(rich_result(), Version::v1_0_0),
            joined(Version::v1_0_0, {rich_interfaces_before_1_1, rich_addresses_of_1_0, rich_routes_and_dns}));
}

TEST(ResultToJson, WritesMtuSocketAndDeviceFrom1_1On) {
  EXPECT_EQ(to_json(rich_result(), Version::v1_1_0),
            joined(Version::v1_1_0, {rich_interfaces_of_1_1, rich_addresses_of_1_0, rich_routes_and_dns}));
}

TEST(ResultToJson, OmitsEmptyMembersExceptTheDnsOfOldVersions) {
  struct Case {
    Version version;
    std::string_view text;
  };
  const std::string_view old_form = "\",\n    \"ip6\": {\n        \"ip\": \"fd61::2/64\"\n    },\n    \"dns\": {}\n}\n";
  const std::string_view middle_form =
      "\",\n    \"ips\": [\n        {\n            \"version\": \"6\",\n            \"address\": \"fd61::2/64\"\n"
      "        }\n    ],\n    \"dns\": {}\n}\n";
  const std::string_view new_form =
      "\",\n    \"ips\": [\n        {\n            \"address\": \"fd61::2/64\"\n        }\n    ]\n}\n";
  for (const auto& [version, text] :
       {Case{Version::v0_1_0, old_form}, Case{Version::v0_2_0, old_form}, Case{Version::v0_3_0, middle_form},
        Case{Version::v0_3_1, middle_form}, Case{Version::v0_4_0, middle_form}, Case{Version::v1_0_0, new_form},
        Case{Version::v1_1_0, new_form}}) {
    EXPECT_EQ(to_json(plain_result(), version), joined(version, {text}));
  }
}

TEST(ResultToJson, MayBeEmptyFrom0_3On) {
  EXPECT_EQ(to_json({}, Version::v0_4_0), joined(Version::v0_4_0, {"\",\n    \"dns\": {}\n}\n"}));
  EXPECT_EQ(to_json({}, Version::v1_1_0), joined(Version::v1_1_0, {"\"\n}\n"}));
  for (const Version version : {Version::v0_1_0, Version::v0_2_0}) {
    expect_failure([&] { to_json({}, version); }, ErrorCode::internal, "cannot convert: no valid IP addresses");
  }
}

TEST(ResultToJson, DropsRoutesOfAFamilyWithoutAddressIn0_1) {
  Result result = plain_result();
  result.routes = {{.destination = *find_prefix("0.0.0.0/0"), .gateway = std::nullopt}};
  EXPECT_EQ(to_json(result, Version::v0_1_0).find("0.0.0.0"), std::string::npos);
}

TEST(ParseResult, ReadsWhatToJsonWrites) {
  EXPECT_EQ(parse_result(to_json(rich_result(), Version::v1_1_0), Version::v0_1_0, "x"), rich_result());
  for (const Version version : all_versions) {
    const std::string text = to_json(rich_result(), version);
    EXPECT_EQ(to_json(parse_result(text, Version::v1_1_0, "x"), version), text);
  }
}

TEST(ParseResult, AssumesAVersionIfThereIsNone) {
  const std::string old_form = R"({"ip4":{"ip":"10.1.2.3/24","gateway":""},"cniVersion":""})";
  EXPECT_EQ(parse_result(old_form, Version::v0_2_0, "x").addresses.size(), 1U);
  EXPECT_EQ(parse_result(old_form, Version::v1_0_0, "x"), Result{});
}

TEST(ParseResult, TreatsNullAsAnEmptyResult) {
  for (const char* text :
       {"null", "{}", R"({"ips":null,"dns":null,"routes":null,"interfaces":null})", R"({"ips":[]})"}) {
    EXPECT_EQ(parse_result(text, Version::v1_1_0, "x"), Result{}) << text;
  }
}

TEST(ParseResult, IgnoresCaseAndUnknownMembers) {
  const Result result = parse_result(R"({"CNIVersion":"0.4.0","IPs":[{"Address":"10.0.0.2/8","interfaze":1}],"ipz":1})",
                                     Version::v1_1_0, "x");
  EXPECT_EQ(result.addresses.at(0).address, find_prefix("10.0.0.2/8"));
}

TEST(ParseResult, DropsIndexesThatAreOutOfRange) {
  const Result result = parse_result(
      R"({"interfaces":[{"name":"a"}],"ips":[{"address":"10.0.0.2/8","interface":0},{"address":"10.0.0.3/8","interface":1}]})",
      Version::v1_1_0, "x");
  EXPECT_EQ(result.addresses.at(0).interface, 0U);
  EXPECT_EQ(result.addresses.at(1).interface, std::nullopt);
}

TEST(ParseResult, ReportsTheOriginOfAnInvalidResult) {
  struct Case {
    std::string text;
    std::string message;
  };
  for (const auto& [text, message] :
       {Case{"x",
             "the answer of host-local cannot be read as JSON: line 1, column 1: syntax error while parsing value - "
             "invalid literal"},
        Case{"[]", "the answer of host-local: the document: must be an object, not []"},
        Case{R"({"cniVersion":"9.9.9"})", R"(the answer of host-local: unsupported CNI result version "9.9.9")"},
        Case{R"({"cniVersion":1})", "the answer of host-local: /cniVersion: must be a string, not 1"},
        Case{R"({"ips":[{}]})", "the answer of host-local: /ips/0/address: missing"},
        Case{R"({"ips":[{"address":"10.0.0.1"}]})",
             "the answer of host-local: /ips/0/address: must be an IP address with a prefix length, as in "
             "10.1.2.0/24, not \"10.0.0.1\""},
        Case{R"({"ips":[{"address":"10.0.0.1/8","interface":-1}]})",
             "the answer of host-local: /ips/0/interface: must be an integer from 0 to 4294967295, not -1"},
        Case{R"({"routes":[{"dst":"::/0","scope":256}]})",
             "the answer of host-local: /routes/0/scope: must be an integer from 0 to 255, not 256"}}) {
    expect_failure([&, &input = text] { parse_result(input, Version::v1_1_0, "the answer of host-local"); },
                   ErrorCode::decoding_failure, message);
  }
}

}  // namespace
}  // namespace cni
