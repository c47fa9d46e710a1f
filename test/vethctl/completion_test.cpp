#include "plugin/vethctl/completion.hpp"

#include <gtest/gtest.h>

namespace {

const std::vector<vethctl::Command> commands{
    {.name = "look",
     .options = {{.name = "far"},
                 {.name = "colour", .value = "NAME", .choices = {"red", "blue"}},
                 {.name = "at", .value = "FILE"}}},
    {.name = "go", .first_operands = {"up", "down"}}};

void expect_line(const std::string& line) {
  const auto script = vethctl::bash_completion(commands);
  EXPECT_NE(script.find(line + '\n'), std::string::npos) << line << " is missing in\n" << script;
}

TEST(BashCompletion, OffersCommandsOptionsAndValues) {
  for (const char* line : {"        COMPREPLY=($(compgen -W 'help look go --help --version' -- \"$current\"))",
                           "        look:--colour) words='red blue' ;;", "        look:--at) return ;;",
                           "        look) words='--help --far --colour --at' ;;", "        go) words='--help' ;;",
                           "        go) words='up down' ;;", "complete -o default -F _vethctl vethctl"}) {
    expect_line(line);
  }
}

}  // namespace
