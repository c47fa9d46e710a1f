#include "plugin/cni/network_config.hpp"

#include "plugin/cni/attachment.hpp"
#include "test/cni/failure.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

constexpr std::array strict_verbs{Verb::add, Verb::check, Verb::status};
constexpr std::array lenient_verbs{Verb::del, Verb::gc};

// A valid configuration with `members` added: "\"mtu\":1450".
std::string config_with(const std::string& members) {
  return R"({"cniVersion":"1.1.0","name":"net","type":"veth","ipam":{"type":"host-local"})" +
         (members.empty() ? "" : ',' + members) + '}';
}

NetworkConfig parse(const std::string& text, Verb verb = Verb::add) { return parse_network_config(text, verb, {}); }
NetworkConfig parse_with(const std::string& members, Verb verb = Verb::add) {
  return parse(config_with(members), verb);
}

void expect_refused(const std::string& members, ErrorCode code, const std::string& message) {
  for (const Verb verb : strict_verbs) expect_failure([&] { parse_with(members, verb); }, code, message);
  for (const Verb verb : lenient_verbs) EXPECT_NO_THROW(parse_with(members, verb)) << members;
}

TEST(ParseNetworkConfig, HasDefaults) {
  NetworkConfig expected;
  expected.version = Version::v1_1_0;
  expected.name = "net";
  expected.type = "veth";
  expected.ipam.type = "host-local";
  EXPECT_EQ(parse_with(""), expected);
}

TEST(ParseNetworkConfig, ListsUnknownKeys) {
  const auto config = parse(
      R"({"name":"n","type":"veth","hello":1,"nothing":null,"ipam":{"type":"veth-ipam","a/b":{},"subnet":"10.1.2.0/24"}})");
  EXPECT_EQ(config.ignored_keys, (std::vector<std::string>{"/ipam/a~1b", "/hello"}));
}

TEST(ParseNetworkConfig, ReadsOurKeysWithoutRegardToCase) {
  const NetworkConfig config = parse_with(
      R"("MTU":9000,"enableDAD":true,"readyWhenFull":true,"mode":"ptp","dns":{"Nameservers":["1.1.1.1"],"search":null})");
  EXPECT_EQ(config.mtu, 9000U);
  EXPECT_TRUE(config.enable_dad);
  EXPECT_TRUE(config.ready_when_full);
  EXPECT_EQ(config.dns->nameservers, std::vector<std::string>{"1.1.1.1"});
}

TEST(ParseNetworkConfig, TreatsNullAndEmptyAsAbsent) {
  const NetworkConfig config = parse_with(
      R"("mtu":null,"enabledad":null,"mode":"","dns":{},"runtimeConfig":null,"args":null,"prevResult":null,"ipMasq":null)");
  EXPECT_EQ(config, parse_with(""));
}

TEST(ParseNetworkConfig, RejectsAnythingButAnObject) {
  for (const Verb verb : {Verb::add, Verb::del, Verb::gc}) {
    for (const char* text : {"", "{", "[]", "null", "7", "{} {}"}) {
      EXPECT_EQ(failure_of([&] { parse(text, verb); }).code, 6U) << text;
    }
  }
}

TEST(ParseNetworkConfig, NeedsAName) {
  struct Case {
    const char* text;
    ErrorCode code;
    const char* message;
  };
  const std::string characters = R"(invalid characters found in network name; /name is ")";
  const std::string rule = "\"; " + std::string(identifier_rule);
  for (const auto& [text, code, message] :
       {Case{"{}", ErrorCode::invalid_config, "missing network name; set /name to the name of the network"},
        Case{R"({"name":""})", ErrorCode::invalid_config, "missing network name; set /name to the name of the network"},
        Case{R"({"name":null,"cniVersion":"9.9.9"})", ErrorCode::invalid_config,
             "missing network name; set /name to the name of the network"},
        Case{R"({"name":7})", ErrorCode::decoding_failure, "/name: must be a string, not 7"},
        Case{R"({"name":"a/b"})", ErrorCode::invalid_config, "a/b"},
        Case{R"({"name":".."})", ErrorCode::invalid_config, ".."},
        Case{R"({"name":"a\nb"})", ErrorCode::invalid_config, "a\\x0ab"},
        Case{R"({"name":"a\u0000"})", ErrorCode::invalid_config, "a\\x00"}}) {
    const bool is_rule = std::string_view(message).find(' ') == std::string_view::npos;
    for (const Verb verb : {Verb::add, Verb::del, Verb::gc, Verb::status}) {
      expect_failure([&, &input = text] { parse(input, verb); }, code, is_rule ? characters + message + rule : message);
    }
  }
}

