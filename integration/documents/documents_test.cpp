// The documents are correct: links and named files exist, and commands, options, configurations, error codes, the
// ruleset and the pictures are those of the current version.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/markdown.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/open_vswitch.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

const std::filesystem::path repository = VETH_SOURCE_DIR;

/// Paths in the repository.
const std::vector<std::string> documents{"README.md",
                                         "conf/README.md",
                                         "plugin/README.md",
                                         "plugin/cluster/README.md",
                                         "plugin/kernel/README.md",
                                         "integration/README.md",
                                         "integration/cluster/README.md",
                                         "integration/dropin/conflists/README.md",
                                         "integration/faults/README.md",
                                         "integration/kubernetes/README.md",
                                         "integration/peers/README.md",
                                         "integration/runtimes/README.md",
                                         "integration/benchmark/README.md"};

std::string document(const std::string& path) { return read_text(repository / path); }

std::string manual_page(const std::string& name) {
  auto page = document("conf/" + name);
  for (auto dash = page.find("\\-"); dash != std::string::npos; dash = page.find("\\-")) page.erase(dash, 1);
  return page;
}

bool has(const auto& values, const auto& value) { return std::ranges::find(values, value) != values.end(); }

TEST(Documents, AreAllTested) {
  const auto listed = run({.argv = {"find", repository, "-name", "README.md", "-not", "-path", "*/build/*"}}).out;
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(listed, '\n')), documents.size()) << listed;
}

TEST(Documents, BeginWithAReadmeOfOnePage) {
  const auto readme = document("README.md");
  ASSERT_GT(readme.size(), 2000U);
  EXPECT_LE(std::ranges::count(readme, '\n'), 200);
}

void expect_target(const std::string& path, const std::string& target) {
  const auto anchor = target.find('#');
  const auto file = target.substr(0, anchor);
  const auto linked = file.empty() ? repository / path : repository / std::filesystem::path{path}.parent_path() / file;
  EXPECT_TRUE(exists(linked)) << path << " links to " << target;
  if (anchor == std::string::npos) return;
  EXPECT_TRUE(has(heading_anchors(read_text(linked)), target.substr(anchor + 1))) << path << " links to " << target;
}

TEST(Documents, LinkToFilesAndHeadingsThatExist) {
  std::size_t count = 0;
  for (const auto& path : documents) {
    for (const auto& target : link_targets(document(path))) {
      expect_target(path, target);
      ++count;
    }
  }
  EXPECT_GT(count, 40U);
}

/// Checks the words after "vethctl", such as "check --output json": the help of the command describes each option.
void expect_vethctl_command(const std::string& words, const std::string& where) {
  const auto name = words.substr(0, words.find_first_of(" \n"));
  const auto help = vethctl({"help", name});
  EXPECT_EQ(help.exit, 0) << where << ": vethctl " << words;
  for (const auto& option : matches(words, "(--[a-z-]+)")) {
    const bool is_known = option == "--help" || help.out.find(option) != std::string::npos;
    EXPECT_TRUE(is_known) << where << ": vethctl " << words;
  }
}

TEST(Documents, NameCommandsAndOptionsOfVethctlThatExist) {
  for (const auto& path : documents) {
    for (const auto& part : code(document(path))) {
      for (const auto& words : matches(part, "vethctl ([a-z]+[^|;&\n]*)")) expect_vethctl_command(words, path);
    }
  }
  for (const char* name : {"veth-cni.5", "veth-cni.7"}) {
    for (const auto& words : matches(manual_page(name), "\n\\.BR? \"?vethctl ([a-z]+)")) {
      expect_vethctl_command(words, name);
    }
  }
}

/// Checks all paths below the folders of scripts, tests and examples that a document names.
TEST(Documents, NameScriptsThatExist) {
  for (const auto& path : documents) {
    for (const auto& part : code(document(path))) {
      for (const auto& named : matches(part, "(?:^|[ (])(?:\\./)?((?:integration|test|\\.ci|conf)/[A-Za-z0-9_./-]+)")) {
        EXPECT_TRUE(exists(repository / named)) << path << " names " << named;
      }
    }
  }
}

void expect_valid(const json& configuration, const std::string& where) {
  const auto outcome = vethctl({"validate", "-"}, configuration.dump());
  EXPECT_EQ(outcome.exit, 0) << where << ": " << outcome.out << outcome.err;
}

TEST(Documents, ShowConfigurationsThatAreValid) {
  std::size_t count = 0;
  for (const auto& path : documents) {
    for (const auto& block : code_blocks(document(path))) {
      if (block.language != "json") continue;
      expect_valid(json::parse(block.text), path);
      ++count;
    }
  }
  EXPECT_GE(count, 1U);
  for (const auto& example : matches(manual_page("veth-cni.5"), "\\.EX\n([^]*?)\\.EE")) {
    EXPECT_EQ(json::parse(example), json::parse(document("conf/10-veth-ptp.conflist")));
  }
}

