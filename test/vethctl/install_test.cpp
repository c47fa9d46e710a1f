#include "plugin/vethctl/install.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/verbs/del.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/installations.hpp"
#include "test/support/temporary_directory.hpp"
#include "test/verbs/network.hpp"
#include "test/vethctl/console.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
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
  std::string install(const Words& more = {"--pod-cidr", "10.1.2.0/24"}) { return install_in(bin, conf + '/', more); }

  std::string install_in(const std::string& bin_dir, const std::string& conf_dir,
                         const Words& more = {"--pod-cidr", "10.1.2.0/24"}) {
    Words words{"--from", source, "--bin-dir", bin_dir, "--conf-dir", conf_dir};
    words.insert(words.end(), more.begin(), more.end());
    const auto arguments = vethctl::parse(vethctl::install_command(), words);
    test::Screen screen;
    try {
      vethctl::install(arguments, console_of(screen), [this](const std::string& executable, const std::string& input) {
        asked = executable + ' ' + nlohmann::json::parse(input).at("name").get<std::string>();
        if (!is_ready) throw cni::Error{cni::ErrorCode::not_available, "not ready"};
      });
    } catch (const cni::Error& error) {
      return error.what();
    }
    warned = screen.warned;
    return screen.printed;
  }

  std::string uninstall(int status = vethctl::success) {
    return uninstall_with({"--bin-dir", bin, "--conf-dir", conf}, status);
  }

  /// The output, or the error message.
  std::string uninstall_with(const Words& words, int status = vethctl::success) {
    test::Screen screen;
    const auto arguments = vethctl::parse(vethctl::uninstall_command(), words);
    try {
      EXPECT_EQ(vethctl::uninstall(arguments, console_of(screen), kernel), status);
    } catch (const cni::Error& error) {
      return error.what();
    }
    return screen.printed;
  }

  vethctl::Console console_of(test::Screen& screen) const {
    auto console = screen.console(state);
    console.installations = installations;
    return console;
  }

  test::TemporaryDirectory directory;
  std::string state = directory.path() + "/state";
  std::string source = directory.path() + "/source";
  std::string bin = directory.path() + "/bin";
  std::string conf = directory.path() + "/conf";
  std::string list = conf + "/10-veth.conflist";
  std::string installations = directory.path() + "/lib/vethctl/installations";
  std::string asked;
  std::string warned;  ///< by the last install
  bool is_ready = true;
  test::FakeKernel kernel;
  static constexpr auto tables_removed = "nftables: removed the tables of the plugin\n";  // there are always any
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
                             "/veth-ipam: removed\n" + bin + "/vethctl: removed\n" + tables_removed);
  EXPECT_TRUE(std::filesystem::is_empty(bin));
  EXPECT_TRUE(std::filesystem::is_empty(conf));
  EXPECT_EQ(uninstall(), tables_removed);
}

TEST_F(Install, IsNotRevertedForFilesThatWereChanged) {
  install();
  write(list, "{}");
  EXPECT_EQ(uninstall(vethctl::found_faults).substr(0, list.size() + 14), list + ": not removed:");
  EXPECT_EQ(text_of(list), "{}");
}

