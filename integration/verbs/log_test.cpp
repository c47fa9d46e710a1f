// Key log: a line for each call. Errors of logging never change the result of a call.
#include "integration/support/call.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

json logging_to(const std::string& file, const std::string& level = "debug") {
  json config = in_mode("ptp");
  config["log"] = {{"file", file}, {"level", level}};
  return config;
}

std::vector<json> logged_in(const std::string& path) {
  std::ifstream file{path};
  std::vector<json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
  return lines;
}

Call call_of(const std::string& verb, const Container& container, const json& config) {
  return {.command = verb, .container = container.id, .netns = container.netns.path(), .config = config};
}

constexpr auto log_path = "/var/log/veth-cni/calls.log";

TEST(Log, HasALineForEachCall) {
  const Container container{"a"};
  const auto config = logging_to(log_path);
  const auto added = add(container, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(added.err, "");
  EXPECT_EQ(check(container, config, added.result).exit, 0);
  EXPECT_EQ(add(container, config).exit, 1);
  EXPECT_EQ(del(container, config).exit, 0);
  const auto lines = logged_in(log_path);
  ASSERT_EQ(lines.size(), 4U);
  const char* const verbs[] = {"ADD", "CHECK", "ADD", "DEL"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].at("verb"), verbs[i]);
    EXPECT_EQ(lines[i].at("network"), "net");
    EXPECT_EQ(lines[i].at("container"), "a");
    EXPECT_EQ(lines[i].at("netns"), container.netns.path());
    EXPECT_EQ(lines[i].at("result"), i == 2 ? "error" : "ok");
  }
  EXPECT_EQ(lines[2].at("error").at("code"), 101);
  EXPECT_EQ(lines[0].at("addresses").size(), 2U);
}

TEST(Log, HasTheDurationOfEachStep) {
  const Container container{"a"};
  json config = logging_to(log_path);
  config["ipMasq"] = true;
  ASSERT_EQ(add(container, config).exit, 0);
  const auto line = logged_in(log_path).at(0);
  std::uint64_t sum = 0;
  for (const auto& [name, duration] : line.at("steps_us").items()) sum += duration.get<std::uint64_t>();
  for (const char* step : {"read", "lock", "addresses", "record", "kernel_rules", "kernel_create", "kernel_container",
                           "kernel_host", "kernel_ready", "answer", "end"}) {
    EXPECT_TRUE(line.at("steps_us").contains(step)) << step << " in " << line;
  }
  const auto total = line.at("duration_us").get<std::uint64_t>();
  EXPECT_LE(sum, total);
  EXPECT_LE(total, sum + line.at("steps_us").size()) << "each step is cut to whole microseconds";
  EXPECT_EQ(del(container, config).exit, 0);
}

TEST(Log, IsWrittenForARefusedConfiguration) {
  const Container container{"a"};
  json config = logging_to(log_path, "error");
  config["mtuu"] = 1400;
  EXPECT_EQ(code_of(add(container, config)), 2);
  config.erase("mtuu");
  ASSERT_EQ(add(container, config).exit, 0);
  EXPECT_EQ(del(container, config).exit, 0);
  const auto lines = logged_in(log_path);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].at("error").at("code"), 2);
}

TEST(Log, IsWrittenByLoopbackAndVethIpam) {
  const Container container{"a"};
  const auto path = "/run/veth-cni/calls.log";
  for (const char* plugin : {"loopback", "veth-ipam"}) {
    auto request = call_of("ADD", container, logging_to(path));
    request.plugin = plugin;
    EXPECT_EQ(call(request).exit, 0) << plugin;
  }
  const auto lines = logged_in(path);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].at("plugin"), "loopback");
  EXPECT_EQ(lines[1].at("plugin"), "veth-ipam");
  EXPECT_EQ(lines[1].at("addresses").size(), 2U);
}

/// ADD succeeds with each obstacle at the path of the log file.
TEST(Log, DoesNotMakeACallFail) {
  const auto before = Snapshot::take();
  for (const char* obstacle : {"mkdir -p /var/log/veth-cni/calls.log", "ln -s /etc/passwd /var/log/veth-cni/calls.log",
                               "mkfifo /var/log/veth-cni/calls.log", "ln -s /dev/full /var/log/veth-cni/calls.log",
                               "chmod 777 /var/log/veth-cni"}) {
    SCOPED_TRACE(obstacle);
    std::filesystem::remove_all("/var/log/veth-cni");
    ASSERT_EQ(run({.argv = {"sh", "-c", "mkdir -m 700 /var/log/veth-cni && " + std::string{obstacle}}}).exit, 0);
    const Container container{"a"};
    const auto added = add(container, logging_to(log_path));
    EXPECT_EQ(added.exit, 0) << added;
    EXPECT_EQ(added.err, "");
    EXPECT_EQ(del(container, logging_to(log_path)).exit, 0);
  }
  EXPECT_TRUE(unchanged_since(before));
}

TEST(Log, AddSucceedsAtTheFileSizeLimit) {
  const Container container{"a"};
  ASSERT_EQ(
      run({.argv = {"sh", "-c", "mkdir -m 700 /var/log/veth-cni && truncate -s 65536 " + std::string{log_path}}}).exit,
      0);
  auto limited = call_of("ADD", container, logging_to(log_path));
  limited.wrapper = {"prlimit", "--fsize=65536"};
  const auto added = call(limited);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(std::filesystem::file_size(log_path), 65536U);
  EXPECT_EQ(del(container, in_mode("ptp")).exit, 0);
}

TEST(Log, IsOnlyWrittenBelowItsFolders) {
  const Container container{"a"};
  for (const char* file : {"/etc/cron.d/x.log", "/var/log/veth-cni/../x.log", "/run/veth-cni/x/y.log"}) {
    EXPECT_EQ(code_of(add(container, logging_to(file))), 7) << file;
    EXPECT_EQ(del(container, logging_to(file)).exit, 0) << file;
    EXPECT_FALSE(std::filesystem::exists(file)) << file;
  }
}

}  // namespace
