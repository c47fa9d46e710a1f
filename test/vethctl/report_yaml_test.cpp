#include "plugin/cni/error.hpp"
#include "plugin/vethctl/report/yaml.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

TEST(Yaml, WritesObjectsAndArraysInBlockStyle) {
  EXPECT_EQ(report::yaml(R"({"name":"web","ports":["8080:80/tcp"],"ends":[{"up":true,"mtu":1500},{"up":false}],
                             "none":[],"nothing":{},"nested":[["a","b"],[]]})"),
            "name: web\n"
            "ports:\n"
            "  - 8080:80/tcp\n"
            "ends:\n"
            "  - up: true\n"
            "    mtu: 1500\n"
            "  - up: false\n"
            "none: []\n"
            "nothing: {}\n"
            "nested:\n"
            "  - - a\n"
            "    - b\n"
            "  - []\n");
}

TEST(Yaml, QuotesTextsThatAReaderWouldTakeForAnotherType) {
  for (const std::string text : {"",           "true",   "No",   "ON",       "null",  "y",
                                 "12",         "1e5",    "0x1f", "10.1.2.3", "12:30", "02:00:00:00:00:01",
                                 "2026-01-02", "fe80::", "::1",  "-",        "- a",   "a: b",
                                 "#x",         "*x",     "&x",   "!x",       "[a]",   "{a}",
                                 "'a",         " a",     "a ",   "@a",       "%a",    "a\\nb"}) {
    const auto quoted = '"' + text + '"';
    EXPECT_EQ(report::yaml('[' + quoted + ']'), "- " + quoted + '\n');
  }
}

TEST(Yaml, DoesNotQuoteOtherTexts) {
  for (const std::string text : {"web", "10.1.2.3/24", "fd00::1", "veth-web", "/run/netns/web", "in flight", "yes!"}) {
    const auto line = report::yaml("[\"" + text + "\"]");
    EXPECT_EQ(line, text == "yes!" ? "- \"yes!\"\n" : "- " + text + '\n');
  }
}

TEST(Yaml, EscapesLineBreaksOfUnicode) { EXPECT_EQ(report::yaml("\"\u2028\u2029\""), "\"\\L\\P\"\n"); }

TEST(Yaml, WritesScalars) {
  EXPECT_EQ(report::yaml("[]"), "[]\n");
  EXPECT_EQ(report::yaml("[null, 1.5, 18446744073709551615]"), "- null\n- 1.5\n- 18446744073709551615\n");
  EXPECT_THROW(report::yaml("no json"), cni::Error);
}

}  // namespace