TEST(Documents, ShowTheConfigurationThatTheyName) {
  const auto blocks = code_blocks(document("README.md"));
  const auto shown = std::ranges::find(blocks, "json", &CodeBlock::language);
  ASSERT_NE(shown, blocks.end());
  EXPECT_EQ(shown->text, document("conf/10-veth-ptp.conflist"));
}

/// Each block is run unchanged by a shell that stops at the first error. Each document begins without namespaces.
TEST(Documents, ShowCommandsThatWork) {
  const std::string path = "PATH=" + executables() + ":/usr/sbin:/usr/bin:/sbin:/bin";
  std::size_t count = 0;
  for (const auto& name : documents) {
    for (const auto& block : code_blocks(document(name))) {
      if (block.language != "sh") continue;
      const auto outcome = run({.argv = {"bash", "-euc", block.text}, .environment = {path}});
      EXPECT_EQ(outcome.exit, 0) << block.text << outcome.out << outcome.err;
      ++count;
    }
    EXPECT_EQ(run({.argv = {"ip", "-all", "netns", "delete"}}).exit, 0);
  }
  EXPECT_GE(count, 8U);
}

std::set<std::string> as_set(const std::vector<std::string>& values) { return {values.begin(), values.end()}; }

TEST(Documents, DescribeEveryErrorCode) {
  const auto page = manual_page("veth-cni.7");
  const auto begin = page.find(".SH \"ERROR CODES\"");
  const auto section = page.substr(begin, page.find("\n.SH", begin) - begin);
  const auto described = matches(section, "\\.TP\n\\.B ([0-9]+)\n");
  ASSERT_GT(described.size(), 10U);
  EXPECT_EQ(as_set(described), as_set(matches(document("plugin/cni/error.hpp"), "\n  [a-z_]+ = ([0-9]+),")));
}

std::string without_comment(const std::string& line) {
  const auto text = line.substr(0, line.find(" #"));
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

TEST(Documents, ShowTheRulesetAsNftPrintsIt) {
  const Container container{"pod1"};
  const json mapping{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}};
  const json ipam{{"type", "veth-ipam"}, {"subnet", "10.1.2.0/24"}};
  const json config{{"cniVersion", "1.0.0"}, {"name", "net"}, {"type", "veth"},
                    {"ipMasq", true},        {"ipam", ipam},  {"runtimeConfig", {{"portMappings", {mapping}}}}};
  ASSERT_EQ(add(container, config).exit, 0);
  const auto printed = nft({"list", "table", "inet", "veth_cni"});
  const auto blocks = code_blocks(document("plugin/kernel/README.md"));
  const auto shown = std::ranges::find(blocks, "nft", &CodeBlock::language);
  ASSERT_NE(shown, blocks.end());
  std::istringstream lines{shown->text};
  for (std::string line; std::getline(lines, line);) {
    EXPECT_NE(printed.find(without_comment(line)), std::string::npos) << line << '\n' << printed;
  }
}

TEST(Documents, ShowTheLayersOfTheBuild) {
  if (run({.argv = {"sh", "-c", "command -v python3"}}).exit != 0) GTEST_SKIP() << "NOT RUN: python3 is missing";
  EXPECT_EQ(run({.argv = {"python3", "-B", repository / "plugin/layers.py", "--check"}}), Outcome{});
}

TEST(Documents, ShowTheModesAsVethctlDrawsThem) {
  const std::filesystem::path drawn = "/run/test/modes";
  create_directories(drawn);
  const auto outcome =
      run({.argv = {repository / "integration/draw-modes", drawn}, .environment = {"VETH_BIN_DIR=" + executables()}});
  ASSERT_EQ(outcome.exit, 0) << outcome.err;
  for (const char* mode : {"ptp.svg", "bridge.svg", "netns.svg", "ovs.svg"}) {
    if (OpenVswitch::obstacle() && mode == std::string{"ovs.svg"}) continue;
    EXPECT_EQ(read_text(drawn / mode), document(std::string{"conf/modes/"} + mode)) << "run integration/draw-modes";
  }
}

/// The name of each integration test, as "Suite.Name".
std::vector<std::string> names_of_tests() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{repository / "integration"}) {
    if (!entry.path().string().ends_with("_test.cpp")) continue;
    for (auto name : matches(read_text(entry.path()), R"(TEST(?:_F|_P)?\(([A-Za-z]+, +[A-Za-z]+)\))")) {
      names.push_back(name.replace(name.find(','), name.find_last_of(' ') + 1 - name.find(','), "."));
    }
  }
  return names;
}

TEST(Documents, NameTestsThatExist) {
  const auto names = names_of_tests();
  ASSERT_GT(names.size(), 100U);
  for (const auto& path : documents) {
    for (const auto& part : code(document(path))) {
      for (auto expression : matches(part, "ctest [^`\n]*-R '?([A-Za-z|\\\\]+)")) {
        std::erase(expression, '\\');  // '|' in a table
        const auto is_named = [&](const std::string& name) { return !matches(name, "(" + expression + ")").empty(); };
        EXPECT_TRUE(std::ranges::any_of(names, is_named)) << path << " names " << expression;
      }
    }
  }
}

}  // namespace
