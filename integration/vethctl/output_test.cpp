// vethctl --output, errors in JSON and YAML, aliases and colours.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

TEST(VethctlJson, IsOneDocumentForEachCommandThatChangesNothing) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"list"},
                                                                 {"graph"},
                                                                 {"check"},
                                                                 {"repair", "--dry-run"},
                                                                 {"leases", "list"},
                                                                 {"gc", "--dry-run"},
                                                                 {"clean"},
                                                                 {"metrics"},
                                                                 {"completion", "bash"},
                                                                 {"man"},
                                                                 {"version"},
                                                                 {"uninstall"},
                                                                 {"help", "list"},
                                                                 {"list", "--help"}}) {
    auto call = words;
    call.insert(call.end(), {"--output", "json"});
    const auto outcome = vethctl(call);
    EXPECT_EQ(outcome.exit, 0) << words.front() << outcome.out << outcome.err;
    EXPECT_FALSE(json::parse(outcome.out, nullptr, false).is_discarded()) << words.front() << '\n' << outcome.out;
    EXPECT_EQ(outcome.err, "") << words.front();
  }
}

/// The command line and its exit status.
struct Failure {
  std::vector<std::string> words;
  int exit;
  int code;
};

TEST(VethctlJson, IsTheFormatOfErrors) {
  for (const auto& [words, exit, code] : std::vector<Failure>{{{"show", "unknown"}, 1, 4},
                                                              {{"list", "unknown"}, 1, 4},
                                                              {{"disconnect", "unknown"}, 1, 7},
                                                              {{"connect", "unknown", "host"}, 1, 8},
                                                              {{"leases", "release", "net", "10.1.2.3"}, 1, 4},
                                                              {{"import", "host-local", "/run/test/none"}, 1, 100},
                                                              {{"install", "--from", "/run/test"}, 1, 100},
                                                              {{"events", "--conf-dir", "/run/test"}, 1, 7},
                                                              {{"list", "--nonsense"}, 2, 4},
                                                              {{"show"}, 2, 4},
                                                              {{"nonsense"}, 2, 4}}) {
    auto call = words;
    call.insert(call.end(), {"-o", "json"});
    const auto outcome = vethctl(call);
    EXPECT_EQ(outcome.exit, exit) << words.front();
    EXPECT_EQ(outcome.err, "") << words.front();
    const auto error = json::parse(outcome.out, nullptr, false);
    ASSERT_TRUE(error.is_object()) << words.front() << '\n' << outcome.out;
    EXPECT_EQ(error.value("cniVersion", ""), "1.1.0") << outcome.out;
    EXPECT_EQ(error.value("code", 0), code) << outcome.out;
    EXPECT_NE(error.value("msg", ""), "") << outcome.out;
    EXPECT_EQ(vethctl(words).exit, exit) << words.front();
  }
}

TEST(VethctlYaml, IsTheFormatOfResultsAndErrors) {
  EXPECT_EQ(vethctl({"list", "-o", "yaml"}).out, "[]\n");
  EXPECT_EQ(vethctl({"clean", "-o", "yaml"}).out, "removed: false\n");
  const auto outcome = vethctl({"show", "unknown", "-o", "yaml"});
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_EQ(outcome.out,
            "cniVersion: \"1.1.0\"\ncode: 4\nmsg: \"there is no attachment \\\"unknown\\\"\"\ndetails: the node has no "
            "attachments\n");
}

TEST(VethctlAliases, AreTheSameCommands) {
  EXPECT_EQ(vethctl({"ls"}).out, vethctl({"list"}).out);
  EXPECT_EQ(vethctl({"rm", "--help"}).out, vethctl({"disconnect", "--help"}).out);
  EXPECT_EQ(vethctl({"-V"}).out, vethctl({"version"}).out);
  EXPECT_EQ(vethctl({"--version"}).out, vethctl({"version"}).out);
}

}  // namespace
