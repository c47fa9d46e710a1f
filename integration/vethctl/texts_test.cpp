// Help and man pages: groff accepts them.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

std::string vethctl_path() { return executables() + "/vethctl"; }

TEST(VethctlHelp, IsPrintedByEachOptionAndCommand) {
  const auto help = vethctl({"list", "--help"}).out;
  ASSERT_TRUE(help.starts_with("vethctl list: ")) << help;
  EXPECT_EQ(vethctl({"list", "-h"}).out, help);
  EXPECT_EQ(vethctl({"help", "list"}).out, help);
  EXPECT_EQ(vethctl({"-h"}).out, vethctl({"--help"}).out);
  EXPECT_EQ(vethctl({"help", "nonsense"}).exit, 2);
}

TEST(VethctlNetwork, IsReportedWhereItIsUnknown) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"gc", "typo"}, {"repair", "typo"}, {"leases", "list", "typo"}}) {
    const auto outcome = vethctl(words);
    EXPECT_EQ(outcome.exit, 1) << words.front();
    EXPECT_NE(outcome.err.find("there is no network \"typo\""), std::string::npos) << outcome.err;
  }
  for (const auto* command : {"check", "list"}) {
    const auto outcome = vethctl({command, "typo"});
    EXPECT_EQ(outcome.exit, 1) << command;
    EXPECT_EQ(outcome.err, "vethctl: there is no attachment \"typo\"; the node has no attachments\n") << command;
  }
  EXPECT_EQ(vethctl({"check", "--conf-dir", "/run/test/no such folder"}).exit, 1);
}

TEST(VethctlOutput, ContainsNoControlCharacters) {
  const auto outcome = vethctl({"validate", "/run/\x1b[2J"});
  EXPECT_EQ((outcome.out + outcome.err).find('\x1b'), std::string::npos);
  EXPECT_NE(outcome.out.find("\ufffd[2J"), std::string::npos) << outcome.out;
}

bool has_groff() { return run({.argv = {"sh", "-c", "command -v groff"}}).exit == 0; }

TEST(ManualPages, HaveNoErrors) {
  if (!has_groff()) GTEST_SKIP() << "NOT RUN: groff is missing";
  for (const std::string& page :
       {run({.argv = {vethctl_path(), "man"}}).out, read_text(VETH_SOURCE_DIR "/conf/veth-cni.5"),
        read_text(VETH_SOURCE_DIR "/conf/veth-cni.7")}) {
    const auto outcome = run({.argv = {"groff", "-man", "-ww", "-z", "-Tascii"}, .input = page});
    EXPECT_EQ(outcome, Outcome{}) << page.substr(0, 40);
  }
}

}  // namespace
