#include "plugin/cni/error.hpp"
#include "plugin/vethctl/runtime/executables.hpp"
#include "plugin/vethctl/runtime/network_list.hpp"
#include "plugin/vethctl/runtime/result_cache.hpp"
#include "plugin/vethctl/runtime/run_list.hpp"
#include "test/support/temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

namespace {

using nlohmann::json;
using runtime::NetworkList;

const NetworkList three{.name = "pods",
                        .version = "1.0.0",
                        .plugins = {{.type = "first", .text = R"({"type": "first", "name": "own"})"},
                                    {.type = "second", .capabilities = {"mac"}, .text = R"({"type": "second"})"},
                                    {.type = "third", .text = R"({"type": "third"})"}}};

/// Plugins that return a result with their type, except those in `failing`.
struct FakePlugins {
  std::vector<std::string> calls{};              ///< "ADD first"
  std::map<std::string, json> configurations{};  ///< of the last call, by type
  std::vector<std::string> failing{};            ///< calls that fail

  runtime::RunPlugin runner() {
    return [this](const std::string& type, cni::Verb verb, const std::string& configuration) {
      calls.push_back(std::string{cni::to_string(verb)} + ' ' + type);
      configurations[type] = json::parse(configuration);
      if (std::ranges::find(failing, calls.back()) != failing.end())
        throw cni::Error{cni::ErrorCode::host_port_in_use, "refused", "details"};
      return json{{"cniVersion", "1.0.0"}, {"by", type}}.dump();
    };
  }
};

template <class Act>
std::string error_of_run(Act act) {
  try {
    act();
  } catch (const cni::Error& error) {
    return std::to_string(error.code) + ' ' + error.what();
  }
  return "";
}

TEST(RuntimeAdd, PassesEachResultToTheNextPlugin) {
  FakePlugins plugins;
  const auto result =
      runtime::add_list({.list = three, .capability_args = {}, .previous_result = {}}, plugins.runner());
  EXPECT_EQ(json::parse(result)["by"], "third");
  EXPECT_EQ(plugins.calls, (std::vector<std::string>{"ADD first", "ADD second", "ADD third"}));
  EXPECT_FALSE(plugins.configurations["first"].contains("prevResult"));
  EXPECT_EQ(plugins.configurations["third"]["prevResult"]["by"], "second");
}

TEST(RuntimeAdd, GivesEachPluginNameVersionAndItsOwnCapabilities) {
  FakePlugins plugins;
  runtime::add_list({.list = three, .capability_args = R"({"mac": "02::", "ips": []})", .previous_result = {}},
                    plugins.runner());
  EXPECT_EQ(plugins.configurations["first"], (json{{"type", "first"}, {"name", "pods"}, {"cniVersion", "1.0.0"}}));
  EXPECT_EQ(plugins.configurations["second"]["runtimeConfig"], (json{{"mac", "02::"}}));
}

TEST(RuntimeAdd, DeletesInReverseOrderWhatItAdded) {
  FakePlugins plugins{.failing = {"ADD second", "DEL second"}};
  const auto error = error_of_run(
      [&] { runtime::add_list({.list = three, .capability_args = {}, .previous_result = {}}, plugins.runner()); });
  EXPECT_EQ(error, "106 plugin second failed (ADD): refused; details");
  EXPECT_EQ(plugins.calls, (std::vector<std::string>{"ADD first", "ADD second", "DEL second", "DEL first"}));
  EXPECT_EQ(plugins.configurations["first"]["prevResult"]["by"], "first");
}

/// An interface that exists may be that of an earlier ADD.
TEST(RuntimeAdd, DeletesNothingIfTheFirstPluginFails) {
  FakePlugins plugins{.failing = {"ADD first"}};
  EXPECT_NE(error_of_run([&] {
              runtime::add_list({.list = three, .capability_args = {}, .previous_result = {}}, plugins.runner());
            }),
            "");
  EXPECT_EQ(plugins.calls, std::vector<std::string>{"ADD first"});
}

TEST(RuntimeDel, CallsAllPluginsAndReportsTheFirstFailure) {
  FakePlugins plugins{.failing = {"DEL third", "DEL first"}};
  const auto error = error_of_run([&] {
    runtime::delete_list({.list = three, .capability_args = {}, .previous_result = R"({"cniVersion": "1.0.0"})"},
                         plugins.runner());
  });
  EXPECT_EQ(error, "106 plugin third failed (DEL): refused; details");
  EXPECT_EQ(plugins.calls, (std::vector<std::string>{"DEL third", "DEL second", "DEL first"}));
  EXPECT_TRUE(plugins.configurations["first"].contains("prevResult"));
}

TEST(RuntimeDel, GivesNoPreviousResultBeforeVersion040) {
  auto list = three;
  list.version = "0.3.1";
  FakePlugins plugins;
  runtime::delete_list({.list = list, .capability_args = {}, .previous_result = "{}"}, plugins.runner());
  EXPECT_FALSE(plugins.configurations["first"].contains("prevResult"));
}

TEST(RuntimeCheck, StopsAtTheFirstFailure) {
  FakePlugins plugins{.failing = {"CHECK second"}};
  EXPECT_EQ(error_of_run([&] {
              runtime::check_list({.list = three, .capability_args = {}, .previous_result = {}}, plugins.runner());
            }),
            "106 plugin second failed (CHECK): refused; details");
  EXPECT_EQ(plugins.calls, (std::vector<std::string>{"CHECK first", "CHECK second"}));
}

TEST(RuntimeCheck, ObeysDisableCheckAndVersion) {
  FakePlugins plugins;
  auto list = three;
  list.disable_check = true;
  runtime::check_list({.list = list, .capability_args = {}, .previous_result = {}}, plugins.runner());
  list.version = "0.3.1";
  EXPECT_EQ(error_of_run([&] {
              runtime::check_list({.list = list, .capability_args = {}, .previous_result = {}}, plugins.runner());
            }),
            "1 network \"pods\" has cniVersion \"0.3.1\", which has no CHECK; set cniVersion to 0.4.0 or later");
  EXPECT_TRUE(plugins.calls.empty());
}

TEST(RuntimeCheck, ConvertsTheResultToTheVersionOfTheList) {
  FakePlugins plugins;
  const auto* old = R"({"cniVersion": "0.4.0", "ips": [{"version": "4", "address": "10.1.2.3/24"}]})";
  runtime::check_list({.list = three, .capability_args = {}, .previous_result = old}, plugins.runner());
  const auto& previous = plugins.configurations["first"]["prevResult"];
  EXPECT_EQ(previous["cniVersion"], "1.0.0");
  EXPECT_EQ(previous["ips"], json::parse(R"([{"address": "10.1.2.3/24"}])"));
}

TEST(RuntimeStatus, CallsAllPluginsUntilOneFails) {
  auto list = three;
  list.version = "1.1.0";
  FakePlugins plugins{.failing = {"STATUS second"}};
  EXPECT_EQ(error_of_run([&] {
              runtime::status_list({.list = list, .capability_args = {}, .previous_result = {}}, plugins.runner());
            }),
            "106 plugin second failed (STATUS): refused; details");
  EXPECT_EQ(plugins.calls, (std::vector<std::string>{"STATUS first", "STATUS second"}));
  EXPECT_EQ(plugins.configurations["first"]["name"], "pods");
}

TEST(RuntimeStatus, CallsOnlyVethBeforeVersion110) {
  auto list = three;
  list.plugins.push_back({.type = "veth", .text = R"({"type": "veth"})"});
  FakePlugins plugins;
  runtime::status_list({.list = list, .capability_args = {}, .previous_result = {}}, plugins.runner());
  EXPECT_EQ(plugins.calls, std::vector<std::string>{"STATUS veth"});
  EXPECT_EQ(plugins.configurations["veth"]["cniVersion"], "1.1.0");
}

TEST(RuntimeList, ChoosesTheNewestSupportedVersion) {
  struct Case {
    std::string versions;
    std::string chosen;
  };
  for (const auto& [versions, chosen] :
       {Case{R"("cniVersion": "0.4.0",)", "0.4.0"}, Case{"", "0.1.0"}, Case{R"("cniVersion": "9.0.0",)", "9.0.0"},
        Case{R"("cniVersion": "0.4.0", "cniVersions": ["1.0.0", "0.3.1", "9.0.0"],)", "1.0.0"},
        Case{R"("CNIVersion": "9.0.0", "cniVersions": ["1.1.0", "1.0.0"],)", "1.1.0"}}) {
    const auto list = runtime::parse_network_list("{" + versions + R"("name": "n", "plugins": [{"type": "t"}]})", "f");
    EXPECT_EQ(list.version, chosen) << versions;
  }
}

TEST(RuntimeList, ReadsCapabilitiesAndSingleConfigurations) {
  const auto list = runtime::parse_network_list(
      R"({"name": "n", "type": "veth", "disableCheck": true, "capabilities": {"mac": true, "ips": false}})", "f");
  EXPECT_TRUE(list.disable_check);
  ASSERT_EQ(list.plugins.size(), 1U);
  EXPECT_EQ(list.plugins[0].type, "veth");
  EXPECT_EQ(list.plugins[0].capabilities, std::vector<std::string>{"mac"});
}

TEST(RuntimeList, NamesTheFault) {
  struct Case {
    std::string text;
    std::string fault;
  };
  for (const auto& [text, fault] :
       {Case{"[]", "7 f: is not a JSON object"},
        Case{R"({"name": "a/b", "type": "t"})", "7 f: name \"a/b\" is not valid"},
        Case{R"({"name": "n", "plugins": []})", "7 f: \"plugins\" must be an array of plugins"},
        Case{R"({"name": "n", "plugins": [{}]})", "7 f: a plugin has no \"type\""}, Case{"{", "6 f: "}}) {
    const auto error = error_of_run([&] { runtime::parse_network_list(text, "f"); });
    EXPECT_EQ(error.substr(0, fault.size()), fault) << text;
  }
}

TEST(RuntimeList, FindsANetworkByNameOrPath) {
  const test::TemporaryDirectory directory;
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream{directory.path() + '/' + name} << text;
  };
  write("10-single.conf", R"({"name": "pods", "type": "single"})");
  write("20-list.conflist", R"({"name": "pods", "plugins": [{"type": "list"}]})");
  write("30-other.conf", R"({"name": "other", "type": "other"})");
  write("40-broken.conf", "{");
  EXPECT_EQ(runtime::find_network_list("pods", directory.path()).plugins[0].type, "list");
  EXPECT_EQ(runtime::find_network_list(directory.path() + "/10-single.conf", "").plugins[0].type, "single");
  EXPECT_EQ(error_of_run([&] { runtime::find_network_list("prods", directory.path()); }),
            "7 no file in \"" + directory.path() + "\" has the network \"prods\"; the networks are: pods, other");
}

