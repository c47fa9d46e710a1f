#include "plugin/cni/mode_reader.hpp"

#include "plugin/cni/network_config.hpp"
#include "test/support/error_text.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace {

using cni::Mode;

cni::NetworkConfig parse_mode(const std::string& members, cni::Verb verb = cni::Verb::add) {
  return cni::parse_network_config(R"({"cniVersion":"1.1.0","name":"net","type":"veth",)" + members + "}", verb, {});
}

std::string refusal(const std::string& members) {
  return test::error_text([&] { parse_mode(members); });
}

TEST(ReadMode, AcceptsTheFourModes) {
  EXPECT_TRUE(parse_mode(R"("ipam":{"type":"x"})").mode == Mode::ptp);
  EXPECT_TRUE(parse_mode(R"("mode":"","ipam":{"type":"x"})").mode == Mode::ptp);
  EXPECT_TRUE(parse_mode(R"("mode":"ptp","ipam":{"type":"x"})").mode == Mode::ptp);
  EXPECT_TRUE(parse_mode(R"("mode":"bridge")").mode == Mode::bridge);
  EXPECT_TRUE(parse_mode(R"("mode":"netns","peer":{"netns":"/run/netns/b"})").mode == Mode::netns);
  EXPECT_EQ(refusal(R"("mode":"macvlan")"), R"(7: /mode: must be "ptp", "bridge", "ovs" or "netns", not "macvlan")");
}

TEST(ReadMode, NeedsAnIpamOnlyInModePtp) {
  EXPECT_EQ(refusal(R"("mode":"bridge")"), "");
  EXPECT_NE(refusal(R"("mode":"ptp")"), "");
}

TEST(ReadBigTcp, IsOffByDefaultAndNeedsModePtpOrBridge) {
  EXPECT_FALSE(parse_mode(R"("ipam":{"type":"x"})").big_tcp);
  EXPECT_TRUE(parse_mode(R"("bigTcp":true,"ipam":{"type":"x"})").big_tcp);
  EXPECT_TRUE(parse_mode(R"("mode":"bridge","bigTcp":true)").big_tcp);
  EXPECT_EQ(refusal(R"("mode":"ovs","bridge":"br0","bigTcp":false)"), "");
  const std::string refused = R"(7: /bigTcp: needs mode "ptp" or "bridge". Remove it)";
  EXPECT_EQ(refusal(R"("mode":"ovs","bridge":"br0","bigTcp":true)"), refused);
  EXPECT_EQ(refusal(R"("mode":"netns","peer":{"netns":"/run/netns/b"},"bigTcp":true)"), refused);
}

TEST(ReadPairKind, IsVethByDefaultAndOthersNeedModePtp) {
  using cni::PairKind;
  EXPECT_EQ(parse_mode(R"("ipam":{"type":"x"})").pair_kind, PairKind::veth);
  EXPECT_EQ(parse_mode(R"("device":"netkit","ipam":{"type":"x"})").pair_kind, PairKind::netkit);
  EXPECT_EQ(parse_mode(R"("device":"auto","ipam":{"type":"x"})").pair_kind, PairKind::automatic);
  EXPECT_EQ(parse_mode(R"("mode":"bridge","device":"veth")").pair_kind, PairKind::veth);
  EXPECT_EQ(refusal(R"("mode":"bridge","device":"netkit")"), R"(7: /device: "netkit" needs mode "ptp". Remove it)");
  EXPECT_EQ(refusal(R"("mode":"ovs","bridge":"br0","device":"auto")"),
            R"(7: /device: "auto" needs mode "ptp". Remove it)");
  EXPECT_EQ(refusal(R"("mode":"netns","peer":{"netns":"/run/netns/b"},"device":"netkit")"),
            R"(7: /device: "netkit" needs mode "ptp". Remove it)");
  EXPECT_EQ(refusal(R"("device":"macvlan","ipam":{"type":"x"})"),
            R"(7: /device: must be "veth", "netkit" or "auto", not "macvlan")");
}

TEST(ReadBridge, HasTheDefaultsOfTheReferencePlugin) {
  EXPECT_TRUE(parse_mode(R"("mode":"bridge")").bridge == cni::BridgeConfig{});
}

