#include "plugin/vethctl/man.hpp"

#include <gtest/gtest.h>

namespace {

std::string page_of(const vethctl::Command& command) { return vethctl::manual_page({command}); }

void expect_part(const std::string& page, const std::string& part) {
  EXPECT_NE(page.find(part), std::string::npos) << part << " is missing in\n" << page;
}

TEST(ManualPage, HasSummarySynopsisDescriptionOptionsAndExamplesOfACommand) {
  const auto page =
      page_of({.name = "look",
               .operands = "[END]",
               .summary = "look at it",
               .description = "First.\n\nSecond.",
               .options = {{.name = "dry-run", .help = "only print"}, {.name = "at", .value = "FILE", .help = "where"}},
               .examples = {"vethctl look --dry-run"}});
  expect_part(page, ".TP\n\\fBlook\\fR\nlook at it\n");
  expect_part(page, ".SS look\n\\fBvethctl look\\fR [\\fIOPTION\\fR...] [END]\n.PP\nFirst.\n.PP\nSecond.\n");
  expect_part(page, ".TP\n\\fB\\-\\-dry\\-run\\fR\nonly print\n.TP\n\\fB\\-\\-at\\fR \\fIFILE\\fR\nwhere\n.PP\n");
  expect_part(page, ".PP\nExamples:\n.br\n\\fBvethctl look \\-\\-dry\\-run\\fR\n.SH");
}

TEST(ManualPage, EscapesCharactersOfRoff) {
  expect_part(page_of({.name = "a", .description = ".hidden\n'too\nC:\\n"}), ".PP\n\\&.hidden\n\\&'too\nC:\\en\n");
}

}  // namespace
