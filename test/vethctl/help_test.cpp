#include "plugin/vethctl/help.hpp"

#include "plugin/vethctl/commands.hpp"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

namespace {

TEST(Help, WrapsParagraphsAtTheGivenWidth) {
  const vethctl::Command command{.name = "look",
                                 .summary = "look around",
                                 .description = "One two three\nfour.\n\nFive.",
                                 .options = {{.name = "at", .help = "where to look"}},
                                 .examples = {"vethctl look --at"}};
  EXPECT_EQ(vethctl::help(command, 9),
            "vethctl look: look around\n\nusage: vethctl look [OPTION...]\n\nOne two\nthree\nfour.\n\nFive.\n\n"
            "options:\n  --at  where to look\n\nexamples:\n  vethctl look --at\n");
  EXPECT_NE(vethctl::help(command, 24).find("\n  --at  where to look\n"), std::string::npos);
  EXPECT_NE(vethctl::help(command, 80).find("\nOne two three four.\n"), std::string::npos);
}

TEST(Help, WrapsTheHelpOfAnOptionInItsColumn) {
  const vethctl::Command command{.name = "look", .options = {{.name = "at", .help = "one two three four five six"}}};
  EXPECT_TRUE(vethctl::help(command, 30).ends_with("\n  --at  one two three four\n        five six\n"))
      << vethctl::help(command, 30);
}

/// The words of a shell command up to a pipe or a redirection.
std::vector<std::string> words_of(const std::string& example) {
  std::istringstream stream{example};
  std::vector<std::string> words;
  for (std::string word; stream >> word && word != "|" && word != ">";) words.push_back(word);
  return words;
}

TEST(Commands, HaveExamplesThatCanBeParsed) {
  for (const auto& command : vethctl::commands()) {
    EXPECT_FALSE(command.examples.empty()) << command.name;
    for (const auto& example : command.examples) {
      const auto words = words_of(example);
      ASSERT_GE(words.size(), 2U) << example;
      EXPECT_EQ(words[0] + ' ' + words[1], "vethctl " + command.name) << example;
      EXPECT_NO_THROW(vethctl::parse(command, {words.begin() + 2, words.end()})) << example;
    }
  }
}

TEST(Commands, HaveASummaryThatFitsIntoOneLine) {
  constexpr std::size_t columns = 80;
  constexpr std::size_t indent = 14;  // of the longest name in vethctl --help
  for (const auto& command : vethctl::commands()) EXPECT_LE(indent + command.summary.size(), columns) << command.name;
}

TEST(Commands, AcceptJsonAndYaml) {
  for (const auto& command : vethctl::commands()) {
    const auto output = std::ranges::find(command.options, "output", &vethctl::Option::name);
    ASSERT_NE(output, command.options.end()) << command.name;
    EXPECT_EQ(output->letter, 'o') << command.name;
    for (const char* format : {"json", "yaml"}) {
      EXPECT_NE(std::ranges::find(output->choices, format), output->choices.end()) << command.name;
    }
  }
}

TEST(Help, ContainsShortAndOptionalForms) {
  vethctl::Command command;
  command.name = "look";
  command.alias = "l";
  command.options = {{.name = "every", .value = "SECONDS", .help = "again", .letter = 'e', .is_value_optional = true}};
  const auto text = vethctl::help(command, 80);
  EXPECT_NE(text.find("\nshort form: vethctl l\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  -e, --every [SECONDS]  again\n"), std::string::npos) << text;
}

TEST(Commands, AcceptTheOptionsOfConnectInDisconnect) {
  const auto known = vethctl::disconnect_command().options;
  for (const auto& option : vethctl::connect_command().options) {
    const auto found = std::ranges::find(known, option.name, &vethctl::Option::name);
    ASSERT_NE(found, known.end()) << option.name;
    EXPECT_EQ(found->value, option.value) << option.name;
  }
}

}  // namespace