/// A configuration without its plugin would be worse than both or none: the runtime would consider the network ready.
TEST_F(Install, IsNotRevertedIfTheChangedConfigurationUsesThePlugins) {
  install();
  auto text = text_of(list);
  write(list, text.replace(text.find("10.1.2"), 6, "10.1.3"));
  const auto uses = "cannot uninstall: \"" + list + "\" uses the plugins and was ";
  EXPECT_EQ(uninstall(),
            uses +
                "changed after the installation, so it would stay without them; delete the file, move it to "
                "another folder, or use --force, which removes it");
  EXPECT_TRUE(std::filesystem::exists(bin + "/veth")) << "nothing was removed";
  std::filesystem::rename(list, conf + "/05-own.conflist");
  EXPECT_NE(uninstall().find("05-own.conflist\" uses the plugins and was not written by vethctl"), std::string::npos);
  std::filesystem::rename(conf + "/05-own.conflist", list);
  EXPECT_NE(uninstall_with({"--force"}).find(list + ": removed\n"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(list) || std::filesystem::exists(bin + "/veth"));
}

TEST_F(Install, IsRevertedBesideConfigurationsOfOtherPlugins) {
  install();
  write(conf + "/20-other.conf", R"({"cniVersion": "1.0.0", "name": "other", "type": "other"})");
  write(conf + "/30-invalid.conflist", "{");
  EXPECT_NE(uninstall().find(bin + "/veth: removed\n"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(conf + "/20-other.conf"));
}

TEST_F(Install, RemembersItsFolders) {
  install();
  const Words all{list, bin + "/loopback", bin + "/veth", bin + "/veth-ipam", bin + "/vethctl"};
  for (const Words& words : {Words{}, Words{"--bin-dir", bin}, Words{"--conf-dir", conf}}) {
    const auto removed = uninstall_with(words);
    for (const auto& file : all) EXPECT_NE(removed.find(file + ": removed\n"), std::string::npos) << removed;
    EXPECT_TRUE(vethctl::remembered_installations(installations).empty());
    install();
  }
}

TEST_F(Install, KeepsThePluginsThatAnotherInstallationUses) {
  const auto other = directory.path() + "/other";
  install();
  install_in(bin, other);
  const auto removed = uninstall_with({"--conf-dir", other});
  EXPECT_NE(removed.find(other + "/10-veth.conflist: removed\n"), std::string::npos) << removed;
  EXPECT_NE(removed.find(bin + "/veth: kept: the configuration in \"" + conf + "\" uses it\n"), std::string::npos);
  EXPECT_NE(uninstall_with({}).find(bin + "/veth: removed\n"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(list));
}

TEST_F(Install, SelectsOneOfSeveralInstallations) {
  const auto other_bin = directory.path() + "/other bin";
  const auto other_conf = directory.path() + "/other conf";
  install();
  install_in(other_bin, other_conf);
  EXPECT_EQ(uninstall_with({"--bin-dir", other_bin}).find(bin + '/'), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(bin + "/veth") && std::filesystem::exists(list));
  EXPECT_TRUE(std::filesystem::is_empty(other_bin) && std::filesystem::is_empty(other_conf));
  uninstall_with({});
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/lib/vethctl")) << "nothing is left to remember";
}

TEST_F(Install, IsRevertedAfterAnInterruptedUninstall) {
  install();
  std::filesystem::remove(list);
  std::filesystem::remove(bin + "/loopback");
  const auto removed = uninstall_with({});
  EXPECT_NE(removed.find(bin + "/loopback: is missing already\n"), std::string::npos) << removed;
  EXPECT_TRUE(std::filesystem::is_empty(bin) && std::filesystem::is_empty(conf));
}

TEST_F(Install, RevertsAlsoTheForeignFilesThatItReplaced) {
  std::filesystem::create_directory(conf);
  write(list, "foreign");
  install({"--pod-cidr", "10.1.2.0/24", "--force"});
  EXPECT_NE(uninstall_with({}).find(list + ": removed\n"), std::string::npos);
}

TEST_F(Install, LinksTheNameOfThePluginOfNetavark) {
  const auto link = bin + "/netavark-veth";
  EXPECT_EQ(install().find(link), std::string::npos);
  EXPECT_NE(install({"--netavark"}).find(link + ": a link to veth\n"), std::string::npos);
  write(source + "/veth", "newer");
  EXPECT_NE(install().find(link + ": a link to veth\n"), std::string::npos) << "the link leads to the new file";
  EXPECT_EQ(text_of(link), "newer");
  EXPECT_NE(uninstall().find(link + ": removed\n"), std::string::npos);
}

TEST_F(Install, WarnsOfAConfigurationThatARuntimePrefers) {
  install();
  EXPECT_EQ(warned, "");
  write(conf + "/20-later.conf", R"({"cniVersion": "1.0.0", "name": "later", "type": "other"})");
  write(conf + "/01-invalid.conflist", "{");
  install();
  EXPECT_EQ(warned, "") << "runtimes skip an invalid file";
  write(conf + "/05-cilium.conflist", R"({"name": "cilium", "plugins": [{"type": "cilium-cni"}]})");
  install();
  EXPECT_EQ(warned,
            "vethctl: \"" + conf +
                "/05-cilium.conflist\" comes before the configuration of veth in the order of names: containerd "
                "and the kubelet use the first one. Delete or rename the file if veth is to be used\n");
}

class Uninstall : public test::NetworkTest {
 protected:
  std::string uninstall(std::vector<std::string> words = {}) {
    words.insert(words.end(), {"--bin-dir", directory.path() + "/bin", "--conf-dir", directory.path() + "/conf"});
    const auto arguments = vethctl::parse(vethctl::uninstall_command(), words);
    test::Screen screen;
    auto console = screen.console(root);
    console.installations = directory.path() + "/installations";
    const auto error = test::error_text([&] { vethctl::uninstall(arguments, console, kernel); });
    return screen.printed + error;
  }

  std::string cannot_uninstall(const std::string& names) const {
    return "101: cannot uninstall: containers are attached to network \"net\": " + names;
  }
};

TEST_F(Uninstall, NamesTheContainersThatAreAttached) {
  auto pod = request("c1");
  pod.args.pod_namespace = "default";
  pod.args.pod_name = "web-0";
  add(pod);
  EXPECT_EQ(uninstall(), cannot_uninstall("\"pod default/web-0\""));
  verbs::del(pod, kernel, root);
  for (const char* container : {"c2", "c3", "c4", "c5"}) add(container);
  EXPECT_TRUE(uninstall().ends_with(" and 1 more")) << uninstall();
}

TEST_F(Uninstall, LeavesNeitherTablesNorState) {
  add("c1");
  verbs::del(request("c1"), kernel, root);
  const auto other_boot = root + "/01234567-89ab-cdef-0123-456789abcdef-1";
  std::filesystem::create_directories(other_boot + "/net/live");
  EXPECT_EQ(uninstall(), "nftables: removed the tables of the plugin\n" + root + ": removed\n");
  EXPECT_EQ(kernel.calls.back(), "clean_rules");
  EXPECT_FALSE(std::filesystem::exists(root));
}

TEST_F(Uninstall, RemovesStaleAttachments) {
  add("c1");
  add("c2");
  kernel.remove_links_of(attachment("c1"));
  EXPECT_EQ(uninstall(), cannot_uninstall("\"c2\""));
  kernel.remove_links_of(attachment("c2"));
  EXPECT_NE(uninstall().find(root + ": removed\n"), std::string::npos);
}

TEST_F(Uninstall, RemovesTheStateOfOtherRootsToo) {
  const auto other = directory.path() + "/other";
  ASSERT_FALSE(state::Folder::open(other, root).path().empty());
  EXPECT_NE(uninstall().find(other + ": removed\n" + root + ": removed\n"), std::string::npos) << uninstall();
  EXPECT_FALSE(std::filesystem::exists(other) || std::filesystem::exists(root));
}

TEST_F(Uninstall, KeepsTheStateOfAttachmentsWithForce) {
  add("c1");
  EXPECT_EQ(uninstall({"--force"}), root + ": kept: containers are attached\n");
  EXPECT_TRUE(has_record("c1"));
  EXPECT_EQ(std::ranges::count(kernel.calls, "clean_rules"), 0);
}

TEST_F(Uninstall, KeepsTheStateForAnotherInstallation) {
  vethctl::remember(directory.path() + "/installations", {"/opt/cni/bin", "/etc/cni/net.d"});
  EXPECT_EQ(uninstall(), "");
  EXPECT_TRUE(std::filesystem::exists(folder.path()));
}

}  // namespace