TEST(ParseNetworkConfig, AcceptsNamesOfUpTo200Bytes) {
  const std::string name(200, 'n');
  EXPECT_EQ(parse(R"({"cniVersion":"1.1.0","name":")" + name + "\"}", Verb::del).name, name);
  expect_failure([&] { parse(R"({"name":"n)" + name + "\"}", Verb::del); }, ErrorCode::invalid_config,
                 "network name is longer than 200 bytes; n" + name);
}

TEST(ParseNetworkConfig, AssumesTheOldestVersionIfThereIsNone) {
  for (const char* text : {R"({"name":"n"})", R"({"name":"n","cniVersion":""})", R"({"name":"n","cniVersion":null})"}) {
    EXPECT_EQ(parse(text, Verb::add).version, Version::v0_1_0) << text;
  }
}

TEST(ParseNetworkConfig, AcceptsOnlyExactVersionNames) {
  const std::string supported = R"(", plugin supports ["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"])";
  for (const char* version : {"9.0.0", "1.0", "1.1.1", "x"}) {
    for (const Verb verb : {Verb::add, Verb::check, Verb::gc, Verb::status}) {
      expect_failure([&] { parse(R"({"name":"n","cniVersion":")" + std::string(version) + "\"}", verb); },
                     ErrorCode::incompatible_version,
                     "incompatible CNI versions; config is \"" + (version + supported));
    }
  }
  expect_failure([] { parse(R"({"name":"n","cniVersion":1})"); }, ErrorCode::decoding_failure,
                 "/cniVersion: must be a string, not 1");
}

TEST(ParseNetworkConfig, RejectsVerbsOfLaterVersions) {
  struct Case {
    Verb verb;
    const char* last_without;
    const char* first_with;
  };
  for (const auto& [verb, last_without, first_with] :
       {Case{Verb::check, "0.3.1", "0.4.0"}, Case{Verb::gc, "1.0.0", "1.1.0"}, Case{Verb::status, "1.0.0", "1.1.0"}}) {
    const auto text = [](const std::string& version) { return R"({"name":"n","cniVersion":")" + version + "\"}"; };
    expect_failure([&, &wanted = verb, &version = last_without] { parse(text(version), wanted); },
                   ErrorCode::incompatible_version,
                   "config version does not allow " + std::string(to_string(verb)) + "; cniVersion is \"" +
                       last_without + "\", " + std::string(to_string(verb)) + " needs \"" + first_with + "\" or later");
    EXPECT_NO_THROW(parse(text(first_with), verb));
  }
}

TEST(ParseNetworkConfig, ReadsTheMtu) {
  struct Case {
    const char* value;
    std::optional<std::uint32_t> mtu;
  };
  for (const auto& [value, mtu] :
       {Case{"0", 1500}, Case{"68", 68}, Case{"65535", 65535}, Case{"\"auto\"", std::nullopt}}) {
    EXPECT_EQ(parse_with(std::string("\"mtu\":") + value).mtu, mtu) << value;
  }
  EXPECT_EQ(parse_with(R"("mtu":1400,"args":{"cni":{"mtu":1300}})").mtu, 1300U);
  expect_refused("\"mtu\":67", ErrorCode::invalid_config, "/mtu: must be 0 or an integer from 68 to 65535, not 67");
  expect_refused("\"mtu\":70000", ErrorCode::invalid_config, "/mtu: must be an integer from 0 to 65535, not 70000");
  expect_refused("\"mtu\":-1", ErrorCode::invalid_config, "/mtu: must be an integer from 0 to 65535, not -1");
  expect_refused("\"mtu\":1500.0", ErrorCode::decoding_failure, "/mtu: must be an integer, not 1500.0");
  expect_refused("\"mtu\":\"1500\"", ErrorCode::invalid_config, R"(/mtu: must be "auto" or a number, not "1500")");
  expect_refused("\"mtu\":true", ErrorCode::decoding_failure, "/mtu: must be an integer, not true");
}

TEST(ParseNetworkConfig, RejectsValuesOfAnotherType) {
  expect_refused("\"enabledad\":1", ErrorCode::decoding_failure, "/enabledad: must be true or false, not 1");
  expect_refused("\"readyWhenFull\":\"yes\"", ErrorCode::decoding_failure,
                 R"(/readyWhenFull: must be true or false, not "yes")");
  expect_refused("\"dns\":[]", ErrorCode::decoding_failure, "/dns: must be an object, not []");
  expect_refused("\"dns\":{\"search\":[1]}", ErrorCode::decoding_failure, "/dns/search/0: must be a string, not 1");
  expect_refused("\"ipMasq\":\"true\"", ErrorCode::decoding_failure, R"(/ipMasq: must be true or false, not "true")");
  expect_refused("\"runtimeConfig\":7", ErrorCode::decoding_failure, "/runtimeConfig: must be an object, not 7");
}

