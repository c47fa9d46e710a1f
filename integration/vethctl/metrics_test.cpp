// vethctl metrics: the figures of a node with containers, for the textfile collector of node_exporter.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto metrics_conf_dir = "/run/test/net.d";
constexpr auto metrics_file = "/run/test/veth.prom";

std::vector<std::string> metrics_lines() {
  const auto outcome = vethctl({"metrics", "--conf-dir", metrics_conf_dir, "--output-file", metrics_file});
  EXPECT_EQ(outcome, Outcome{});
  std::ifstream file{metrics_file};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string value_of(const std::string& series) {
  for (const auto& line : metrics_lines()) {
    if (line.starts_with(series + ' ')) return line.substr(series.size() + 1);
  }
  return "missing: " + series;
}

TEST(VethctlMetrics, CountAttachmentsAndLeases) {
  std::filesystem::create_directories(metrics_conf_dir);
  std::ofstream{std::string{metrics_conf_dir} + "/10-net.conf"} << dual_stack();
  const std::string live = R"(veth_cni_attachments{network="net",state="live"})";
  const std::string used = R"(veth_cni_leases_used{network="net",range="10.1.2.1-10.1.2.254"})";
  const std::string free = R"(veth_cni_leases_free{network="net",range="10.1.2.1-10.1.2.254"})";
  EXPECT_EQ(value_of(free), "253");
  const Container a{"a"};
  const Container b{"b"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit + add(b, dual_stack()).exit, 0);
  EXPECT_EQ(value_of(live), "2");
  EXPECT_EQ(value_of(used), "2");
  EXPECT_EQ(value_of(free), "251");
  run_ip(Namespace::host(), {"link", "del", host_interface_of(added.result)});
  EXPECT_EQ(value_of(live), "1");
  EXPECT_EQ(value_of(R"(veth_cni_attachments{network="net",state="broken"})"), "1");
  EXPECT_EQ(del(a, dual_stack()).exit + del(b, dual_stack()).exit, 0);
  EXPECT_EQ(value_of(live), "0");
  EXPECT_EQ(value_of(free), "253");
}

/// Each line matches the grammar of the text format, version 0.0.4.
TEST(VethctlMetrics, AreInTheFormatOfPrometheus) {
  std::filesystem::create_directories(metrics_conf_dir);
  std::ofstream{std::string{metrics_conf_dir} + "/10-net.conf"} << dual_stack();
  const Container container{"a"};
  ASSERT_EQ(add(container, dual_stack()).exit, 0);
  const std::regex comment{R"(# (HELP|TYPE) [a-z_]+ .+)"};
  const std::regex sample{R"([a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? [0-9]+(\.[0-9]+)?(e\+[0-9]+)?)"};
  for (const auto& line : metrics_lines()) {
    EXPECT_TRUE(std::regex_match(line, comment) || std::regex_match(line, sample)) << line;
  }
  EXPECT_EQ(del(container, dual_stack()).exit, 0);
}

}  // namespace
