// The texts are recorded from ovsdb-server 3.1.0.
#include "plugin/ovs/replies.hpp"

#include "test/support/error_text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

const std::string added =
    R"([{},{"uuid":["uuid","5af1d5a6-0000-4000-8000-000000000001"]},{"uuid":["uuid","01234567-89ab-8def-8000-000000000001"]},)"
    R"({"count":1},{"rows":[{"datapath_type":"netdev"}]}])";

TEST(MessageLength, EndsWithTheObject) {
  EXPECT_EQ(ovs::message_length(R"({"id":1}{"id":2})"), 8U);
  EXPECT_EQ(ovs::message_length(R"( {"a":"}\"{","b":[{}]}x)"), 22U);
}

TEST(MessageLength, IsUnknownForAnIncompleteObject) {
  for (const auto* text : {"", " ", "{", R"({"a":"}")", R"({"a":[}")", R"({"a":"\)"}) {
    EXPECT_EQ(ovs::message_length(text), std::nullopt) << text;
  }
}

TEST(MessageLength, RejectsOtherValues) {
  EXPECT_EQ(test::error_text([] { ovs::message_length("[]"); }),
            "6: the database of Open vSwitch sent an unexpected message");
}

TEST(ReadMessage, ReadsAnAnswer) {
  const auto message = ovs::read_message(R"({"id":2,"result":[{}],"error":null})");
  EXPECT_EQ(message.kind, ovs::Message::Kind::answer);
  EXPECT_EQ(message.id, 2U);
  EXPECT_EQ(message.results, "[{}]");
  EXPECT_EQ(message.error, "");
}

TEST(ReadMessage, ReadsARefusedRequest) {
  const auto message = ovs::read_message(
      R"({"id":2,"result":null,"error":{"error":"unknown database","details":"no db","syntax":"x"}})");
  EXPECT_EQ(message.error, R"({"error":"unknown database","details":"no db","syntax":"x"})");
}

TEST(ReadMessage, ReadsAnEcho) {
  const auto message = ovs::read_message(R"({"id":"echo","method":"echo","params":[]})");
  EXPECT_EQ(message.kind, ovs::Message::Kind::echo);
  EXPECT_EQ(message.echo_id, "\"echo\"");
  EXPECT_EQ(message.parameters, "[]");
}

TEST(ReadMessage, IgnoresNotificationsAndOtherIds) {
  for (const auto* text : {R"({"method":"update","params":[],"id":null})", R"({"id":"x","result":[]})",
                           R"({"id":-1,"result":[]})", "{}"}) {
    EXPECT_EQ(ovs::read_message(text).kind, ovs::Message::Kind::other) << text;
  }
}

TEST(FindRefusal, FindsNoneInACommittedTransaction) { EXPECT_EQ(ovs::find_refusal(added), std::nullopt); }

TEST(FindRefusal, FindsTheOperationThatFailed) {
  EXPECT_EQ(ovs::find_refusal(R"([{"details":"\"wait\" timed out","error":"timed out"},null,null,null,null])"),
            (ovs::Refusal{"timed out", "\"wait\" timed out", 0}));
}

TEST(FindRefusal, FindsAnErrorOfTheCommit) {
  const auto refusal =
      ovs::find_refusal(R"([{},{"uuid":["uuid","a"]},{"details":"x","error":"constraint violation"}])");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->operation, 2U);
}

TEST(FindRefusal, RejectsOtherResults) {
  for (const auto* text : {"null", "{}", "[", ""}) EXPECT_TRUE(ovs::find_refusal(text)) << text;
}

TEST(ReadAdded, ReadsTheDatapath) {
  EXPECT_EQ(ovs::read_added(added), true);
  EXPECT_EQ(ovs::read_added(R"([{},{},{},{"count":1},{"rows":[{"datapath_type":""}]}])"), false);
  EXPECT_EQ(ovs::read_added(R"([{},{},{},{"count":1},{"rows":[{"datapath_type":"system"}]}])"), false);
  EXPECT_EQ(ovs::read_added("[]"), std::nullopt);
}

