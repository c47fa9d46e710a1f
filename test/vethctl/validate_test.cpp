#include "plugin/vethctl/validate.hpp"

#include "plugin/vethctl/commands.hpp"
#include "test/support/temporary_directory.hpp"
#include "test/vethctl/console.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace {

const std::string range = R"("ipam":{"type":"veth-ipam","subnet":"10.1.2.0/24"})";

class Validate : public testing::Test {
 protected:
  int validate(const std::vector<std::string>& words) {
    const auto command = vethctl::validate_command();
    return command.run(vethctl::parse(command, words), screen.console());
  }

  std::string path(const std::string& name) const { return directory.path() + "/" + name; }

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream{path(name)} << text;
    return path(name);
  }

  /// The output for a file with this text, without the folder.
  std::string findings(const std::string& name, const std::string& text) {
    screen = {};
    status = validate({file(name, text)});
    const auto folder = directory.path() + "/";
    for (auto at = screen.printed.find(folder); at != std::string::npos; at = screen.printed.find(folder)) {
      screen.printed.erase(at, folder.size());
    }
    return screen.printed;
  }

  std::string of_plugin(const std::string& members) {
    return findings("a.conf", R"({"cniVersion":"1.0.0","name":"net","type":"veth",)" + members + "}");
  }

  std::string of_list(const std::string& members) {
    return findings("a.conflist", R"({"cniVersion":"1.0.0","name":"net",)" + members + "}");
  }

  test::TemporaryDirectory directory;
  test::Screen screen;
  int status = -1;
};

struct Case {
  std::string members;
  std::string finding;
};

TEST_F(Validate, AcceptsWhatAddAccepts) {
  for (const auto& members :
       {range, R"("mtu":"auto",)" + range, R"("mode":"bridge","isDefaultGateway":true,)" + range,
        std::string{R"("mode":"bridge")"}, R"("mode":"netns","peer":{"netns":"/run/netns/x"},)" + range,
        std::string{R"("args":{"cni":{"ips":["10.9.9.9"]}},"ipam":{"type":"host-local"})"},
        std::string{R"("ipam":{"type":"host-local","anything":1})"},
        std::string{R"("capabilities":{"ips":true},"ipam":{"type":"veth-ipam"})"},
        std::string{R"("ipam":{"type":"veth-ipam","addresses":[{"address":"10.1.2.3/24"}]})"}}) {
    EXPECT_EQ(of_plugin(members), "a.conf (veth): ok\n") << members;
    EXPECT_EQ(status, vethctl::success) << members;
  }
}

TEST_F(Validate, ReportsTheErrorOfAdd) {
  for (const auto& [members, finding] :
       {Case{R"("mtuu":1400,)" + range, R"(code 2: /mtuu: unknown key with value 1400: did you mean "mtu"?)"},
        Case{R"("mtu":70000,)" + range, "code 7: /mtu: must be an integer from 0 to 65535, not 70000"},
        Case{R"("mtu":[],)" + range, "code 6: /mtu: must be an integer, not []"},
        Case{R"("ipam":{"type":"veth-ipam"})",
             "code 7: /ipam: needs subnet, ranges, addresses or pool, because the runtime requests none"},
        Case{R"("ipam":{"type":"veth-ipam","subnet":"10.1.2.0/24","resolvConf":"/nowhere"})", "code 7: "},
        Case{R"("ipam":{"type":"veth-ipam","subnet":"10.1.2.3/24"})", "code 7: /ipam"},
        Case{R"("ipam":{"type":"veth-ipam","subnet":"10.1.2.0/24","routes":[{"dst":"0.0.0.0/0","gw":"10.9.9.9"}]})",
             "code 7: route 0.0.0.0/0: the gateway 10.9.9.9 is not on the link"},
        Case{R"("mode":"netns",)" + range, "code 7: /peer: missing"},
        Case{R"("mode":"netns","peer":{"netns":"/n","adresses":[]},)" + range, "code 2: /peer/adresses: unknown key"},
        Case{R"("mode":"bridge","hairpinMode":true,"promiscMode":true,)" + range,
             "code 7: /hairpinMode: cannot be combined"},
        Case{R"("mtu":1000,"ipam":{"type":"veth-ipam","subnet":"fd00::/64"})",
             "code 7: /mtu: must be at least 1280 for IPv6, not 1000"}}) {
    EXPECT_EQ(of_plugin(members).find("a.conf (veth): fault, " + finding), 0U) << members << '\n' << screen.printed;
    EXPECT_EQ(status, vethctl::found_faults) << members;
  }
}

