#include "plugin/veth_node/config.hpp"

#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace {

using nlohmann::json;
using testing::HasSubstr;

const json smallest_config{{"store", {{"type", "etcd"}, {"endpoints", {"http://192.0.2.1:2379"}}}}};

json with(const std::string& pointer, json value) {
  auto changed = smallest_config;
  changed[json::json_pointer{pointer}] = std::move(value);
  return changed;
}

std::string config_error(const json& config) {
  return test::error_text([&] { veth_node::parse_config(config.dump(), "host"); });
}

TEST(NodeConfig, HasDefaults) {
  const auto config = veth_node::parse_config(smallest_config.dump(), "host");
  EXPECT_EQ(config.node, "host");
  EXPECT_EQ(config.store.prefix, "/veth-cni/v1/");
  EXPECT_EQ(config.machine_id_file, "/etc/machine-id");
  EXPECT_FALSE(config.network);
}

TEST(NodeConfig, IsRead) {
  const auto config = veth_node::parse_config(R"({
    "$schema": "veth-node.schema.json", "node": "a", "addresses": ["192.0.2.1", "fd00::1"],
    "podCIDRs": ["10.1.0.0/24"], "pools": {"default": {"cidrs": ["10.128.0.0/9"], "blockBits": 5}},
    "store": {"type": "etcd", "endpoints": ["https://192.0.2.1:2379"], "ca": "/ca", "cert": "/cert", "key": "/key",
              "serverName": "etcd", "user": "u", "password": "p", "prefix": "/x/"},
    "routing": "tunnel", "encapsulation": "vxlan", "log": "/var/log/veth-cni/node.log",
    "network": {"file": "/etc/cni/net.d/1.conflist", "name": "n", "pool": "default", "ipMasqExcept": ["10.0.0.0/8"]}})",
                                              "host");
  EXPECT_EQ(config.node, "a");
  EXPECT_EQ(config.addresses.size(), 2U);
  EXPECT_EQ(config.pools.at("default").block_bits, 5);
  EXPECT_EQ(config.store.certificate, "/cert");
  EXPECT_EQ(config.tunnels.routing, node::Routing::tunnel);
  EXPECT_EQ(config.tunnels.encapsulation, node::EncapsulationChoice::vxlan);
  EXPECT_EQ(config.network.value().pool, "default");
}

TEST(NodeConfig, OfKubernetesNeedsOnlyTheType) {
  const auto config = veth_node::parse_config(R"({"store":{"type":"kubernetes"},"network":{}})", "host");
  EXPECT_EQ(config.store.type, veth_node::StoreConfig::Type::kubernetes);
  EXPECT_EQ(config.store.api_namespace, "veth-cni");
}

struct BadConfig {
  json config;
  std::string message;
};

TEST(NodeConfig, NamesItsFaults) {
  const BadConfig bad_configs[] = {
      {json::object(), "/store"},
      {with("/store/type", "zookeeper"), R"(/store/type: must be one of "etcd", "kubernetes")"},
      {with("/store/endpoints", json::array()), "/store/endpoints: must have an endpoint"},
      {with("/store/endpoints/0", "http://etcd:2379"), "\"http://etcd:2379\" must have the form"},
      {with("/store/endpoints/0", "https://192.0.2.1:2379"), "/store/ca"},
      {with("/store/cert", "/cert"), "/store/key"},
      {with("/store/key", "/key"), "/store/cert"},
      {with("/store/user", "root"), "/store/password"},
      {with("/store/ca", "ca.pem"), "/store/ca: must be an absolute path"},
      {with("/store/prefix", "/x"), "/store/prefix: must end with a slash"},
      {with("/store/endpoint", "x"), "endpoint"},
      {with("/node", "../x"), "/node: must consist of"},
      {with("/addresses", {"192.0.2.1", "192.0.2.2"}), "/addresses/1: must be the only one of its family"},
      {with("/podCIDRs", {"10.0.0.1/24"}), "/podCIDRs/0: must be a network without host bits"},
      {with("/pools", {{"a/b", {{"cidrs", {"10.0.0.0/8"}}}}}), "has a name with other characters"},
      {with("/pools", {{"p", {{"cidrs", {"10.0.0.0/30"}}}}}), "is smaller than a block"},
      {with("/routing", "fast"), R"(/routing: must be one of "auto", "direct", "tunnel")"},
      {with("/network", json::object()), "/network"},
      {with("/network", {{"pool", "p"}, {"file", "/etc/cni/net.d/x.conf"}}), "must end with .conflist"},
      {with("/nod", "x"), "nod"},
  };
  for (const auto& [config, message] : bad_configs) EXPECT_THAT(config_error(config), HasSubstr(message)) << config;
}

TEST(NodeConfig, MustBePrivate) {
  const test::TemporaryDirectory folder;
  const auto path = folder.path() + "/node.json";
  std::ofstream{path} << smallest_config;
  for (const mode_t mode : {0644U, 0640U, 0602U}) {
    ::chmod(path.c_str(), mode);
    EXPECT_THAT(test::error_text([&] { veth_node::read_config(path); }),
                HasSubstr("other users can read or change it"));
  }
  ::chmod(path.c_str(), 0600);
  EXPECT_EQ(veth_node::read_config(path).store.endpoints.size(), 1U);
}

// The schema and the reader have the same keys.
TEST(NodeConfig, HasASchema) {
  std::ifstream file{VETH_TEST_FOLDER "/../conf/veth-node.schema.json"};
  const auto schema = json::parse(file);
  const auto expect_known = [](const json& properties, const std::string& pointer, const json& wrong) {
    for (const auto& [key, ignored] : properties.items()) {
      if (key == "$schema" || key == "type") continue;
      EXPECT_NE(config_error(with(pointer + '/' + key, wrong)), "") << pointer << '/' << key;
    }
  };
  const json wrong_value = 7;
  expect_known(schema["properties"], "", wrong_value);
  expect_known(schema["$defs"]["etcd"]["properties"], "/store", wrong_value);
  expect_known(schema["$defs"]["network"]["properties"], "/network", wrong_value);
}

}  // namespace
