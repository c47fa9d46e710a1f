#include "plugin/vethctl/install.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/vethctl/commands.hpp"
#include "test/support/temporary_directory.hpp"
#include "test/verbs/network.hpp"
#include "test/vethctl/console.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

using Words = std::vector<std::string>;

/// A folder with text files instead of executables, and the two folders of a node.
class Install : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(source);
    for (const char* name : {"veth", "veth-ipam", "loopback", "vethctl"}) write(source + '/' + name, name);
  }

  static void write(const std::string& path, const std::string& text) { std::ofstream{path} << text; }

  static std::string text_of(const std::string& path) {
    std::ifstream file{path};
    return (std::ostringstream{} << file.rdbuf()).str();
  }

  /// The output, or the error message.
  std::string install(const Words& more = {"--pod-cidr", "10.1.2.0/24"}) {
    Words words{"--from", source, "--bin-dir", bin, "--conf-dir", conf + '/'};
    words.insert(words.end(), more.begin(), more.end());
    const auto arguments = vethctl::parse(vethctl::install_command(), words);
    test::Screen screen;
    try {
      vethctl::install(arguments, screen.console(state),
                       [this](const std::string& executable, const std::string& input) {
                         asked = executable + ' ' + nlohmann::json::parse(input).at("name").get<std::string>();
                         if (!is_ready) throw cni::Error{cni::ErrorCode::not_available, "not ready"};
                       });
    } catch (const cni::Error& error) {
      return error.what();
    }
    return screen.printed;
  }

  std::string uninstall(int status = vethctl::success) {
    test::Screen screen;
    const auto arguments = vethctl::parse(vethctl::uninstall_command(), {"--bin-dir", bin, "--conf-dir", conf});
    EXPECT_EQ(vethctl::uninstall(arguments, screen.console(state)), status);
    return screen.printed;
  }

  test::TemporaryDirectory directory;
  std::string state = directory.path() + "/state";
  std::string source = directory.path() + "/source";
  std::string bin = directory.path() + "/bin";
  std::string conf = directory.path() + "/conf";
  std::string list = conf + "/10-veth.conflist";
  std::string asked;
  bool is_ready = true;
};

TEST_F(Install, CopiesTheExecutablesAndWritesTheConfigurationLast) {
  EXPECT_EQ(install(), bin + "/veth: installed\n" + bin + "/veth-ipam: installed\n" + bin + "/loopback: installed\n" +
                           bin + "/vethctl: installed\n" + list + ": installed\n");
  EXPECT_EQ(text_of(bin + "/veth-ipam"), "veth-ipam");
  EXPECT_EQ(nlohmann::json::parse(text_of(list)).at("name"), "veth");
  EXPECT_EQ(asked, bin + "/veth veth");
}

TEST_F(Install, CanBeRepeated) {
  install();
  EXPECT_EQ(install(), bin + "/veth: unchanged\n" + bin + "/veth-ipam: unchanged\n" + bin + "/loopback: unchanged\n" +
                           bin + "/vethctl: unchanged\n" + list + ": unchanged\n");
  write(source + "/veth", "newer");
  EXPECT_EQ(install().substr(0, bin.size() + 16), bin + "/veth: replaced\n");
  EXPECT_EQ(text_of(bin + "/veth"), "newer");
}

TEST_F(Install, WritesNoConfigurationThatThePluginCannotServe) {
  is_ready = false;
  EXPECT_EQ(install(), "not ready");
  EXPECT_TRUE(std::filesystem::exists(bin + "/veth"));
  EXPECT_FALSE(std::filesystem::exists(list));
}

