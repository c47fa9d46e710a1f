// vethctl events: what is logged is shown, and followed across a rotation.
#include "integration/support/call.hpp"
#include "integration/support/networks.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto events_conf_dir = "/run/test/net.d";
constexpr auto events_log = "/var/log/veth-cni/calls.log";

json logged_network() {
  json config = dual_stack();
  config["log"] = {{"file", events_log}};
  std::filesystem::create_directories(events_conf_dir);
  std::ofstream{std::string{events_conf_dir} + "/10-net.conf"} << config;
  return config;
}

TEST(VethctlEvents, AreFoundByTheConfigurations) {
  const Container container{"a"};
  const auto config = logged_network();
  ASSERT_EQ(add(container, config).exit, 0);
  EXPECT_EQ(add(container, config).exit, 1);
  EXPECT_EQ(del(container, config).exit, 0);
  const auto shown = vethctl({"events", "--conf-dir", events_conf_dir});
  EXPECT_EQ(shown.exit, 0) << shown.err;
  for (const char* part : {"ADD     net           a             eth0", "ok 10.1.2.2/24 fd00:1:2::2/64\n",
                           "error 101: interface \"eth0\"", "DEL     net "}) {
    EXPECT_NE(shown.out.find(part), std::string::npos) << part << " in\n" << shown.out;
  }
  std::ifstream log{events_log};
  EXPECT_EQ(vethctl({"events", "--conf-dir", events_conf_dir, "--output", "json"}).out,
            (std::ostringstream{} << log.rdbuf()).str());
}

std::string printed_in(const std::string& path) {
  std::ifstream file{path};
  return (std::ostringstream{} << file.rdbuf()).str();
}

/// What a program that goes on has printed so far, as soon as it has the part.
bool comes_to_hold(const std::string& path, const std::string& part) {
  using namespace std::chrono_literals;
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (printed_in(path).find(part) != std::string::npos) return true;
    std::this_thread::sleep_for(50ms);
  }
  return false;
}

/// `vethctl events --follow` until its end, in a thread, since it ends only when it is told to.
class Follower {
 public:
  ~Follower() {
    ::kill(std::stoi(printed_in(number)), SIGTERM);
    thread.join();
  }

  const std::string number = "/run/test/events.pid";
  const std::string output = "/run/test/events";
  std::thread thread{[this] {
    run({.argv = {"sh", "-c",
                  executables() + "/vethctl events --follow --conf-dir " + events_conf_dir + " > " + output +
                      " & echo $! > " + number + "; wait"}});
  }};
};

TEST(VethctlEvents, AreFollowedAcrossARotation) {
  const Container container{"a"};
  const auto config = logged_network();
  const Follower follower;
  ASSERT_TRUE(comes_to_hold(follower.number, "\n"));
  EXPECT_EQ(add(container, config).exit, 0);
  EXPECT_TRUE(comes_to_hold(follower.output, "ADD     net")) << printed_in(follower.output);
  std::filesystem::rename(events_log, std::string{events_log} + ".1");
  EXPECT_EQ(del(container, config).exit, 0);
  EXPECT_TRUE(comes_to_hold(follower.output, "DEL     net")) << printed_in(follower.output);
}

}  // namespace