TEST(ReadInterfaceState, ReadsNumberAndError) {
  EXPECT_EQ(ovs::read_interface_state(R"([{},{"rows":[{"error":["set",[]],"ofport":5}]}])"),
            (ovs::InterfaceState{.ofport = 5}));
  EXPECT_EQ(ovs::read_interface_state(
                R"x([{},{"rows":[{"error":"could not open network device x (No such device)","ofport":-1}]}])x"),
            (ovs::InterfaceState{.ofport = -1, .error = "could not open network device x (No such device)"}));
  EXPECT_EQ(ovs::read_interface_state(R"([{},{"rows":[]}])"), std::nullopt);
}

TEST(ReadRemoved, CountsThePortsThatExisted) {
  EXPECT_EQ(ovs::read_removed(R"([{"rows":[]},{"count":0},{"rows":[{"datapath_type":"netdev"}]},{"count":1}])"),
            (ovs::Removed{.count = 1, .is_in_user_space = true}));
  EXPECT_EQ(ovs::read_removed(R"([{"rows":[{"datapath_type":""}]},{"count":1}])"), (ovs::Removed{.count = 1}));
}

TEST(ReadConfigurationNumber, ReadsTheSecondResult) {
  EXPECT_EQ(ovs::read_configuration_number(R"([{"count":1},{"rows":[{"next_cfg":17}]}])"), 17);
  EXPECT_EQ(ovs::read_configuration_number(R"([{"count":0},{"rows":[]}])"), std::nullopt);
}

TEST(ReadPort, ReadsPortInterfaceAndBridge) {
  const auto port = ovs::read_port(
      R"([{"rows":[{"name":"vethabc","tag":100,"trunks":["set",[12,10]],"vlan_mode":"native-untagged"}]},)"
      R"({"rows":[{"error":["set",[]],"ofport":3,"external_ids":["map",[["iface-id","lsp"]]],)"
      R"("ingress_policing_rate":8000,"ingress_policing_burst":800}]},)"
      R"({"rows":[{"datapath_type":"netdev","name":"br0"}]}])");
  EXPECT_EQ(port, (wiring::ObservedOvsPort{.bridge = "br0",
                                           .tag = 100,
                                           .trunks = {10, 12},
                                           .vlan_mode = "native-untagged",
                                           .iface_id = "lsp",
                                           .policing_rate = 8000,
                                           .policing_burst = 800,
                                           .ofport = 3,
                                           .is_in_user_space = true}));
}

TEST(ReadPort, ReadsAPortWithoutVlans) {
  const auto port = ovs::read_port(
      R"([{"rows":[{"name":"v","tag":["set",[]],"trunks":["set",[]],"vlan_mode":["set",[]]}]},{"rows":[]},{"rows":[]}])");
  EXPECT_EQ(port, wiring::ObservedOvsPort{});
}

TEST(ReadPort, FindsNoPortAndRejectsOtherResults) {
  EXPECT_EQ(ovs::read_port(R"([{"rows":[]},{"rows":[]},{"rows":[]}])"), std::nullopt);
  EXPECT_NE(test::error_text([] { ovs::read_port("[]"); }), "");
}

TEST(ReadPorts, ReadsTheAttachments) {
  const auto ports = ovs::read_ports(
      R"([{"rows":[{"_uuid":["uuid","u1"],"name":"vethabc","external_ids":["map",[["container","box"],["interface","eth0"],)"
      R"(["network","net"],["node","boot-1"],["owner","veth-cni"]]]},{"name":"x"}]}])");
  ASSERT_EQ(ports.size(), 1U);
  EXPECT_EQ(
      ports.front(),
      (ovs::StoredPort{.uuid = "u1", .interface = "vethabc", .attachment = {"net", "box", "eth0"}, .node = "boot-1"}));
}

TEST(Replies, IgnoreNumbersOutOfRange) {
  EXPECT_EQ(ovs::read_interface_state(R"([{},{"rows":[{"ofport":18446744073709551615}]}])"), ovs::InterfaceState{});
  EXPECT_EQ(ovs::read_message(R"({"id":4294967296,"result":[]})").kind, ovs::Message::Kind::other);
}

}  // namespace
