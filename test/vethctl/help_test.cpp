#include "plugin/vethctl/help.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Help, FoldsParagraphsAtTheWidthThatThereIs) {
  const vethctl::Command command{.name = "look",
                                 .description = "One two three\nfour.\n\nFive.",
                                 .options = {{.name = "at", .help = "where to look"}}};
  EXPECT_EQ(vethctl::help(command, 9),
            "usage: vethctl look [OPTION...]\n\nOne two\nthree\nfour.\n\nFive.\n\n  --at  where to look\n");
  EXPECT_TRUE(vethctl::help(command, 24).ends_with("\n  --at  where to look\n"));
  EXPECT_NE(vethctl::help(command, 80).find("\nOne two three four.\n"), std::string::npos);
}

TEST(Help, FoldsWhatIsSaidOfAnOptionInItsOwnColumn) {
  const vethctl::Command command{.name = "look", .options = {{.name = "at", .help = "one two three four five six"}}};
  EXPECT_TRUE(vethctl::help(command, 30).ends_with("\n  --at  one two three four\n        five six\n"))
      << vethctl::help(command, 30);
}

}  // namespace