TEST_F(Validate, WarnsOfIgnoredKeys) {
  EXPECT_EQ(
      of_plugin(R"("hello":1,"ipam":{"type":"veth-ipam","world":2,"ranges":[[{"subnet":"10.0.0.0/8","x/y":3}]]})"),
      "a.conf (veth): warning: /ipam/ranges/0/0/x~1y: unknown key, ignored\n"
      "a.conf (veth): warning: /ipam/world: unknown key, ignored\n"
      "a.conf (veth): warning: /hello: unknown key, ignored\n"
      "a.conf (veth): ok\n");
  EXPECT_EQ(status, vethctl::success);
}

TEST_F(Validate, ProcessesAListAsLibcniDoes) {
  EXPECT_EQ(of_list(R"("cniVersions":["0.4.0","9.0.0"],"disableCheck":true,"surprise":1,"plugins":[
                {"type":"veth","name":"other","cniVersion":"9.9.9","mtu":1,"mtu":1400,)" +
                    range + R"(},{"type":"portmap","capabilities":{"portMappings":true}},
                {"type":"bridge","bridge":"br0","ipam":{"type":"veth-ipam","subnet":"10.1.2.0/33"}}])"),
            "a.conflist: warning: /surprise: unknown key, ignored\n"
            "a.conflist: /plugins/0 (veth): ok\n"
            "a.conflist: /plugins/1 (portmap): not checked: belongs to another plugin\n"
            "a.conflist: /plugins/2 (bridge): fault, code 7: /ipam/subnet: must be an IP address with a prefix length, "
            "as in 10.1.2.0/24, not \"10.1.2.0/33\"\n");
  EXPECT_EQ(status, vethctl::found_faults);
}

TEST_F(Validate, IgnoresTheCaseOfKeys) {
  EXPECT_EQ(findings("a.conf", R"({"name":"n","Type":"ptp","IPAM":{"Type":"veth-ipam","subnet":"10.1.2.0/24"}})"),
            "a.conf (ptp): ok\n");
}

TEST_F(Validate, UsesTheNewestKnownVersion) {
  EXPECT_EQ(of_list(R"("cniVersions":["1.1.0"],"plugins":[{"type":"veth",)" + range + "}]"),
            "a.conflist: /plugins/0 (veth): ok\n");
  EXPECT_EQ(findings("b.conflist", R"({"cniVersion":"7.0.0","name":"n","plugins":[{"type":"veth",)" + range + "}]}")
                .find("b.conflist: /plugins/0 (veth): fault, code 1: incompatible CNI versions; config is \"7.0.0\""),
            0U);
}

TEST_F(Validate, ReportsFaultsOfTheList) {
  for (const auto& [members, finding] :
       {Case{R"("plugins":[])", "a.conflist: fault, code 7: /plugins: must have at least one plugin, not []\n"},
        Case{R"("plugin":[{}])", "a.conflist: fault, code 7: /plugins: missing. Is \"plugin\" a misspelling?\n"},
        Case{R"("plugins":[7])", "a.conflist: fault, code 6: /plugins/0: must be an object, not 7\n"},
        Case{R"("plugins":[{}])", "a.conflist: /plugins/0: fault, code 7: /type: missing\n"}}) {
    EXPECT_EQ(of_list(members), finding) << members;
  }
  EXPECT_EQ(findings("a.conflist", R"({"plugins":[{"type":"x"}]})"), "a.conflist: fault, code 7: /name: missing\n");
  EXPECT_EQ(findings("a.conf", R"({"name":"n","plugins":[{"type":"x"}]})"),
            "a.conf: fault, code 7: the file is a list of plugins: its name must end in .conflist\n");
}

TEST_F(Validate, NamesTheCauseOfAWrongSyntax) {
  EXPECT_EQ(findings("a.conf", "{\"name\": \"n\",}"),
            "a.conf: fault, code 6: line 1, column 13: a comma before \"}\" is not allowed in JSON: remove it\n");
  EXPECT_EQ(findings("a.conflist", "name: n\n").find("a.conflist: fault, code 6: line 1, column 1: this is YAML"), 0U);
  screen = {};
  EXPECT_EQ(validate({directory.path()}), vethctl::found_faults);
  EXPECT_EQ(screen.printed, directory.path() +
                                ": fault, code 5: this is a folder, not a file; give its files: vethctl "
                                "validate " +
                                directory.path() + "/*.conflist\n");
}

