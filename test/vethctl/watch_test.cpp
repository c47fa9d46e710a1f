#include "plugin/vethctl/watch.hpp"

#include "test/vethctl/console.hpp"

#include <gtest/gtest.h>

namespace {

vethctl::Arguments arguments(const std::vector<std::string>& words) {
  vethctl::Command command;
  command.options = {vethctl::watch_option()};
  return vethctl::parse(command, words);
}

std::string watched(const std::vector<std::string>& words, bool is_terminal) {
  test::Screen screen;
  auto console = screen.console();
  if (is_terminal) console.clear = [&] { screen.printed += "[clear]"; };
  int rounds = 0;
  const auto round = [&](const vethctl::Console& each) {
    each.print("round ");
    each.print(std::to_string(++rounds));
    return rounds;
  };
  const auto status = vethctl::watched(arguments(words), console, round, [&](auto) { return rounds < 3; });
  EXPECT_EQ(status, rounds);
  return screen.printed;
}

TEST(Watch, RepeatsTheCommandAndClearsTheTerminal) {
  EXPECT_EQ(watched({}, true), "round 1");
  EXPECT_EQ(watched({"--watch"}, true), "[clear]round 1[clear]round 2[clear]round 3");
  EXPECT_EQ(watched({"-w", "5"}, false), "round 1round 2round 3");
}

TEST(Watch, ReadsThePause) {
  using namespace std::chrono_literals;
  EXPECT_EQ(vethctl::watch_pause(arguments({"--watch"}), 7s), 7s);
  EXPECT_EQ(vethctl::watch_pause(arguments({"--watch", "0.5"}), 7s), 500ms);
  for (const auto* text : {"0", "0.05", "1.2.3", "abc", "1e9"}) {
    EXPECT_THROW(vethctl::watch_pause(arguments({"--watch=" + std::string{text}}), 7s), vethctl::UsageError) << text;
  }
}

}  // namespace
