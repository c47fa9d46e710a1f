// Completion with the shells that are installed, for names that exist in the sandbox.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/snapshot.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

bool has_shell(const std::string& name) { return run({.argv = {"sh", "-c", "command -v " + name}}).exit == 0; }

Outcome completion_shell(const std::vector<std::string>& argv) {
  return run({.argv = argv, .environment = {"PATH=" + executables() + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/run"}});
}

std::string in_one_line(const std::string& lines) {
  std::istringstream words{lines};
  std::string text;
  for (std::string word; words >> word;) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// What bash offers for the line, with the words that bash makes of it (COMP_WORDBREAKS).
std::string bash_offers(const std::string& line, const std::string& words) {
  const auto script = "source <(vethctl completion bash); COMP_LINE='" + line +
                      "'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(" + words +
                      "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _vethctl; printf '%s\\n' \"${COMPREPLY[@]}\"";
  const auto outcome = completion_shell({"bash", "-euc", script});
  EXPECT_EQ(outcome.err, "") << line;
  return in_one_line(outcome.out);
}

class VethctlCompletion : public testing::Test {
 protected:
  Snapshot before = Snapshot::take();
  Namespace net0{"net0"};
  Namespace net1{"net1"};
};

struct OfferCase {
  std::string line;
  std::string words;
  std::string offered;
};

TEST_F(VethctlCompletion, OffersCommandsOptionsAndValuesInBash) {
  for (const auto& [line, words, offered] :
       {OfferCase{"vethctl vali", "vethctl vali", "validate"},
        OfferCase{"vethctl gc --d", "vethctl gc --d", "--dry-run"},
        OfferCase{"vethctl gc --output ", "vethctl gc --output ''", "json text yaml"},
        OfferCase{"vethctl gc --output=j", "vethctl gc --output = j", "json"},
        OfferCase{"vethctl gc --output=", "vethctl gc --output =", "json text yaml"},
        OfferCase{"vethctl leases ", "vethctl leases ''", "list release"},
        OfferCase{"vethctl import --results /x", "vethctl import --results /x", ""},
        OfferCase{"vethctl help vali", "vethctl help vali", "validate"},
        OfferCase{"vethctl nonsense --x", "vethctl nonsense --x", ""}}) {
    EXPECT_EQ(bash_offers(line, words), offered) << line;
  }
}

TEST_F(VethctlCompletion, OffersTheNamesOfTheNodeInBash) {
  ASSERT_EQ(vethctl({"connect", "net0", "bridge:br0"}).exit, 0);
  for (const auto& [line, words, offered] :
       {OfferCase{"vethctl connect net", "vethctl connect net", "net0 net0/eth0 net1"},
        OfferCase{"vethctl connect net1 bridge:", "vethctl connect net1 bridge :", "br0"},
        OfferCase{"vethctl connect net1 bridge:b", "vethctl connect net1 bridge : b", "br0"},
        OfferCase{"vethctl connect net1 br", "vethctl connect net1 br", "bridge:br0"},
        OfferCase{"vethctl show net0/", "vethctl show net0/", "net0/eth0"},
        OfferCase{"vethctl list vethctl/", "vethctl list vethctl/", "vethctl/net0/eth0"},
        OfferCase{"vethctl disconnect net0 --peer-ifname br", "vethctl disconnect net0 --peer-ifname br", "br0"}}) {
    EXPECT_EQ(bash_offers(line, words), offered) << line;
  }
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
  run_ip(Namespace::host(), {"link", "delete", "br0"});
  EXPECT_TRUE(unchanged_since(before));
}

/// Names that only root can read are left out without an error.
TEST_F(VethctlCompletion, IsSilentWithoutRights) {
  if (!has_shell("setpriv")) GTEST_SKIP() << "NOT RUN: setpriv is missing";
  ASSERT_EQ(vethctl({"connect", "net0", "net1"}).exit, 0);
  const auto outcome = completion_shell({"setpriv", "--bounding-set=-all", "--inh-caps=-all",
                                         executables() + "/vethctl", "completion", "words", "--", "connect", "net"});
  EXPECT_EQ(outcome.exit, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_NE(outcome.out.find("net1\n"), std::string::npos) << outcome.out;
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
}

TEST_F(VethctlCompletion, OffersTheSameInFish) {
  if (!has_shell("fish")) GTEST_SKIP() << "NOT RUN: fish is missing";
  const auto outcome = completion_shell(
      {"fish", "--no-config", "-c", "vethctl completion fish | source; complete --do-complete 'vethctl connect ne'"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(in_one_line(outcome.out), "net0 net1");
}

/// compadd is replaced, because the completion system needs a terminal.
TEST_F(VethctlCompletion, OffersTheSameInZsh) {
  if (!has_shell("zsh")) GTEST_SKIP() << "NOT RUN: zsh is missing";
  const auto outcome =
      completion_shell({"zsh", "-fc",
                        "compdef() { :; }; compadd() { shift; print -l -- \"$@\"; }; _files() { print files; }\n"
                        "source <(vethctl completion zsh)\n"
                        "words=(vethctl connect ne); CURRENT=3; PREFIX=ne; _vethctl\n"
                        "words=(vethctl install --from ''); CURRENT=4; PREFIX=; _vethctl"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(in_one_line(outcome.out), "net0 net1 files");
}

}  // namespace
