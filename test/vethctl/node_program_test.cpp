#include "plugin/vethctl/node_program.hpp"

#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/report/findings.hpp"
#include "test/support/temporary_directory.hpp"
#include "test/vethctl/console.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace {

/// A folder with a configuration of veth-node, and a script as veth-node.
class NodeProgram : public testing::Test {
 protected:
  NodeProgram() { std::ofstream{config} << R"({"store": {"type": "etcd"}})"; }

  void install(const std::string& script) const {
    const auto path = directory.path() + "/veth-node";
    std::ofstream{path} << "#!/bin/sh\n" << script << '\n';
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  vethctl::Console console() {
    auto made = screen.console();
    made.node_config = config;
    made.node_programs = [this] { return std::vector<std::string>{directory.path()}; };
    return made;
  }

  std::vector<inspect::Finding> findings() {
    std::vector<inspect::Finding> found;
    add_findings_between_nodes(console(), found);
    return found;
  }

  std::string validated(const std::string& file) {
    const auto command = vethctl::validate_command();
    screen = {};
    status = command.run(vethctl::parse(command, {file}), console());
    return screen.printed;
  }

  test::TemporaryDirectory directory;
  std::string config = directory.path() + "/node.json";
  test::Screen screen;
  int status = 0;
};

const inspect::Finding node_is_down{
    .what = "nodes do not answer",
    .where = {"b at 192.0.2.2", "c"},
    .remedy = "start them",
    .consequences = {{.severity = inspect::Severity::note, .what = "x", .remedy = "y"}}};

TEST_F(NodeProgram, ItsFindingsAreThoseThatItPrints) {
  install("echo '" + report::json({node_is_down}) + "'; [ \"$*\" = 'check --output json --config " + config + "' ]");
  EXPECT_EQ(findings(), std::vector{node_is_down});
}

TEST_F(NodeProgram, IsNotRunWithoutAConfiguration) {
  install("echo '" + report::json({node_is_down}) + '\'');
  std::filesystem::remove(config);
  EXPECT_TRUE(findings().empty());
}

TEST_F(NodeProgram, ThatIsMissingOrFailsIsAWarning) {
  const auto reason = [this] {
    const auto found = findings();
    EXPECT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().severity, inspect::Severity::warning);
    EXPECT_EQ(found.front().where, std::vector{config});
    return found.front().what;
  };
  EXPECT_EQ(reason(),
            "this node belongs to a cluster, but veth-node is not installed: its connection to the other nodes was not "
            "checked");
  install("exit 3");
  EXPECT_NE(reason().find("check\" failed with status 3"), std::string::npos);
  install("echo hello");
  EXPECT_NE(reason().find("check\" did not print findings"), std::string::npos);
  install("echo '[{\"severity\": \"odd\"}]'");
  EXPECT_NE(reason().find("check\" did not print findings"), std::string::npos);
}

TEST_F(NodeProgram, ValidatesItsConfiguration) {
  EXPECT_EQ(validated(config),
            config +
                " (veth-node): not checked: is of veth-node, which is not installed beside vethctl or "
                "in the folder of the plugins\n");
  EXPECT_EQ(status, vethctl::success);
  install("[ \"$*\" = 'validate --output json --config " + config + "' ]");
  EXPECT_EQ(validated(config), config + " (veth-node): ok\n");
  install(R"(echo '{"code": 7, "msg": "/store: no endpoint", "details": "add one"}'; exit 1)");
  EXPECT_EQ(validated(config), config + " (veth-node): fault, code 7: /store: no endpoint; add one\n");
  EXPECT_EQ(status, vethctl::found_faults);
  install("exit 4");
  EXPECT_NE(validated(config).find("validate\" failed with status 4"), std::string::npos);
}

TEST_F(NodeProgram, DoesNotValidateConfigurationsOfPlugins) {
  install("exit 0");
  for (const char* text : {R"({"store": {}, "type": "veth"})", R"({"store": {}, "plugins": []})",
                           R"({"store": {}, "cniVersion": "1.0.0"})", "[]", "{", "{}"}) {
    const auto file = directory.path() + "/other.json";
    std::ofstream{file} << text;
    EXPECT_EQ(validated(file).find("veth-node"), std::string::npos) << text;
    EXPECT_EQ(status, vethctl::found_faults) << text;
  }
}

TEST(NodeFindings, AreReadAsTheyAreWritten) {
  const std::vector<inspect::Finding> all{node_is_down, {.severity = inspect::Severity::warning, .what = "w"}};
  EXPECT_EQ(report::read_findings(report::json(all)), all);
  EXPECT_TRUE(report::read_findings("[]").empty());
}

}  // namespace