TEST_F(Validate, ReportsTypesThatAreNotInstalled) {
  const auto configuration = file("a.conf", R"({"name":"n","type":"portmap"})");
  EXPECT_EQ(validate({configuration, "--cni-path", directory.path()}), vethctl::found_faults);
  EXPECT_NE(screen.printed.find("a.conf: fault, code 7: type \"portmap\" is not installed: \"" + directory.path() +
                                "\" has no executable of this name; install the plugin, or set --cni-path to the "
                                "folder of the plugins\n"),
            std::string::npos)
      << screen.printed;
  screen = {};
  EXPECT_EQ(validate({configuration, "--cni-path", "/no such folder"}), vethctl::success);
  EXPECT_NE(screen.printed.find("a.conf: warning: \"/no such folder\" does not exist"), std::string::npos);
}

/// The folder of the plugins after `vethctl install --replace-reference`.
class ValidateReplacedReference : public Validate {
 protected:
  void SetUp() override {
    const auto veth = file("veth", "");
    std::filesystem::permissions(veth, std::filesystem::perms::owner_all);
    for (const char* name : {"ptp", "bridge", "host-local", "static", "portmap", "bandwidth", "tuning", "loopback"}) {
      std::filesystem::create_hard_link(veth, path(name));
    }
  }

  std::string finding(const std::string& members) {
    const auto configuration = file("a.conf", R"({"cniVersion":"1.0.0","name":"net",)" + members + "}");
    screen = {};
    status = validate({configuration, "--cni-path", directory.path()});
    return screen.printed.substr(std::min(screen.printed.find(" ("), screen.printed.size()));
  }
};

TEST_F(ValidateReplacedReference, AcceptsConfigurationsOfTheReferencePlugins) {
  for (
      const auto& [members, type] : {
          Case{R"("type":"ptp","ipMasq":true,"ipam":{"type":"host-local","subnet":"10.1.2.0/24"})", "ptp"},
          Case{
              R"("type":"bridge","bridge":"cni0","isGateway":true,"ipam":{"type":"static","addresses":[{"address":"10.1.2.3/24"}]})",
              "bridge"},
          Case{R"("type":"portmap","capabilities":{"portMappings":true},"backend":"iptables")", "portmap"},
          Case{R"("type":"bandwidth","ingressRate":1000000,"ingressBurst":100000)", "bandwidth"},
          Case{R"("type":"tuning","sysctl":{"net.ipv4.conf.IFNAME.arp_filter":"1"})", "tuning"},
          Case{R"("type":"loopback")", "loopback"},
          Case{R"("type":"macvlan","ipam":{"type":"host-local","subnet":"10.1.2.0/24"})", "macvlan"},
      }) {
    EXPECT_EQ(finding(members).substr(0, type.size() + 8), " (" + type + "): ok\n");
  }
}

TEST_F(ValidateReplacedReference, ReportsWhatAddWouldRefuse) {
  for (
      const auto& [members, part] : {
          Case{R"("type":"ptp","mtu":-1,"ipam":{"type":"host-local","subnet":"10.1.2.0/24"})",
               "(ptp): fault, code 7: /mtu"},
          Case{R"("type":"ptp","ipam":{"type":"host-local","subnet":"10.1.2.0/33"})",
               "(ptp): fault, code 7: /ipam/subnet"},
          Case{
              R"("type":"bridge","ipam":{"type":"host-local","ranges":[[{"subnet":"10.1.2.0/24","rangeStart":"10.1.3.1"}]]})",
              "(bridge): fault, code 7: /ipam/ranges/0/0"},
          Case{R"("type":"portmap","backend":"ipfw")", "(portmap): fault, code 7: /backend"},
          Case{R"("type":"bandwidth","ingressRate":1000000)", "(bandwidth): fault, code 7: "},
          Case{R"("type":"tuning","mac":"none")", "(tuning): fault, code 7: /mac"},
          Case{R"("type":"macvlan","ipam":{"type":"static","addresses":[{"address":"10.1.2.3"}]})",
               "(macvlan): fault, code 7: the 'address' field is expected to be in CIDR notation, got: '10.1.2.3'; "
               "/ipam/addresses/0/address"},
      }) {
    EXPECT_NE(finding(members).find(part), std::string::npos) << members << '\n' << screen.printed;
    EXPECT_EQ(status, vethctl::found_faults);
  }
}

