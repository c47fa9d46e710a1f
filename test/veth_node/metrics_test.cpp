#include "plugin/veth_node/metrics.hpp"

#include "plugin/veth_node/log.hpp"
#include "plugin/veth_node/metrics_server.hpp"
#include "plugin/veth_node/network_file.hpp"
#include "plugin/veth_node/snapshot.hpp"
#include "test/support/error_text.hpp"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

cluster::Directory directory_of_two() {
  cluster::Directory directory;
  directory.nodes["a"] = {.addresses = {*cni::find_address("192.0.2.1")}, .machine = "m"};
  directory.nodes["b"] = {.addresses = {*cni::find_address("fd00::2")},
                          .pod_networks = {*cni::find_prefix("10.0.0.0/24")}};
  directory.pools["p"] = {.prefixes = {*cni::find_prefix("10.128.0.0/9")}};
  directory.blocks[{"p", 1}] = "a";
  directory.blocks[{"p", 2}] = "b";
  return directory;
}

TEST(NodeMetrics, CountNodesAndOwnBlocks) {
  const std::chrono::steady_clock::time_point now{std::chrono::hours{1}};
  const veth_node::Status status{.is_connected = true, .last_answer = now - std::chrono::seconds{7}, .lists = 3};
  const auto text = veth_node::metrics(directory_of_two(), status, "a", now);
  for (const auto* line : {"veth_node_nodes 2\n", "veth_node_blocks{pool=\"p\"} 1\n", "veth_node_store_connected 1\n",
                           "veth_node_store_silence_seconds 7\n", "veth_node_store_lists_total 3\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(veth_node::metrics({}, {}, "a", now), Not(HasSubstr("silence")));
}

TEST(NodeHealth, NeedsADirectoryAndTheKernelButNoStore) {
  veth_node::Status status;
  EXPECT_EQ(veth_node::find_fault(status), "the store has not been read yet");
  status.is_loaded = true;
  EXPECT_EQ(veth_node::find_fault(status), "the kernel does not have what the store wants");
  status.is_synced = true;
  status.failure = "no answer";
  EXPECT_EQ(veth_node::find_fault(status), "");
}

TEST(NodeMetricsServer, ServesGetOnly) {
  const auto page_of = [](std::string_view path) { return veth_node::Page{.text = "page " + std::string{path}}; };
  EXPECT_THAT(veth_node::response_to("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", page_of),
              testing::AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\n\r\npage /metrics")));
  for (const auto* request : {"", "POST / HTTP/1.1\r\n\r\n", "garbage"}) {
    EXPECT_THAT(veth_node::response_to(request, page_of), StartsWith("HTTP/1.1 405 Error\r\n")) << request;
  }
}

TEST(NodeMetricsServer, ListensAtAnAddress) {
  EXPECT_EQ(http::host_of(veth_node::read_listen_address("127.0.0.1:9273")), "127.0.0.1:9273");
  EXPECT_THAT(test::error_text([] { veth_node::read_listen_address(":9273"); }), HasSubstr("must have the form"));
}

TEST(NodeSnapshot, IsReadAsItIsWritten) {
  const auto directory = directory_of_two();
  const auto snapshot = veth_node::parse_snapshot(veth_node::snapshot_text(directory, "17"));
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->revision, "17");
  EXPECT_EQ(snapshot->directory, directory);
}

TEST(NodeSnapshot, IsNotReadInPart) {
  const auto text = veth_node::snapshot_text(directory_of_two(), "17");
  for (const auto length : {std::size_t{0}, text.size() / 2, text.size() - 3}) {
    EXPECT_EQ(veth_node::parse_snapshot(text.substr(0, length)), std::nullopt) << length;
  }
  EXPECT_EQ(veth_node::parse_snapshot(R"({"revision":"1","entries":{"nodes/a":{}}})"), std::nullopt);
}

TEST(NodeNetworkFile, HasThePoolOrTheNetworks) {
  const std::vector<cni::Prefix> networks{*cni::find_prefix("10.128.0.0/9"), *cni::find_prefix("fd00::/48")};
  const auto plugin_of = [&](const veth_node::NetworkFile& file) {
    return nlohmann::json::parse(veth_node::to_conflist(file, networks))["plugins"][0];
  };
  const auto pooled = plugin_of({.pool = "p", .masquerade_exceptions = {*cni::find_prefix("10.0.0.0/24")}});
  EXPECT_EQ(pooled["ipam"],
            nlohmann::json::parse(R"({"type":"veth-ipam","pool":"p","routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]})"));
  EXPECT_EQ(pooled["ipMasqExcept"], nlohmann::json::parse(R"(["10.0.0.0/24","10.128.0.0/9","fd00::/48"])"));
  EXPECT_EQ(plugin_of({})["ipam"]["ranges"].size(), 2U);
}

TEST(NodeLog, IsOneObjectALine) {
  const cni::Error error{cni::ErrorCode::try_again_later, "a \"b\"\nc", "d"};
  const auto line = veth_node::log_line("error", error.message, &error);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object["msg"], "a \"b\"\nc");
  EXPECT_EQ(object["code"], 11);
  EXPECT_EQ(object["details"], "d");
  EXPECT_EQ(object["plugin"], "veth-node");
}

}  // namespace