TEST(ParseNetworkConfig, RejectsAKeyWithTwoDifferentValues) {
  expect_refused(R"("mtu":1400,"MTU":1500)", ErrorCode::invalid_config,
                 "/mtu: duplicated with different values: 1400, and 1500 as /MTU. Remove one of them");
  EXPECT_EQ(parse_with(R"("mtu":1400,"MTU":1400)").mtu, 1400U);
}

TEST(ParseNetworkConfig, RejectsAMisspelledKey) {
  struct Case {
    const char* members;
    const char* message;
  };
  for (const auto& [members, message] :
       {Case{R"("mtuu":1450)", R"(/mtuu: unknown key with value 1450: did you mean "mtu"?)"},
        Case{R"("ipMask":true)", R"(/ipMask: unknown key with value true: did you mean "ipMasq"?)"},
        Case{R"("portMaping":[])", R"(/portMaping: unknown key with value []: did you mean "portMappings"?)"},
        Case{R"("enableDAAD":true)", R"(/enableDAAD: unknown key with value true: did you mean "enabledad"?)"}}) {
    expect_refused(members, ErrorCode::unsupported_field, message);
  }
  expect_failure([] { parse(R"({"name":"n","type":"veth","ipma":{"type":"host-local"}})"); },
                 ErrorCode::unsupported_field,
                 R"(/ipma: unknown key with value {"type":"host-local"}: did you mean "ipam"?)");
}

TEST(ParseNetworkConfig, IgnoresKeysOfOtherSoftwareThatResembleKnownKeys) {
  for (const char* member : {R"("node":"a")", R"("nat":true)", R"("dnat":[])", R"("gateway":"10.1.0.1")",
                             R"("Gateway":"10.1.0.1")", R"("vlanId":7)", R"("tags":[])", R"("role":"x")"}) {
    EXPECT_EQ(parse_with(member).ignored_keys.size(), 1U) << member;
  }
}

TEST(ParseNetworkConfig, AcceptsOtherUnknownKeys) {
  for (const char* members :
       {R"("kubernetes":{"kubeconfig":"x"})", R"("com.example/key":1)", R"("mtuu":null)", R"("":1)"}) {
    EXPECT_NO_THROW(parse_with(members)) << members;
  }
  EXPECT_NO_THROW(parse(R"({"name":"n","type":"ptp","mtuu":1450})"));
}

