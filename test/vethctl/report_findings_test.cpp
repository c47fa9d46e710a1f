#include "plugin/vethctl/report/findings.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace {

using inspect::Finding;
using inspect::Severity;

TEST(Findings, PrintProblemLocationAndRemedy) {
  const std::vector<Finding> all{{Severity::fault, "route is missing", {"net/a/eth0", "net/b/eth0"}, "vethctl repair"},
                                 {Severity::warning, "forwarding is off", {}, "switch it on"}};
  EXPECT_EQ(report::findings(all, {.count = 2}),
            "fault: route is missing\n"
            "    where: net/a/eth0, net/b/eth0\n"
            "    to do: vethctl repair\n"
            "warning: forwarding is off\n"
            "    to do: switch it on\n"
            "1 fault, 1 warning: 2 attachments checked\n");
}

TEST(Findings, ReportThatThereAreNoProblems) {
  EXPECT_EQ(report::findings({}, {.count = 1}), "no problems: 1 attachment checked\n");
}

TEST(Findings, PrintTheFirstFiveLocations) {
  const std::vector<Finding> all{{Severity::note, "x", {"1", "2", "3", "4", "5", "6", "7"}, "y"}};
  EXPECT_EQ(report::findings(all, {.count = 7}),
            "note: x\n    where: 1, 2, 3, 4, 5 and 2 more\n    to do: y\n1 note: 7 attachments checked\n");
}

TEST(Findings, ReplaceControlCharacters) {
  EXPECT_EQ(report::findings({{Severity::note, "\x1b[31m", {}, ""}}, {}).find('\x1b'), std::string::npos);
}

const Finding interface_down{Severity::fault,
                             "eth0 is down",
                             {"net/a/eth0"},
                             "vethctl repair",
                             {{Severity::fault, "route 1", {"net/a/eth0"}, "vethctl repair"},
                              {Severity::fault, "route 2", {"net/a/eth0", "net/b/eth0"}, "vethctl repair"}}};

TEST(Findings, CountConsequencesUnlessAllAreWanted) {
  EXPECT_EQ(report::findings({interface_down}, {.count = 1}),
            "fault: eth0 is down\n    where: net/a/eth0\n    to do: vethctl repair\n"
            "    and 3 consequences (--all lists them)\n1 fault: 1 attachment checked\n");
  EXPECT_EQ(report::findings({interface_down}, {.count = 1, .shows_all = true}),
            "fault: eth0 is down\n    where: net/a/eth0\n    to do: vethctl repair\n"
            "    consequence: route 1\n    consequence: route 2\n        where: net/a/eth0, net/b/eth0\n"
            "1 fault: 1 attachment checked\n");
}

TEST(Findings, EndWithWhatWasNotExamined) {
  EXPECT_EQ(report::findings({}, {.not_examined = {"eBPF programs", "other hosts"}}),
            "no problems: 0 attachments checked\nnot looked at: eBPF programs, other hosts\n");
}

TEST(Findings, ArePrintedAsJson) {
  const auto output = nlohmann::json::parse(report::json({{Severity::fault, "x", {"1", "2"}, "y"}}));
  EXPECT_EQ(output, (nlohmann::json{{{"severity", "fault"},
                                     {"what", "x"},
                                     {"where", {"1", "2"}},
                                     {"remedy", "y"},
                                     {"consequences", nlohmann::json::array()}}}));
  EXPECT_EQ(nlohmann::json::parse(report::json({interface_down})).at(0).at("consequences").at(1).at("what"), "route 2");
  EXPECT_EQ(report::json(std::vector<Finding>{}), "[]\n");
}

}  // namespace
