#include "plugin/ovs/requests.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using nlohmann::json;

const cni::Attachment requested{.network = "net", .container = "box", .interface = "eth0"};

ovs::NewPort access_port() {
  return {.attachment = requested,
          .interface = "vethabc",
          .node = "boot-1",
          .attached_mac = "02:00:00:00:00:01",
          .settings = {.bridge = "br0", .tag = 100, .vlan_mode = "access"}};
}

json operations_of(const std::string& request) {
  auto parameters = json::parse(request).at("params");
  parameters.erase(0);
  return parameters;
}

TEST(PortUuid, FollowsFromTheTagAndIsOfVersion8) {
  const auto uuid = ovs::port_uuid({0x0123456789abcdef});
  EXPECT_EQ(uuid.substr(0, 19), "01234567-89ab-8def-");
  EXPECT_NE(std::string{"89ab"}.find(uuid.at(19)), std::string::npos) << uuid;
  EXPECT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid, ovs::port_uuid({0x0123456789abcdef}));
}

/// The version replaces four bits of the tag, which the second half depends on too.
TEST(PortUuid, DiffersForTagsThatDifferInTheBitsOfTheVersion) {
  EXPECT_NE(ovs::port_uuid({0x1000}), ovs::port_uuid({0x2000}));
}

TEST(AddPort, WaitsForTheBridgeBeforeItInserts) {
  const auto request = ovs::add_port(1, access_port());
  EXPECT_EQ(json::parse(request).at("method"), "transact");
  EXPECT_EQ(json::parse(request).at("id"), 1);
  const auto operations = operations_of(request);
  ASSERT_EQ(operations.size(), 5U) << request;
  EXPECT_EQ(operations.at(0), json::parse(R"({"op":"wait","table":"Bridge","where":[["name","==","br0"]],
      "columns":["name"],"until":"==","rows":[{"name":"br0"}],"timeout":0})"));
  EXPECT_EQ(operations.at(4).at("columns"), json::parse(R"(["datapath_type"])"));
}

TEST(AddPort, InsertsTheInterfaceAndThePortWithItsUuid) {
  const auto operations = operations_of(ovs::add_port(1, access_port()));
  const auto uuid = ovs::port_uuid(cni::tag_of(requested));
  EXPECT_EQ(operations.at(1), json::parse(R"({"op":"insert","table":"Interface","uuid-name":"interface",
      "row":{"name":"vethabc","external_ids":["map",[["attached-mac","02:00:00:00:00:01"]]]}})"));
  const auto& port = operations.at(2);
  EXPECT_EQ(port.at("uuid"), uuid);
  EXPECT_EQ(port.at("row").at("tag"), 100);
  EXPECT_EQ(port.at("row").at("vlan_mode"), "access");
  EXPECT_EQ(port.at("row").at("other_config"), json::parse(R"(["map",[["transient","true"]]])"));
  EXPECT_EQ(port.at("row").at("external_ids"),
            json::parse(R"(["map",[["owner","veth-cni"],["node","boot-1"],["network","net"],["container","box"],
                ["interface","eth0"]]])"));
  EXPECT_EQ(operations.at(3).at("mutations"), json::array({{"ports", "insert", {"uuid", uuid}}}));
}

TEST(AddPort, LeavesOutWhatIsNotSet) {
  auto port = access_port();
  port.settings = {.bridge = "br0"};
  const auto operations = operations_of(ovs::add_port(1, port));
  for (const auto* column : {"tag", "trunks", "vlan_mode"}) EXPECT_FALSE(operations.at(2).at("row").contains(column));
  EXPECT_FALSE(operations.at(1).at("row").contains("ofport_request"));
}

TEST(AddPort, SetsTrunksNumberAndLogicalPort) {
  auto port = access_port();
  port.settings = {
      .bridge = "br0", .trunks = {{10, 12}, {11, 13}}, .vlan_mode = "trunk", .ofport_request = 7, .iface_id = "lsp"};
  const auto operations = operations_of(ovs::add_port(1, port));
  EXPECT_EQ(operations.at(2).at("row").at("trunks"), json::parse(R"(["set",[10,11,12,13]])"));
  EXPECT_EQ(operations.at(1).at("row").at("ofport_request"), 7);
  EXPECT_NE(operations.at(1).at("row").at("external_ids").dump().find(R"(["iface-id","lsp"])"), std::string::npos);
}

TEST(AddPort, SetsPolicing) {
  auto port = access_port();
  EXPECT_FALSE(operations_of(ovs::add_port(1, port)).at(1).at("row").contains("ingress_policing_rate"));
  port.settings.policing_rate = 8000;
  port.settings.policing_burst = 800;
  const auto row = operations_of(ovs::add_port(1, port)).at(1).at("row");
  EXPECT_EQ(row.at("ingress_policing_rate"), 8000);
  EXPECT_EQ(row.at("ingress_policing_burst"), 800);
}

TEST(AwaitPort, EndsWhenTheInterfaceHasANumber) {
  const auto operations = operations_of(ovs::await_port(2, "vethabc", 5000));
  EXPECT_EQ(operations.at(0), json::parse(R"({"op":"wait","table":"Interface","where":[["name","==","vethabc"]],
      "columns":["ofport"],"until":"!=","rows":[{"ofport":["set",[]]}],"timeout":5000})"));
  EXPECT_EQ(operations.at(1).at("columns"), json::parse(R"(["ofport","error"])"));
}

TEST(RemovePorts, AsksForTheDatapathBeforeItRemovesEachPort) {
  const auto operations = operations_of(ovs::remove_ports(3, std::vector<std::string>{"u1", "u2"}));
  ASSERT_EQ(operations.size(), 4U);
  EXPECT_EQ(operations.at(0), json::parse(R"({"op":"select","table":"Bridge",
      "where":[["ports","includes",["uuid","u1"]]],"columns":["datapath_type"]})"));
  EXPECT_EQ(operations.at(3), json::parse(R"({"op":"mutate","table":"Bridge",
      "where":[["ports","includes",["uuid","u2"]]],"mutations":[["ports","delete",["uuid","u2"]]]})"));
}

TEST(AwaitConfiguration, EndsWhenNoLowerNumberIsLeft) {
  EXPECT_EQ(operations_of(ovs::await_configuration(3, 17, 100)).at(0),
            json::parse(R"({"op":"wait","table":"Open_vSwitch","where":[["cur_cfg","<",17]],"columns":["cur_cfg"],
                "until":"==","rows":[],"timeout":100})"));
}

TEST(AnswerEcho, RepeatsIdAndParameters) {
  EXPECT_EQ(ovs::answer_echo("\"echo\"", "[1]"), R"({"id":"echo","result":[1],"error":null})");
}

TEST(Requests, ReplaceInvalidUtf8) {
  auto port = access_port();
  port.settings.iface_id = "\xff";
  EXPECT_TRUE(json::accept(ovs::add_port(1, port)));
}

}  // namespace