TEST_F(ValidateReplacedReference, LeavesOriginalsToTheirAuthors) {
  std::filesystem::remove(path("portmap"));
  const auto original = file("portmap", "another program");
  std::filesystem::permissions(original, std::filesystem::perms::owner_all);
  EXPECT_EQ(finding(R"("type":"portmap","backend":"ipfw")"), " (portmap): not checked: belongs to another plugin\n");
}

TEST_F(Validate, SuggestsTheRightSpelling) {
  for (
      const auto& [configuration, finding] :
      {Case{
           R"({"name":"n","type":"veth","ipam":{"type":"veth-ipam","subent":"10.1.2.0/24"}})",
           R"(a.conf (veth): fault, code 2: /ipam/subent: unknown key with value "10.1.2.0/24": did you mean "subnet"?)"},
       Case{R"({"name":"n","type":"veth","ipam":{"type":"veth-ipam","ranges":[[{"subent":"10.1.2.0/24"}]]}})",
            "a.conf (veth): fault, code 7: /ipam/ranges/0/0/subnet: missing. Is \"subent\" a misspelling?"},
       Case{R"({"name":"n","typ":"veth"})", "a.conf: fault, code 7: /type: missing. Is \"typ\" a misspelling?"},
       Case{R"({"name":"n","type":"vteh"})", R"(a.conf (vteh): fault, code 7: /type: "vteh": did you mean "veth"?)"},
       Case{R"({"name":"n","type":"veth","ipam":{"type":"veth-ipma","subnet":"10.1.2.0/24"}})",
            R"(a.conf (veth): fault, code 7: /ipam/type: "veth-ipma": did you mean "veth-ipam"?)"}}) {
    EXPECT_TRUE(findings("a.conf", configuration).starts_with(finding)) << screen.printed;
  }
}

TEST_F(Validate, RejectsAByteOrderMark) {
  const auto found = findings("a.conf", "\xef\xbb\xbf" + std::string{R"({"name":"n","type":"veth",)"} + range + "}");
  EXPECT_TRUE(found.starts_with("a.conf: fault, code 6: the file begins with a byte order mark")) << found;
}

TEST_F(Validate, RejectsOtherDocuments) {
  EXPECT_EQ(findings("a.conf", "[]"), "a.conf: fault, code 6: the document: must be an object, not []\n");
  EXPECT_EQ(findings("a.conf", "{").find("a.conf: fault, code 6: line 1, column 2: the text ends here"), 0U)
      << screen.printed;
  screen = {};
  EXPECT_EQ(validate({path("none")}), vethctl::found_faults);
  EXPECT_EQ(screen.printed, path("none") + ": fault, code 5: the file does not exist\n");
}

TEST_F(Validate, ChecksAllFilesAndPrintsJson) {
  const auto good = file("good.conf", R"({"name":"n","type":"veth",)" + range + "}");
  const auto bad = file("bad.conf", R"({"name":"n","type":"veth"})");
  EXPECT_EQ(validate({bad, good, "--output", "json"}), vethctl::found_faults);
  EXPECT_EQ(screen.printed,
            "[\n  {\n    \"file\": \"" + bad +
                "\",\n    \"type\": \"veth\",\n    \"kind\": \"fault\",\n    \"code\": 7,\n"
                "    \"message\": \"/ipam/type: missing: mode ptp needs addresses; \\\"veth-ipam\\\" is "
                "built in, other types are run from CNI_PATH\"\n  },\n  {\n    \"file\": \"" +
                good + "\",\n    \"type\": \"veth\",\n    \"kind\": \"ok\"\n  }\n]\n");
}

TEST(ValidateFiles, RejectFilesThatAreNotRegular) {
  const test::TemporaryDirectory directory;
  const auto pipe = directory.path() + "/10-net.conf";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& file : {pipe, std::string{"/dev/zero"}}) {
    const auto results = vethctl::validate(file);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0].kind, vethctl::ValidationResult::Kind::fault);
    EXPECT_TRUE(results[0].message.starts_with("the file is not a regular file")) << results[0].message;
  }
}

}  // namespace
