// The man pages lead to each other, and the commands and configurations of their sections EXAMPLES work.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/markdown.hpp"
#include "integration/support/snapshot.hpp"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

/// Without the escapes of roff.
std::string without_roff_escapes(std::string page) {
  for (auto dash = page.find("\\-"); dash != std::string::npos; dash = page.find("\\-")) page.erase(dash, 1);
  return page;
}

std::map<std::string, std::string> manual_pages() {
  return {{"vethctl(8)", without_roff_escapes(vethctl({"man"}).out)},
          {"veth-cni(5)", without_roff_escapes(read_text(VETH_SOURCE_DIR "/conf/veth-cni.5"))},
          {"veth-cni(7)", without_roff_escapes(read_text(VETH_SOURCE_DIR "/conf/veth-cni.7"))}};
}

std::string section_of(const std::string& page, const std::string& heading) {
  const auto begin = page.find(".SH " + heading + '\n');
  if (begin == std::string::npos) return {};
  return page.substr(begin, page.find("\n.SH", begin) - begin);
}

std::string run_example(const std::string& script, int& status) {
  const std::string path = "PATH=" + executables() + ":/usr/sbin:/usr/bin:/sbin:/bin";
  const auto outcome = run({.argv = {"bash", "-euc", script}, .environment = {path}});
  status = outcome.exit;
  return outcome.out + outcome.err;
}

TEST(ManualPageReferences, LeadToTheOtherPages) {
  const auto pages = manual_pages();
  for (const auto& [name, page] : pages) {
    const auto section = section_of(page, "\"SEE ALSO\"");
    for (const auto& [other, text] : pages) {
      if (other == name) continue;
      const auto reference = other.substr(0, other.find('(')) + ' ' + other.substr(other.find('('));
      EXPECT_NE(section.find(reference), std::string::npos) << name << " does not lead to " << other;
    }
  }
}

TEST(ManualPageExamples, AreValidConfigurationsOrCommandsThatWork) {
  for (const auto& [name, page] : manual_pages()) {
    const auto before = Snapshot::take();
    const auto blocks = matches(section_of(page, "EXAMPLES"), "\\.EX\n([^]*?)\\.EE");
    EXPECT_FALSE(blocks.empty()) << name << " has no examples";
    for (const auto& block : blocks) {
      if (block.starts_with('{')) {
        EXPECT_EQ(vethctl({"validate", "-"}, block).exit, 0) << block;
        continue;
      }
      int status = -1;
      const auto printed = run_example(block, status);
      EXPECT_EQ(status, 0) << name << '\n' << block << printed;
    }
    int ignored = 0;
    run_example("for netns in $(ip netns list | cut -d' ' -f1); do ip netns delete $netns; done; ip link delete br0",
                ignored);
    EXPECT_TRUE(unchanged_since(before)) << name;
  }
}

TEST(PluginHelp, LeadsToVethctlAndTheManualPages) {
  for (const auto* word : {"--help", "-h", "help"}) {
    const auto help = run({.argv = {executables() + "/veth", word}});
    EXPECT_EQ(help.exit, 0) << word;
    for (const auto* part :
         {"CNI veth plugin v", "vethctl --help", "man 8 vethctl", "man 5 veth-cni", "man 7 veth-cni"}) {
      EXPECT_NE(help.out.find(part), std::string::npos) << word << '\n' << help.out;
    }
  }
}

/// script(1) runs the plugin on a terminal of its own.
TEST(PluginHelp, IsPrintedOnATerminalOnly) {
  const auto piped = run({.argv = {executables() + "/veth"}});
  EXPECT_EQ(piped.err.find("vethctl"), std::string::npos) << piped.err;
  if (run({.argv = {"sh", "-c", "command -v script"}}).exit != 0) GTEST_SKIP() << "NOT RUN: script is missing";
  const auto typed = run({.argv = {"script", "-qec", executables() + "/veth", "/dev/null"}});
  EXPECT_EQ(typed.exit, 0);
  EXPECT_NE(typed.out.find("vethctl --help"), std::string::npos) << typed.out << typed.err;
}

/// The sandbox is a user namespace: the capabilities are dropped by setpriv(1).
TEST(Privileges, AreNamedWhereTheyAreMissing) {
  if (run({.argv = {"sh", "-c", "command -v setpriv"}}).exit != 0) GTEST_SKIP() << "NOT RUN: setpriv is missing";
  const Namespace net0{"net0"};
  const Namespace net1{"net1"};
  const auto refused =
      run({.argv = {"setpriv", "--bounding-set=-net_admin,-sys_admin", "--inh-caps=-net_admin,-sys_admin",
                    executables() + "/vethctl", "connect", "net0", "net1"}});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_NE(refused.err.find("the process lacks CAP_NET_ADMIN and CAP_SYS_ADMIN: run it with these capabilities"),
            std::string::npos)
      << refused.err;
}

/// The first call with a list instead of its entry, as in a first trial of the plugin by hand.
TEST(PluginInput, IsExplainedIfItIsAList) {
  const auto list = json::parse(read_text(VETH_SOURCE_DIR "/conf/10-veth-ptp.conflist"));
  const auto answer = add(Container{"a"}, list);
  EXPECT_EQ(code_of(answer), 7) << answer;
  EXPECT_NE(answer.out.find("the input is a list of plugins"), std::string::npos) << answer;
}

}  // namespace
