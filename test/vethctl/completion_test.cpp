#include "plugin/vethctl/completion.hpp"

#include "plugin/vethctl/commands.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using vethctl::NameKind;
using Words = std::vector<std::string>;

const std::vector<vethctl::Command> known_commands{
    {.name = "look",
     .operands = "END [NETNS] | ATTACHMENT",
     .options = {{.name = "far"},
                 {.name = "colour", .value = "NAME", .choices = {"red", "blue"}},
                 {.name = "peer-ifname", .value = "NAME"},
                 {.name = "at", .value = "FILE"}}},
    {.name = "go", .operands = "up NETWORK | down FILE...", .first_operands = {"up", "down"}}};

Words names_on_node(NameKind kind) {
  switch (kind) {
    case NameKind::network:
      return {"net"};
    case NameKind::netns:
      return {"ns1"};
    case NameKind::attachment:
      return {"pod/eth0", "pod"};
    case NameKind::end:
      return {"host", "bridge:br0"};
    case NameKind::interface:
      return {"eth0"};
    case NameKind::configuration:
      return {"/etc/cni/net.d/10-a.conflist"};
  }
  return {};
}

struct CompletionCase {
  Words words;
  Words found;
};

TEST(Completion, FollowsTheTableOfCommands) {
  for (const auto& [words, found] : {
           CompletionCase{{}, {"go", "help", "look"}},
           CompletionCase{{"l"}, {"look"}},
           CompletionCase{{"--"}, {"--help", "--version"}},
           CompletionCase{{"help", "g"}, {"go"}},
           CompletionCase{{"look", "--"}, {"--at", "--colour", "--far", "--help", "--peer-ifname"}},
           CompletionCase{{"look", "--far", "--f"}, {}},
           CompletionCase{{"look", "--colour", ""}, {"blue", "red"}},
           CompletionCase{{"look", "--colour", "r"}, {"red"}},
           CompletionCase{{"look", "--colour=b"}, {"--colour=blue"}},
           CompletionCase{{"look", "--far=b"}, {}},
           CompletionCase{{"look", "--at", ""}, {}},
           CompletionCase{{"go", ""}, {"down", "up"}},
           CompletionCase{{"nonsense", ""}, {}},
       }) {
    EXPECT_EQ(vethctl::completions(known_commands, words, names_on_node), found) << testing::PrintToString(words);
  }
}

TEST(Completion, OffersTheNamesThatTheSynopsisAsksFor) {
  for (const auto& [words, found] : {
           CompletionCase{{"look", ""}, {"bridge:br0", "host", "pod", "pod/eth0"}},
           CompletionCase{{"look", "bridge:"}, {"bridge:br0"}},
           CompletionCase{{"look", "host", ""}, {"ns1"}},
           CompletionCase{{"look", "--far", "host", "--at", "x", ""}, {"ns1"}},
           CompletionCase{{"look", "host", "ns1", ""}, {}},
           CompletionCase{{"look", "--peer-ifname", ""}, {"eth0"}},
           CompletionCase{{"look", "--", "--f", ""}, {"ns1"}},
           CompletionCase{{"go", "up", ""}, {"net"}},
           CompletionCase{{"go", "up", "net", ""}, {}},
           CompletionCase{{"go", "down", "x", "y", ""}, {"/etc/cni/net.d/10-a.conflist"}},
       }) {
    EXPECT_EQ(vethctl::completions(known_commands, words, names_on_node), found) << testing::PrintToString(words);
  }
}

/// A new command needs no change of the completion.
TEST(Completion, KnowsEachCommandAndOption) {
  const auto all = vethctl::commands();
  for (const auto& command : all) {
    EXPECT_EQ(vethctl::completions(all, {command.name}, names_on_node).front(), command.name);
    for (const auto& option : command.options) {
      const auto found = vethctl::completions(all, {command.name, "--" + option.name}, names_on_node);
      EXPECT_FALSE(found.empty()) << command.name << " --" << option.name;
    }
  }
}

TEST(Completion, HasAScriptForEachShell) {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    EXPECT_NE(vethctl::completion_script(shell).find(std::string{shell} + " completion of vethctl"), std::string::npos);
  }
}

}  // namespace