TEST(ReadBridge, ReadsAllKeysOfTheReferencePlugin) {
  const auto config = parse_mode(
      R"("mode":"bridge","bridge":"br7","isGateway":true,"isDefaultGateway":true,"forceAddress":true,"promiscMode":true,
         "vlan":100,"vlanTrunk":[{"id":7},{"minID":200,"maxID":300}],"preserveDefaultVlan":true,"portIsolation":true,
         "macspoofchk":true,"disableContainerInterface":true)");
  const cni::BridgeConfig wanted{.name = "br7",
                                 .is_gateway = true,
                                 .is_default_gateway = true,
                                 .force_address = true,
                                 .promiscuous = true,
                                 .vlan = 100,
                                 .trunk = {{7, 7}, {200, 300}},
                                 .preserve_default_vlan = true,
                                 .is_isolated = true,
                                 .check_macs = true,
                                 .disable_container_interface = true};
  EXPECT_TRUE(config.bridge == wanted);
  EXPECT_TRUE(parse_mode(R"("mode":"bridge","hairpinMode":true)").bridge.hairpin);
}

TEST(ReadBridge, IsAGatewayIfItIsTheDefaultGateway) {
  EXPECT_TRUE(parse_mode(R"("mode":"bridge","isDefaultGateway":true)").bridge.is_gateway);
}

TEST(ReadBridge, RejectsInvalidKeys) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("hairpinMode":true,"promiscMode":true)",
       "7: /hairpinMode: cannot be combined with promiscMode. Remove one of them"},
      {R"("disableContainerInterface":true,"ipam":{"type":"veth-ipam","subnet":"10.1.2.0/24"})",
       "7: /ipam: cannot be combined with disableContainerInterface. Remove one of them"},
      {R"("vlan":4095)", "7: /vlan: must be an integer from 0 to 4094, not 4095"},
      {R"("vlanTrunk":[{"minID":7}])",
       R"(7: /vlanTrunk/0: must contain either id, or minID and maxID, not {"minID":7})"},
      {R"("vlanTrunk":[{"id":7,"maxID":8}])",
       R"(7: /vlanTrunk/0: must contain either id, or minID and maxID, not {"id":7,"maxID":8})"},
      {R"("vlanTrunk":[{"minID":8,"maxID":7}])",
       R"(7: /vlanTrunk/0: must have a minID that is not greater than maxID, not {"minID":8,"maxID":7})"},
      {R"("vlanTrunk":[{"id":0}])", "7: /vlanTrunk/0/id: must be an integer from 1 to 4094, not 0"},
      {R"("bridge":"br%d")",
       R"(7: /bridge: must be an interface name: interface name contains %, which the kernel treats as a template, not "br%d")"},
      {R"("bridge":"a-name-that-is-too-long")",
       R"(7: /bridge: must be an interface name: interface name is longer than 15 bytes, not "a-name-that-is-too-long")"}};
  for (const auto& [members, message] : cases) {
    EXPECT_EQ(refusal(R"("mode":"bridge",)" + std::string{members}), message);
  }
}

TEST(ReadPeer, ReadsAllKeys) {
  const auto config = parse_mode(
      R"("mode":"netns","peer":{"netns":"/run/netns/b","ifname":"net1","addresses":["192.168.10.2/24","fd10::2/64"],
         "routes":[{"dst":"10.0.0.0/8"}]})");
  const cni::PeerConfig wanted{
      .netns = "/run/netns/b",
      .interface = "net1",
      .addresses = {cni::find_prefix("192.168.10.2/24").value(), cni::find_prefix("fd10::2/64").value()},
      .routes = {{.destination = cni::find_prefix("10.0.0.0/8").value()}}};
  EXPECT_TRUE(config.peer == wanted);
}

TEST(ReadPeer, RejectsInvalidKeys) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("mtu":1500)", "7: /peer: missing: mode netns needs the path of the other network namespace in /peer/netns"},
      {R"("peer":{"ifname":"net1"})", "7: /peer/netns: missing"},
      {R"("peer":{"netns":"/b","address":["10.0.0.1/8"]})",
       R"(2: /peer/address: unknown key with value ["10.0.0.1/8"]: did you mean "addresses"?)"},
      {R"("peer":{"netns":"/b","addresses":["10.0.0.1"]})",
       R"(7: /peer/addresses/0: must be an IP address with a prefix length, as in 10.1.2.0/24, not "10.0.0.1")"},
      {R"("peer":{"netns":"/b","ifname":"a/b"})",
       R"(7: /peer/ifname: must be an interface name: interface name contains / or : or whitespace characters, not "a/b")"}};
  for (const auto& [members, message] : cases) {
    EXPECT_EQ(refusal(R"("mode":"netns",)" + std::string{members}), message);
  }
}

