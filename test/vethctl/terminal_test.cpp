#include "plugin/vethctl/terminal.hpp"

#include <map>

#include <gtest/gtest.h>

namespace {

vethctl::Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional{found->second};
  };
}

TEST(Locale, IsUtf8ByTheFirstVariableThatIsSet) {
  EXPECT_TRUE(vethctl::is_utf8(environment({{"LANG", "de_DE.UTF-8"}})));
  EXPECT_TRUE(vethctl::is_utf8(environment({{"LC_ALL", ""}, {"LC_CTYPE", "C.utf8"}, {"LANG", "C"}})));
  EXPECT_FALSE(vethctl::is_utf8(environment({{"LC_ALL", "C"}, {"LANG", "de_DE.UTF-8"}})));
  EXPECT_FALSE(vethctl::is_utf8(environment({})));
}

TEST(Colour, DependsOnTheTerminalUnlessItIsSet) {
  EXPECT_TRUE(vethctl::uses_colour("auto", true, environment({{"TERM", "xterm"}, {"NO_COLOR", ""}})));
  EXPECT_FALSE(vethctl::uses_colour("auto", false, environment({})));
  EXPECT_FALSE(vethctl::uses_colour("auto", true, environment({{"NO_COLOR", "1"}})));
  EXPECT_FALSE(vethctl::uses_colour("auto", true, environment({{"TERM", "dumb"}})));
  EXPECT_TRUE(vethctl::uses_colour("always", false, environment({{"NO_COLOR", "1"}})));
  EXPECT_FALSE(vethctl::uses_colour("never", true, environment({})));
}

}  // namespace
