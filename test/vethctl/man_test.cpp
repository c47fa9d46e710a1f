#include "plugin/vethctl/man.hpp"

#include <gtest/gtest.h>

namespace {

std::string page_of(const vethctl::Command& command) { return vethctl::manual_page({command}); }

void expect_part(const std::string& page, const std::string& part) {
  EXPECT_NE(page.find(part), std::string::npos) << part << " is missing in\n" << page;
}

TEST(ManualPage, DescribesEachCommandByItsTable) {
  const auto page = page_of(
      {.name = "look",
       .operands = "[END]",
       .summary = "look at it",
       .description = "First.\n\nSecond.",
       .options = {{.name = "dry-run", .help = "only tell"}, {.name = "at", .value = "FILE", .help = "where"}}});
  expect_part(page, ".TP\n\\fBlook\\fR\nlook at it\n");
  expect_part(page, ".SS look\n\\fBvethctl look\\fR [\\fIOPTION\\fR...] [END]\n.PP\nFirst.\n.PP\nSecond.\n");
  expect_part(page, ".TP\n\\fB\\-\\-dry\\-run\\fR\nonly tell\n.TP\n\\fB\\-\\-at\\fR \\fIFILE\\fR\nwhere\n.SH");
}

TEST(ManualPage, PrintsEveryCharacterAsItIs) {
  expect_part(page_of({.name = "a", .description = ".hidden\n'too\nC:\\n"}), ".PP\n\\&.hidden\n\\&'too\nC:\\en\n");
}

}  // namespace
