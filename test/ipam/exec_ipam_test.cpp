#include "ipam/exec_ipam.hpp"

#include "test/ipam/network.hpp"
#include "test/support/error_text.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace {

namespace fs = std::filesystem;
using test::ip;
using test::prefix;

/// The delegate is a shell script that the test writes. It records the verbs with which it is called.
class ExecIpam : public test::Network {
 protected:
  ExecIpam() {
    config.ipam.type = "delegate";
    std::signal(SIGPIPE, SIG_IGN);  // as in main: some scripts do not read their input
  }

  std::string at(const std::string& name) const { return directory.path() + "/" + name; }

  void install(const std::string& script) const {
    std::ofstream{at("delegate")} << "#!/bin/sh\necho $CNI_COMMAND >>" << at("verbs") << "\n" << script;
    ::chmod(at("delegate").c_str(), 0755);
  }
  cni::Request delegating() const {
    auto delegating = request("a");
    delegating.plugin_path = {"/nonexistent", directory.path()};
    delegating.input = R"({"name": "net",  "cniVersion": "1.1.0", "odd": "\u00e9"})";
    return delegating;
  }
  std::string content(const std::string& name) const {
    std::ifstream file{at(name)};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  std::string adding() const {
    const auto request = delegating();
    return test::error_text([&] { test::lease_of(ipam::ExecIpam{request}.allocate()); });
  }
};

TEST_F(ExecIpam, ReturnsTheResultOfTheDelegate) {
  install(
      R"(echo '{"cniVersion":"1.1.0","ips":[{"address":"10.1.2.3/24","gateway":"10.1.2.1"},{"address":"fd00::3/64"}],
    "routes":[{"dst":"0.0.0.0/0"}],"dns":{"domain":"example.org"}}')");
  const auto request = delegating();
  const auto lease = test::lease_of(ipam::ExecIpam{request}.allocate());
  EXPECT_EQ(lease.addresses,
            (std::vector<cni::LeasedAddress>{{.address = prefix("10.1.2.3/24"), .gateway = ip("10.1.2.1")},
                                             {.address = prefix("fd00::3/64"), .gateway = {}}}));
  ASSERT_EQ(lease.routes.size(), 1U);
  EXPECT_EQ(lease.routes[0].destination, prefix("0.0.0.0/0"));
  EXPECT_EQ(lease.dns.domain, "example.org");
  EXPECT_EQ(content("verbs"), "ADD\n");
}

TEST_F(ExecIpam, ReadsResultsOfOlderVersions) {
  install(R"(echo '{"cniVersion":"0.2.0","ip4":{"ip":"10.1.2.3/24","gateway":"10.1.2.1"}}')");
  const auto request = delegating();
  EXPECT_EQ(test::lease_of(ipam::ExecIpam{request}.allocate()).addresses,
            (std::vector<cni::LeasedAddress>{{.address = prefix("10.1.2.3/24"), .gateway = ip("10.1.2.1")}}));
}

TEST_F(ExecIpam, PassesTheInputUnchanged) {
  install("cat >" + at("input") + "; echo '{\"ips\":[{\"address\":\"10.1.2.3/24\"}]}'");
  EXPECT_EQ(adding(), "");
  EXPECT_EQ(content("input"), delegating().input);
}

TEST_F(ExecIpam, PassesTheEnvironmentWithTheVerb) {
  install("env >" + at("environment"));
  ::setenv("CNI_COMMAND", "ADD", 1);
  ::setenv("CNI_CONTAINERID", "a", 1);
  const auto request = delegating();
  ipam::ExecIpam{request}.release();
  ::unsetenv("CNI_COMMAND");
  ::unsetenv("CNI_CONTAINERID");
  const std::string environment = "\n" + content("environment");
  EXPECT_NE(environment.find("\nCNI_COMMAND=DEL\n"), std::string::npos) << environment;
  EXPECT_NE(environment.find("\nCNI_CONTAINERID=a\n"), std::string::npos) << environment;
  EXPECT_EQ(environment.find("CNI_COMMAND=ADD"), std::string::npos) << environment;
}

TEST_F(ExecIpam, PassesEachVariableOnceWithItsLastValue) {
  char first[] = "X=1";
  char command[] = "CNI_COMMAND=ADD";
  char last[] = "X=2=3";
  char odd[] = "noequals";
  char* variables[] = {first, command, last, odd, nullptr};
  char** const ours = std::exchange(environ, variables);
  const auto environment = ipam::delegate_environment(cni::Verb::gc);
  environ = ours;
  EXPECT_EQ(environment, (std::vector<std::string>{"X=2=3", "noequals", "CNI_COMMAND=GC"}));
}

TEST_F(ExecIpam, ReturnsTheErrorOfTheDelegateUnchanged) {
  install(R"(echo '{"cniVersion":"1.0.0","code":6,"msg":"no way","details":"at all"}'; exit 3)");
  const auto request = delegating();
  try {
    ipam::ExecIpam{request}.check();
    FAIL() << "nothing was thrown";
  } catch (const cni::Error& error) {
    EXPECT_EQ(error.code, 6U);
    EXPECT_EQ(error.message, "no way");
    EXPECT_EQ(error.details, "at all");
  }
}

TEST_F(ExecIpam, ReportsADelegateThatFailsWithoutAnError) {
  const struct {
    const char *script, *text;
  } cases[] = {
      {"exit 7", "105: netplugin failed with no error message: exit status 7"},
      {"kill -9 $$", "105: netplugin failed with no error message: exit status 137"},
      {"echo oh no; exit 1", "105: netplugin failed but error parsing its diagnostic message \"oh no\\x0a\": "},
      {"echo '{}'; exit 1", "105: netplugin failed but error parsing its diagnostic message \"{}\\x0a\": "},
      {"echo '{\"cniVersion\":\"1.1.0\"}'", "105: IPAM plugin delegate returned no address"},
      {"echo null", "105: IPAM plugin delegate returned no address"},
      {"echo oh no", "6: the answer of IPAM plugin delegate"},
      {"", "6: the answer of IPAM plugin delegate"},
      {"head -c 1100000 /dev/zero", "read the output of "},
  };
  for (const auto& [script, text] : cases) {
    fs::remove(at("verbs"));
    install(script);
    const std::string error = adding();
    EXPECT_EQ(error.substr(0, std::string{text}.size()), text) << script;
    EXPECT_EQ(content("verbs"), "ADD\nDEL\n") << script;
  }
}

TEST_F(ExecIpam, CallsDelAfterAFailedAddButNotAfterAFailedDel) {
  install(R"(echo "{\"code\": 11, \"msg\": \"$CNI_COMMAND failed\"}"; exit 1)");
  EXPECT_EQ(adding(), "11: ADD failed");
  EXPECT_EQ(content("verbs"), "ADD\nDEL\n");
  const auto request = delegating();
  EXPECT_EQ(test::error_text([&] { ipam::ExecIpam{request}.release(); }), "11: DEL failed");
  EXPECT_EQ(content("verbs"), "ADD\nDEL\nDEL\n");
}

TEST_F(ExecIpam, CallsOnlyVerbsOfTheVersion) {
  install("");
  const struct {
    cni::Version version;
    const char* verbs;
  } cases[] = {{cni::Version::v0_3_1, "DEL\n"},
               {cni::Version::v0_4_0, "DEL\nCHECK\n"},
               {cni::Version::v1_0_0, "DEL\nCHECK\n"},
               {cni::Version::v1_1_0, "DEL\nCHECK\nGC\nSTATUS\n"}};
  for (const auto& [version, verbs] : cases) {
    fs::remove(at("verbs"));
    config.version = version;
    const auto request = delegating();
    ipam::ExecIpam delegate{request};
    delegate.release();
    delegate.check();
    delegate.gc({});
    delegate.status();
    EXPECT_EQ(content("verbs"), verbs);
  }
}

TEST_F(ExecIpam, FindsTheFirstRegularFile) {
  for (const auto* name : {"a", "b", "c"}) fs::create_directory(at(name));
  fs::create_directory(at("a/plugin"));
  std::ofstream{at("real")} << "x";
  fs::create_symlink(at("real"), at("b/plugin"));
  std::ofstream{at("c/plugin")} << "x";
  EXPECT_EQ(ipam::find_plugin("plugin", {at("none"), at("a"), at("b"), at("c")}), at("b/plugin"));
}

TEST_F(ExecIpam, ReportsTheSearchedFolders) {
  const struct {
    const char* name;
    std::vector<std::string> folders;
    const char* text;
  } cases[] = {
      {"nope", {"/opt/none/bin", "/foo"}, R"(105: failed to find plugin "nope" in path [/opt/none/bin /foo])"},
      {"nope", {}, "105: no paths provided"},
      {"../sh", {"/bin/x"}, R"(105: invalid plugin name: "../sh")"},
      {"/bin/sh", {"/"}, R"(105: invalid plugin name: "/bin/sh")"},
      {"..", {"/"}, R"(105: invalid plugin name: "..")"},
      {".hidden", {"/"}, R"(105: invalid plugin name: ".hidden")"},
      {"a b", {"/"}, R"(105: invalid plugin name: "a b")"},
      {"", {"/"}, R"(105: invalid plugin name: "")"},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(test::error_text([&] { ipam::find_plugin(each.name, each.folders); }), each.text);
  }
}

TEST_F(ExecIpam, FailsForEveryVerbWithoutADelegate) {
  const auto request = delegating();
  ipam::ExecIpam delegate{request};
  const std::string text = "105: failed to find plugin \"delegate\" in path [/nonexistent " + directory.path() + "]";
  EXPECT_EQ(test::error_text([&] { test::lease_of(delegate.allocate()); }), text);
  EXPECT_EQ(test::error_text([&] { delegate.release(); }), text);
  EXPECT_EQ(test::error_text([&] { delegate.check(); }), text);
  EXPECT_EQ(test::error_text([&] { delegate.gc({}); }), text);
  EXPECT_EQ(test::error_text([&] { delegate.status(); }), text);
}

}  // namespace
