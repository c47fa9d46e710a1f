#include "plugin/vethctl/json_syntax.hpp"

#include <nlohmann/json.hpp>

#include <string>

#include <gtest/gtest.h>

namespace {

std::string syntax_fault_of(const std::string& text) {
  const auto fault = vethctl::find_syntax_fault(text);
  return fault ? to_string(*fault) : "";
}

struct SyntaxCase {
  std::string text;
  std::string fault;
};

TEST(JsonSyntax, NamesTheCauseAndTheChange) {
  for (const auto& [text, fault] :
       {SyntaxCase{"",
                   "1, column 1: the file is empty: it must contain a network configuration, which is a JSON object"},
        SyntaxCase{" \n ", "2, column 2: the file is empty"},
        SyntaxCase{"{\"a\": 1 // why\n}", "1, column 9: JSON has no comments: remove the comment"},
        SyntaxCase{"{\n  # why\n}", "2, column 3: JSON has no comments"},
        SyntaxCase{"/* why */ {}", "1, column 1: JSON has no comments"},
        SyntaxCase{"{\"a\": 1,\n}", "1, column 8: a comma before \"}\" is not allowed in JSON: remove it"},
        SyntaxCase{"{\"a\": [1, 2, ]}", "1, column 12: a comma before \"]\" is not allowed in JSON: remove it"},
        SyntaxCase{"{'a': 1}", "1, column 2: JSON has only double quotes: replace '...' by \"...\""},
        SyntaxCase{"{\"a\": 'b'}", "1, column 7: JSON has only double quotes"},
        SyntaxCase{"{\"\u00e4\": \u201cb\u201d}", "1, column 7: typographic quotation marks: replace them by \""},
        SyntaxCase{"{name: 1}", "1, column 2: a key needs double quotes: write \"name\""},
        SyntaxCase{"{\"a\": veth}", "1, column 7: text needs double quotes: write \"veth\""},
        SyntaxCase{"{\"a\": True}", "1, column 7: JSON does not have True: write true"},
        SyntaxCase{"{\"a\": None}", "1, column 7: JSON does not have None: write null"},
        SyntaxCase{"{\"a\": 10.1.2.0/24}",
                   "1, column 7: this is not a JSON number; if it is text, write \"10.1.2.0/24\""},
        SyntaxCase{"{\"a\": 0x10}", "1, column 7: this is not a JSON number"},
        SyntaxCase{"{\"a\": 010}", "1, column 7: this is not a JSON number"},
        SyntaxCase{"{\"a\": 1 \"b\": 2}", "1, column 9: a comma is missing before this"},
        SyntaxCase{"{\"a\": 1,, \"b\": 2}", "1, column 9: two commas: remove one"},
        SyntaxCase{"{\"a\" 1}", "1, column 6: a colon is missing after the key"},
        SyntaxCase{"{\"a\" = 1}", "1, column 6: replace \"=\" by \":\""},
        SyntaxCase{"{\"a\": }", "1, column 7: a value is missing before this"},
        SyntaxCase{"{\"a\": [1}", "1, column 9: this closes the bracket of line 1, column 7: replace it by \"]\""},
        SyntaxCase{"{\n \"a\": {",
                   "2, column 8: the text ends here, but the bracket of line 2, column 7 is not closed: add"},
        SyntaxCase{"{\"a", "1, column 2: the closing double quote of this text is missing in its line"},
        SyntaxCase{"{\"a\": \"C:\\dir\"}",
                   "1, column 10: JSON does not have the escape \"\\d\": write \\\\ for a backslash"},
        SyntaxCase{"{}\n{}", "2, column 1: a second document begins here: each file has one configuration"},
        SyntaxCase{"{}}", "1, column 3: this bracket closes nothing: remove it"},
        SyntaxCase{"{} x", "1, column 4: text after the end of the configuration: remove it"}}) {
    EXPECT_EQ(syntax_fault_of(text).find("line " + fault), 0U) << text << '\n' << syntax_fault_of(text);
  }
}

TEST(JsonSyntax, RecognizesYaml) {
  for (const auto& text : {"cniVersion: 1.0.0\nname: net\n", "---\ncniVersion: 1.0.0\n", "# my network\n\nname: net",
                           "plugins:\n- type: veth", "- type: veth"}) {
    EXPECT_NE(syntax_fault_of(text).find("column 1: this is YAML, and runtimes read only JSON"), std::string::npos)
        << text;
  }
}

TEST(JsonSyntax, HasNoFaultInJson) {
  for (const auto& text : {"{}", "[]", " {\"a\": [1, -2.5e+3, 0, true, false, null, \"\\u00e4\\\"\"], \"b\": {}}\n",
                           "7", "\"x\"", "{\"a\":{\"b\":[[],[{}]]}}"}) {
    ASSERT_TRUE(nlohmann::json::accept(text)) << text;
    EXPECT_EQ(syntax_fault_of(text), "") << text;
  }
}

/// Each beginning, and each text without one character, of a valid configuration: what the parser accepts has no fault,
/// and what it refuses has one.
TEST(JsonSyntax, AgreesWithTheParser) {
  const std::string whole =
      R"({"cniVersion": "1.0.0", "plugins": [{"type": "veth", "mtu": 1400, "x": [true, null, -1.5e3, "\n"]}]})";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    auto shorter = whole;
    shorter.erase(i, 1);
    for (const auto& text : {whole.substr(0, i), shorter}) {
      EXPECT_EQ(syntax_fault_of(text).empty(), nlohmann::json::accept(text)) << text << '\n' << syntax_fault_of(text);
    }
  }
}

TEST(JsonSyntax, AcceptsDeepNesting) {
  EXPECT_EQ(syntax_fault_of(std::string(1'000'000, '[')).find("line 1, column "), 0U);
}

}  // namespace