TEST(ReadPeer, IsIgnoredByDelIfInvalid) {
  EXPECT_TRUE(parse_mode(R"("mode":"netns","peer":7)", cni::Verb::del).peer == cni::PeerConfig{});
}

}  // namespace

namespace {

TEST(ReadOvs, NeedsABridgeOrALogicalPort) {
  EXPECT_NE(refusal(R"("mode":"ovs")").find("/bridge: missing"), std::string::npos);
  EXPECT_EQ(parse_mode(R"("mode":"ovs","ovnPort":"lsp")").ovs.bridge, "br-int");
  EXPECT_EQ(parse_mode(R"("mode":"ovs","bridge":"br1","ovnPort":"lsp")").ovs.bridge, "br1");
  EXPECT_EQ(parse_mode(R"("mode":"ovs","args":{"cni":{"OvnPort":"lsp"}})").ovs.ovn_port, "lsp");
  EXPECT_EQ(parse_mode(R"("mode":"ovs")", cni::Verb::del).ovs.bridge, "br-int");
}

TEST(ReadOvs, TakesTheLogicalPortFromCniArgs) {
  const auto config = cni::parse_network_config(R"({"cniVersion":"1.1.0","name":"net","type":"veth","mode":"ovs"})",
                                                cni::Verb::add, cni::parse_args("OvnPort=lsp7"));
  EXPECT_EQ(config.ovs.ovn_port, "lsp7");
}

TEST(ReadOvs, ReadsAllKeys) {
  const auto config = parse_mode(R"("mode":"ovs","bridge":"br0","vlan":7,"vlanTrunk":[{"minID":10,"maxID":12}],
      "vlanMode":"native-tagged","ofportRequest":9,"ovnPort":"lsp","socket":"unix:/run/ovs/db.sock")");
  EXPECT_TRUE(config.ovs == (cni::OvsConfig{.bridge = "br0",
                                            .vlan = 7,
                                            .trunk = {{10, 12}},
                                            .vlan_mode = "native-tagged",
                                            .ofport_request = 9,
                                            .ovn_port = "lsp",
                                            .socket = "/run/ovs/db.sock"}));
}

TEST(ReadOvs, ChoosesTheVlanMode) {
  EXPECT_EQ(parse_mode(R"("mode":"ovs","bridge":"b")").ovs.vlan_mode, "");
  EXPECT_EQ(parse_mode(R"("mode":"ovs","bridge":"b","vlan":7)").ovs.vlan_mode, "access");
  EXPECT_EQ(parse_mode(R"("mode":"ovs","bridge":"b","vlanTrunk":[{"id":7}])").ovs.vlan_mode, "trunk");
  EXPECT_EQ(parse_mode(R"("mode":"ovs","bridge":"b","vlan":7,"vlanTrunk":[{"id":8}])").ovs.vlan_mode,
            "native-untagged");
}

TEST(ReadOvs, RefusesWhatOpenVswitchWouldIgnore) {
  const std::string start = R"("mode":"ovs","bridge":"b",)";
  for (const auto* members : {R"("vlan":7,"vlanMode":"trunk")", R"("vlanMode":"access")",
                              R"("vlanMode":"native-tagged")", R"("vlan":7,"vlanMode":"access","vlanTrunk":[{"id":8}])",
                              R"("vlan":7,"vlanMode":"dot1q-tunnel","vlanTrunk":[{"id":8}])", R"("vlanMode":"qinq")",
                              R"("vlan":4095)", R"("ofportRequest":0)", R"("ofportRequest":65280)",
                              R"("socket":"tcp:127.0.0.1:6640")", R"("socket":"db.sock")", R"("ovnPort":"a b")"}) {
    EXPECT_NE(refusal(start + members), "") << members;
  }
}

TEST(ReadOvs, NamesTheKeyForOneOfOvsCni) {
  EXPECT_EQ(refusal(R"("mode":"ovs","bridge":"b","trunk":[{"id":7}])"),
            "7: /trunk: is a key of the plugin ovs-cni. Write vlanTrunk");
  EXPECT_EQ(refusal(R"("mode":"ovs","bridge":"b","ofport_request":7)"),
            "7: /ofport_request: is a key of the plugin ovs-cni. Write ofportRequest");
  EXPECT_EQ(refusal(R"("mode":"ovs","bridge":"b","socket_file":"unix:/x")"),
            "7: /socket_file: is a key of the plugin ovs-cni. Write socket");
}

}  // namespace
