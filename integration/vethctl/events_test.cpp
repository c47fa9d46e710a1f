// vethctl events: prints the lines of the log, and follows it across a rotation.
#include "integration/support/call.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/networks.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
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

TEST(VethctlEvents, AreReadFromTheLogOfTheConfiguration) {
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
  const auto calls = json::parse(vethctl({"events", "--conf-dir", events_conf_dir, "--output", "json"}).out);
  EXPECT_EQ(calls.size(), 3U);
  EXPECT_EQ(calls[0]["verb"], "ADD");
  EXPECT_EQ(json::parse(vethctl({"events", "--conf-dir", events_conf_dir, "-ojson", "--tail=1"}).out)[0], calls[2]);
  EXPECT_EQ(vethctl({"events", "--conf-dir", events_conf_dir, "--container", "b", "--no-headers"}).out, "");
}

/// Waits until the file of a running program contains the text, for at most 10 seconds.
bool wait_for_text(const std::string& path, const std::string& part) {
  using namespace std::chrono_literals;
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (read_text(path).find(part) != std::string::npos) return true;
    std::this_thread::sleep_for(50ms);
  }
  return false;
}

/// `vethctl events --follow` in a thread. The destructor sends SIGTERM, since it does not end by itself.
class EventsFollower {
 public:
  ~EventsFollower() {
    if (wait_for_text(pid_file, "\n")) ::kill(std::stoi(read_text(pid_file)), SIGTERM);
    thread.join();
  }

  const std::string pid_file = "/run/test/events.pid";
  const std::string output = "/run/test/events";
  std::thread thread{[this] {
    run({.argv = {"sh", "-c",
                  executables() + "/vethctl events --follow --conf-dir " + events_conf_dir + " > " + output +
                      " & echo $! > " + pid_file + "; wait"}});
  }};
};

TEST(VethctlEvents, AreFollowedAcrossARotation) {
  const Container container{"a"};
  const auto config = logged_network();
  const EventsFollower follower;
  ASSERT_TRUE(wait_for_text(follower.pid_file, "\n"));
  EXPECT_EQ(add(container, config).exit, 0);
  EXPECT_TRUE(wait_for_text(follower.output, "ADD     net")) << read_text(follower.output);
  std::filesystem::rename(events_log, std::string{events_log} + ".1");
  EXPECT_EQ(del(container, config).exit, 0);
  EXPECT_TRUE(wait_for_text(follower.output, "DEL     net")) << read_text(follower.output);
}

}  // namespace