TEST(ParseNetworkConfig, AcceptsAllKeysOfTheSpecificationRuntimesAndOtherModes) {
  EXPECT_NO_THROW(parse_with(
      R"("cniVersions":["1.0.0"],"disableCheck":false,"disableGC":false,"loadOnlyInlinedPlugins":false,
         "capabilities":{"portMappings":true},"runtimeConfig":{},"args":{"cni":{}},"prevResult":{},
         "cni.dev/valid-attachments":[],"cni.dev/attachments":null,"bridge":"cni0","isGateway":true,
         "isDefaultGateway":true,"forceAddress":true,"hairpinMode":true,"promiscMode":true,"vlan":7,
         "vlanTrunk":[{"id":1}],"preserveDefaultVlan":true,"macspoofchk":true,"portIsolation":true,
         "disableContainerInterface":true,"ipMasqBackend":"nftables","ipMasqExcept":["10.0.0.0/8"],"log":{},"peer":{})"));
}

TEST(ParseNetworkConfig, ChecksSourcesByDefault) {
  EXPECT_TRUE(parse_with(R"("mtu":1500)").check_sources);
  EXPECT_TRUE(parse_with(R"("ipspoofchk":null)").check_sources);
  EXPECT_FALSE(parse_with(R"("ipspoofchk":false)").check_sources);
  EXPECT_FALSE(parse_with(R"("IPSpoofChk":false)").check_sources);
  expect_refused(R"("ipspoofchk":0)", ErrorCode::decoding_failure, "/ipspoofchk: must be true or false, not 0");
}

TEST(ParseNetworkConfig, RejectsAnInvalidLog) {
  EXPECT_NO_THROW(parse_with(R"("log":{"file":"/var/log/veth-cni/calls.log"})"));
  expect_refused(R"("log":{"level":"loud"})", ErrorCode::invalid_config,
                 R"(/log/level: must be "error", "info" or "debug", not "loud")");
}

TEST(ParseCommonConfig, RejectsAnInvalidLog) {
  const auto parse_log = [](Verb verb) { parse_common_config(R"({"name":"lo","log":{"level":"info"}})", verb); };
  for (const Verb verb : {Verb::add, Verb::check}) {
    expect_failure([&] { parse_log(verb); }, ErrorCode::invalid_config,
                   R"(/log: must contain the key file, not {"level":"info"})");
  }
  EXPECT_NO_THROW(parse_log(Verb::del));
}

TEST(ParseNetworkConfig, AcceptsFeaturesThatAreTurnedOff) {
  EXPECT_NO_THROW(parse_with(
      R"("ipMasq":false,"portMappings":[],"bandwidth":{"ingressRate":0},"sysctl":{},"promisc":false,
         "runtimeConfig":{"portMappings":[],"bandwidth":{"ingressRate":0,"egressBurst":0}})"));
}

TEST(ParseNetworkConfig, NeedsAnIpamType) {
  const std::string message =
      "/ipam/type: missing: mode ptp needs addresses; \"veth-ipam\" is built in, other types are run from CNI_PATH";
  for (const char* ipam : {"", R"(,"ipam":{})", R"(,"ipam":null)", R"(,"ipam":{"type":""})"}) {
    const std::string text = R"({"cniVersion":"1.1.0","name":"n","type":"veth")" + std::string(ipam) + '}';
    for (const Verb verb : strict_verbs) expect_failure([&] { parse(text, verb); }, ErrorCode::invalid_config, message);
    for (const Verb verb : lenient_verbs) EXPECT_EQ(parse(text, verb).ipam, IpamConfig{});
  }
  EXPECT_EQ(parse(R"({"name":"n","type":"loopback"})").ipam, IpamConfig{});
}

TEST(ParseNetworkConfig, NeedsOnlyTheNameForDelAndGc) {
  const std::string members =
      R"("name":"n","type":[],"mtu":"x","enabledad":7,"dns":1,"ipam":{"type":"../x","ranges":7},"args":[],
         "runtimeConfig":{"mac":7,"ips":["x"],"portMappings":{}},"prevResult":7,"mode":"x","readyWhenFull":0)";
  NetworkConfig expected;
  expected.name = "n";
  EXPECT_EQ(parse(R"({"cniVersion":"9.9.9",)" + members + '}', Verb::del), expected);
  EXPECT_EQ(parse(R"({"cniVersion":1.1,)" + members + '}', Verb::del), expected);
  expected.version = Version::v1_1_0;
  EXPECT_EQ(parse(R"({"cniVersion":"1.1.0",)" + members + '}', Verb::del), expected);
  EXPECT_EQ(parse(R"({"cniVersion":"1.1.0",)" + members + '}', Verb::gc), expected);
}

TEST(ParseNetworkConfig, KeepsTheValidPartsForDel) {
  const NetworkConfig config = parse(
      R"({"name":"n","mtu":"x","prevResult":{"ip4":{"ip":"10.0.0.2/8"}},"ipam":{"type":"veth-ipam","subnet":"x",
          "rangeStrat":"10.0.0.7","dataDir":"/run/leases"}})",
      Verb::del);
  EXPECT_EQ(config.ipam.type, "veth-ipam");
  EXPECT_EQ(config.ipam.data_dir, "/run/leases");
  EXPECT_EQ(config.previous->addresses.size(), 1U);
}

TEST(PrevResult, MustHaveTheResultFormOfTheConfiguration) {
  const auto parse_previous = [](const std::string& version, const std::string& previous, Verb verb) {
    return parse(R"({"name":"n","type":"veth","ipam":{"type":"x"},"cniVersion":")" + version + R"(","prevResult":)" +
                     previous + '}',
                 verb)
        .previous;
  };
  const auto addresses = [](const std::optional<Result>& previous) { return previous.value().addresses.size(); };
  const std::string list = R"("ips":[{"address":"10.0.0.2/8"}]})";
  EXPECT_EQ(addresses(parse_previous("1.1.0", '{' + list, Verb::check)), 1U);
  EXPECT_EQ(addresses(parse_previous("1.1.0", R"({"cniVersion":"1.0.0",)" + list, Verb::check)), 1U);
  EXPECT_EQ(addresses(parse_previous("0.4.0", R"({"cniVersion":"0.3.0",)" + list, Verb::add)), 1U);
  EXPECT_EQ(addresses(parse_previous("0.1.0", R"({"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/8"}})", Verb::add)), 1U);
  expect_failure(
      [&] { parse_previous("1.1.0", R"({"cniVersion":"0.4.0",)" + list, Verb::check); }, ErrorCode::decoding_failure,
      R"(could not parse prevResult: result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is "0.4.0")");
  expect_failure(
      [&] { parse_previous("0.2.0", R"({"cniVersion":"1.0.0",)" + list, Verb::add); }, ErrorCode::decoding_failure,
      R"(could not parse prevResult: result type supports [0.1.0 0.2.0] but unmarshalled CNIVersion is "1.0.0")");
  EXPECT_EQ(parse_previous("1.1.0", R"({"cniVersion":"0.4.0",)" + list, Verb::del), std::nullopt);
}