TEST(RuntimeCache, HasTheFormOfLibcni) {
  const cni::Attachment attachment{.network = "pods", .container = "c1", .interface = "eth0"};
  const runtime::CachedResult cached{.result = R"({"cniVersion":"1.0.0"})",
                                     .configuration = "{\"a\":1}",
                                     .args = "IP=10.1.2.3;K8S_POD_NAME=a",
                                     .capability_args = R"({"mac":"02::"})"};
  const auto text = runtime::to_cache_text(attachment, cached);
  EXPECT_EQ(json::parse(text), json::parse(R"({"kind": "cniCacheV1", "containerId": "c1", "config": "eyJhIjoxfQ==",
      "ifName": "eth0", "networkName": "pods", "cniArgs": [["IP", "10.1.2.3"], ["K8S_POD_NAME", "a"]],
      "capabilityArgs": {"mac": "02::"}, "result": {"cniVersion": "1.0.0"}})"));
  auto expected = cached;
  expected.configuration.clear();
  EXPECT_EQ(runtime::find_cached_result(text), expected);
  EXPECT_EQ(runtime::find_cached_result("{}"), std::nullopt);
}

TEST(RuntimeCache, ReadsWritesAndRemoves) {
  const test::TemporaryDirectory directory;
  const cni::Attachment attachment{.network = "pods", .container = "c1", .interface = "eth0"};
  const auto folder = directory.path() + "/cni";
  EXPECT_EQ(runtime::read_cache(folder, attachment), std::nullopt);
  EXPECT_FALSE(runtime::remove_from_cache(folder, attachment));
  runtime::write_cache(folder, attachment, {.result = "{}", .configuration = "ab"});
  EXPECT_EQ(runtime::read_cache(folder, attachment), runtime::CachedResult{.result = "{}"});
  EXPECT_TRUE(runtime::remove_from_cache(folder, attachment));
  EXPECT_EQ(runtime::read_cache(folder, attachment), std::nullopt);
}