TEST_F(Install, CopiesOnlyTheExecutablesWithoutPodNetworks) {
  EXPECT_EQ(install({}).find("conflist"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(conf));
}

TEST_F(Install, ChangesNothingIfAFileOfAnotherPackageExists) {
  std::filesystem::create_directory(conf);
  write(list, "foreign");
  EXPECT_EQ(install(), "cannot replace \"" + list +
                           "\": vethctl did not install this file, or the file was changed afterwards; move the file "
                           "to another folder, or use --force");
  EXPECT_FALSE(std::filesystem::exists(bin + "/veth"));
  EXPECT_NE(install({"--pod-cidr", "10.1.2.0/24", "--force"}).find(list + ": replaced"), std::string::npos);
}

TEST_F(Install, KeepsALoopbackPluginOfAnotherPackage) {
  std::filesystem::create_directory(bin);
  write(bin + "/loopback", "foreign");
  EXPECT_NE(install().find("/loopback: kept: a loopback plugin of another package\n"), std::string::npos);
  uninstall();
  EXPECT_EQ(text_of(bin + "/loopback"), "foreign");
}

TEST_F(Install, RemovesItsConfigurationOfAnotherNetworkName) {
  install();
  const auto printed = install({"--pod-cidr", "10.1.2.0/24", "--name", "pods"});
  EXPECT_NE(printed.find(list + ": removed: replaced by 10-pods.conflist\n"), std::string::npos) << printed;
  EXPECT_FALSE(std::filesystem::exists(list));
  EXPECT_TRUE(std::filesystem::exists(conf + "/10-pods.conflist"));
}

TEST_F(Install, RefusesAnotherNameWhileContainersAreAttached) {
  const Words renamed{"--pod-cidr", "10.1.2.0/24", "--name", "pods"};
  install();
  auto folder = state::Folder::open(state, state);
  folder.records.write_pending({.attachment = {"veth", "c1", "eth0"}});
  EXPECT_EQ(install(renamed),
            "cannot install another network: containers are attached to network \"veth\"; install with --name veth, "
            "delete the containers first (vethctl "
            "list), or use --force");
  EXPECT_TRUE(std::filesystem::exists(list));
  EXPECT_EQ(install().find("refused"), std::string::npos) << "the same name";
  auto forced = renamed;
  forced.emplace_back("--force");
  EXPECT_NE(install(forced).find(list + ": removed"), std::string::npos);
}

TEST_F(Install, IgnoresContainersOfNetworksThatItHasNotInstalled) {
  install();
  auto folder = state::Folder::open(state, state);
  folder.records.write_pending({.attachment = {"other", "c1", "eth0"}});
  EXPECT_NE(install({"--pod-cidr", "10.1.2.0/24", "--name", "pods"}).find(list + ": removed"), std::string::npos);
}

TEST_F(Install, ReadsThePodNetworksFromAFile) {
  write(directory.path() + "/cidrs", "10.1.2.0/24 fd00::/64\n");
  install({"--pod-cidr-file", directory.path() + "/cidrs"});
  EXPECT_EQ(nlohmann::json::parse(text_of(list)).at("plugins").at(0).at("ipam").at("ranges").size(), 2U);
}

TEST_F(Install, RejectsMissingAndContradictoryPodNetworks) {
  EXPECT_THROW(install({"--pod-cidr", "10.1.2.0/24", "--pod-cidr-file", "/x"}), vethctl::UsageError);
  EXPECT_THROW(install({"--pod-cidr-file", directory.path() + "/none"}), std::system_error);
  write(directory.path() + "/empty", " \n");
  EXPECT_THROW(install({"--pod-cidr-file", directory.path() + "/empty"}), vethctl::UsageError);
  EXPECT_FALSE(std::filesystem::exists(bin)) << "a wrong command line changes nothing";
}

TEST_F(Install, FailsWithoutExecutables) {
  EXPECT_EQ(install({"--from", conf}),
            "folder \"" + conf + "\" does not contain the executable veth; set --from to the folder that contains it");
}

TEST_F(Install, RejectsAnInvalidNetworkName) {
  EXPECT_THROW(install({"--pod-cidr", "10.1.2.0/24", "--name", "../x"}), vethctl::UsageError);
}

TEST_F(Install, IsRevertedByUninstall) {
  install();
  EXPECT_EQ(uninstall(), list + ": removed\n" + bin + "/loopback: removed\n" + bin + "/veth: removed\n" + bin +
                             "/veth-ipam: removed\n" + bin + "/vethctl: removed\n");
  EXPECT_TRUE(std::filesystem::is_empty(bin));
  EXPECT_TRUE(std::filesystem::is_empty(conf));
  EXPECT_EQ(uninstall(), "");
}

TEST_F(Install, IsNotRevertedForFilesThatWereChanged) {
  install();
  write(list, "{}");
  EXPECT_EQ(uninstall(vethctl::found_faults).substr(0, list.size() + 14), list + ": not removed:");
  EXPECT_EQ(text_of(list), "{}");
}

class Uninstall : public test::NetworkTest {};

TEST_F(Uninstall, FailsWhileContainersAreAttached) {
  add("c1");
  test::Screen screen;
  const auto arguments = vethctl::parse(vethctl::uninstall_command(), {"--bin-dir", root, "--conf-dir", root});
  try {
    vethctl::uninstall(arguments, screen.console(root));
    FAIL() << "no error";
  } catch (const cni::Error& error) {
    EXPECT_EQ(error.message, "cannot uninstall: containers are attached to network \"net\"");
  }
}

}  // namespace