TEST(PrevResult, MayBeAbsent) {
  for (const Verb verb : {Verb::add, Verb::check, Verb::del}) EXPECT_EQ(parse_with("", verb).previous, std::nullopt);
}

TEST(ValidAttachments, AreTheUnionOfBothKeys) {
  const std::string a = R"({"containerID":"a","ifname":"eth0"})";
  const std::string b = R"({"containerID":"b","ifname":"eth0"})";
  const std::vector<ValidAttachment> both{{"a", "eth0"}, {"b", "eth0"}};
  struct Case {
    std::string members;
    std::optional<std::vector<ValidAttachment>> expected;
  };
  const std::string valid = R"("cni.dev/valid-attachments":)";
  const std::string other = R"("cni.dev/attachments":)";
  const std::string of_b = '[' + b + ']';
  const std::string of_a_and_b = '[' + a + ',' + b + ']';
  const std::string of_b_and_a = '[' + b + ',' + a + ']';
  const Case cases[] = {Case{"", std::nullopt},
                        Case{valid + "null", std::vector<ValidAttachment>{}},
                        Case{other + "null", std::vector<ValidAttachment>{}},
                        Case{valid + "[]", std::vector<ValidAttachment>{}},
                        Case{valid + of_b_and_a, both},
                        Case{other + of_b_and_a, both},
                        Case{valid + of_b + ',' + other + of_a_and_b, both},
                        Case{valid + "null," + other + of_a_and_b, both}};
  for (const auto& [members, expected] : cases) {
    EXPECT_EQ(parse_with(members, Verb::gc).valid_attachments, expected) << members;
  }
}

TEST(ValidAttachments, MustBeReadable) {
  struct Case {
    const char* list;
    ErrorCode code;
    const char* message;
  };
  for (const auto& [list, code, message] :
       {Case{"{}", ErrorCode::decoding_failure, ": must be an array, not {}"},
        Case{"[null]", ErrorCode::decoding_failure, "/0: must be an object, not null"},
        Case{R"([{"containerID":"a"}])", ErrorCode::invalid_config, "/0/ifname: missing"},
        Case{R"([{"containerID":"","ifname":"e"}])", ErrorCode::invalid_config, "/0/containerID: missing"},
        Case{R"([{"containerID":"a","ifname":7}])", ErrorCode::decoding_failure,
             "/0/ifname: must be a string, not 7"}}) {
    for (const char* key : {"cni.dev/valid-attachments", "cni.dev/attachments"}) {
      const std::string members = '"' + std::string(key) + "\":" + list;
      expect_failure([&] { parse_with(members, Verb::gc); }, code, "/cni.dev~1" + std::string(key).substr(8) + message);
    }
  }
}

TEST(ValidAttachments, AreReadOnlyForGc) {
  for (const Verb verb : {Verb::add, Verb::check, Verb::del, Verb::status}) {
    EXPECT_EQ(parse_with(R"("cni.dev/valid-attachments":7)", verb).valid_attachments, std::nullopt);
  }
}

TEST(FindVersionText, ReadsInvalidConfigurations) {
  struct Case {
    const char* text;
    std::optional<std::string> version;
  };
  for (const auto& [text, version] :
       {Case{R"({"cniVersion":"1.0.0"})", "1.0.0"}, Case{R"({"CNIVersion":"9.9","name":7})", "9.9"},
        Case{R"({"cniVersion":""})", ""}, Case{R"({"cniVersion":7})", std::nullopt}, Case{"{}", std::nullopt},
        Case{"", std::nullopt}, Case{"[]", std::nullopt}, Case{"{", std::nullopt}}) {
    EXPECT_EQ(find_version_text(text), version) << text;
  }
}

}  // namespace
}  // namespace cni