TEST(RuntimeExecutables, ReplaceTheVariablesOfTheCall) {
  ::setenv("CNI_ARGS", "inherited", 1);
  ::setenv("CNI_NETNS_OVERRIDE", "1", 1);
  const auto variables = runtime::plugin_environment({.command = "ADD", .container_id = "c1"});
  ::unsetenv("CNI_ARGS");
  ::unsetenv("CNI_NETNS_OVERRIDE");
  const auto count = [&](const std::string& variable) { return std::ranges::count(variables, variable); };
  EXPECT_EQ(count("CNI_ARGS=inherited"), 0);
  for (const auto* variable : {"CNI_ARGS=", "CNI_COMMAND=ADD", "CNI_CONTAINERID=c1", "CNI_NETNS_OVERRIDE=1"})
    EXPECT_EQ(count(variable), 1) << variable;
}

TEST(RuntimeExecutables, NameTheMissingPlugin) {
  const auto run = runtime::run_executables({.command = {}, .path = "/nowhere:/never"});
  EXPECT_EQ(error_of_run([&] { run("vethx", cni::Verb::add, "{}"); }),
            "105 failed to find plugin \"vethx\" in path [/nowhere /never]; install it there, or set --cni-path to the "
            "folder of the plugins");
}

}  // namespace
