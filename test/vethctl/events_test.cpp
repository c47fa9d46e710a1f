#include "plugin/vethctl/events.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/vethctl/commands.hpp"
#include "test/support/temporary_directory.hpp"
#include "test/vethctl/console.hpp"
#include "test/vethctl/nodes.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <utility>

#include <gtest/gtest.h>

namespace {

std::string line_of(const std::string& second, const std::string& rest = R"("result":"ok","duration_us":2345)") {
  return R"({"time":"2026-01-02T03:04:)" + second +
         R"(.123456Z","verb":"ADD","network":"net","container":"c1","interface":"eth0",)" + rest + "}\n";
}

std::string row_of(const std::string& second) {
  return "2026-01-02 03:04:" + second + ".123  ADD     net           c1            eth0       2.3 ms    ok\n";
}

class Events : public testing::Test {
 protected:
  void append(const std::string& file, const std::string& text) const {
    std::ofstream{at(file), std::ios::app} << text;
  }
  std::string at(const std::string& file) const { return directory.path() + '/' + file; }

  std::string events(const std::vector<std::string>& words, const std::function<bool()>& wait = nullptr) {
    test::Screen screen;
    const auto arguments = vethctl::parse(vethctl::events_command(), words);
    EXPECT_EQ(vethctl::events(arguments, screen.console(), wait), vethctl::success);
    return screen.printed;
  }

  test::TemporaryDirectory directory;
  const std::string heading =
      "TIME (UTC)               VERB    NETWORK       CONTAINER     INTERFACE  DURATION  RESULT\n";
};

TEST_F(Events, AreSortedByTime) {
  append("a.log", line_of("01") + line_of("03"));
  append("b.log", line_of("02"));
  EXPECT_EQ(events({"--file", at("b.log"), "--file", at("a.log")}),
            heading + row_of("01") + row_of("02") + row_of("03"));
}

TEST_F(Events, AreOneArrayOfJson) {
  append("a.log", line_of("01") + "no json\n");
  EXPECT_EQ(nlohmann::json::parse(events({"--file", at("a.log"), "--output", "json"})),
            nlohmann::json::array({nlohmann::json::parse(line_of("01")), {{"line", "no json"}}}));
}

TEST_F(Events, AreLinesOfJsonIfTheyAreFollowed) {
  append("a.log", line_of("01") + line_of("02"));
  EXPECT_EQ(events({"--file", at("a.log"), "--output", "json", "-f"}, [] { return false; }),
            line_of("01") + line_of("02"));
}

TEST_F(Events, BeginWithTheLastOnes) {
  append("a.log", line_of("01") + line_of("02") + line_of("03"));
  EXPECT_EQ(events({"--file", at("a.log"), "--tail", "2", "--no-headers"}), row_of("02") + row_of("03"));
  EXPECT_EQ(events({"--file", at("a.log"), "-n", "0", "--watch"},
                   [&, is_first = true]() mutable {
                     append("a.log", line_of("04") + line_of("05"));
                     return std::exchange(is_first, false);
                   }),
            heading + row_of("04") + row_of("05"));
}

TEST_F(Events, AreSelectedByTimeAndContainer) {
  append("a.log", line_of("01") + line_of("02") + "no json\n" + line_of("03"));
  EXPECT_EQ(events({"--file", at("a.log"), "--since", "2026-01-02T03:04:02Z", "--no-headers"}),
            row_of("02") + row_of("03"));
  EXPECT_EQ(events({"--file", at("a.log"), "--since", "1s", "--no-headers"}), "");
  EXPECT_EQ(events({"--file", at("a.log"), "--container", "c2", "--no-headers"}), "");
  EXPECT_EQ(events({"--file", at("a.log"), "--container", "c", "--tail=1", "--no-headers"}), row_of("03"));
}

TEST_F(Events, AreFollowedUntilWaitReturnsFalse) {
  append("a.log", line_of("01"));
  int rounds = 0;
  const auto shown = events({"--follow", "--file", at("a.log")}, [&] {
    append("a.log", line_of("02"));
    return ++rounds < 3;
  });
  EXPECT_EQ(shown, heading + row_of("01") + row_of("02") + row_of("02"));
}

TEST_F(Events, NeedAConfigurationWithALog) {
  append("10.conf", R"({"type":"veth","name":"net"})");
  try {
    events({"--conf-dir", directory.path()});
    FAIL() << "no error";
  } catch (const cni::Error& error) {
    EXPECT_EQ(error.message, "no network configuration in \"" + directory.path() + "\" has the key log");
  }
}

}  // namespace
