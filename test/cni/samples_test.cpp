#include "test/cni/samples.hpp"

#include "plugin/cni/request.hpp"
#include "test/cni/failure.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace cni {
namespace {

using nlohmann::json;

Sample sample_of(const std::string& line) {
  const json value = json::parse(line);
  return {.plugin = value.at("plugin").get<std::string>(),
          .environment = value.at("env").get<std::map<std::string, std::string>>(),
          .input = value.at("stdin").get<std::string>(),
          .output = value.at("stdout").get<std::string>()};
}

}  // namespace

std::vector<Sample> read_samples() {
  std::vector<Sample> samples;
  for (const auto& entry : std::filesystem::directory_iterator(VETH_TEST_FOLDER "/cni/samples")) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) samples.push_back(sample_of(line));
  }
  EXPECT_GT(samples.size(), 200U);
  return samples;
}

namespace {

Environment environment_of(const Sample& sample) {
  const auto& variables = sample.environment;
  return {.command = variables.at("CNI_COMMAND"),
          .container_id = variables.at("CNI_CONTAINERID"),
          .netns = variables.at("CNI_NETNS"),
          .ifname = variables.at("CNI_IFNAME"),
          .args = variables.at("CNI_ARGS"),
          .path = variables.at("CNI_PATH")};
}

// The input with our plugin in place of the reference plugin.
std::string input_for_us(const Sample& sample) {
  if (sample.environment.at("CNI_COMMAND") == "VERSION") return sample.input;
  json config = json::parse(sample.input);
  if (sample.plugin == "ptp") config["type"] = "veth";
  return config.dump();
}

// Without the capabilities that this version rejects.
std::string without_capabilities(const std::string& input) {
  json config = json::parse(input);
  if (config.contains("runtimeConfig")) {
    config["runtimeConfig"].erase("portMappings");
  }
  return config.dump();
}

bool is_of(const Sample& sample, std::initializer_list<const char*> plugins) {
  return std::ranges::find(plugins, sample.plugin) != plugins.end();
}

bool is_refused_capability(const Error& error) {
  return error.code == 2 && error.message.starts_with("/runtimeConfig/portMappings: ");
}

TEST(Samples, OfPtpAreValidRequests) {
  for (const Sample& sample : read_samples()) {
    if (!is_of(sample, {"ptp"})) continue;
    const std::string input = input_for_us(sample);
    try {
      const Request request = parse_request(environment_of(sample), input, Role::plugin);
      EXPECT_EQ(to_string(request.verb), sample.environment.at("CNI_COMMAND"));
      EXPECT_EQ(request.config.ipam.type, request.verb == Verb::version ? "" : "host-local") << input;
    } catch (const Error& error) {
      EXPECT_TRUE(is_refused_capability(error)) << error.what() << '\n' << input;
      EXPECT_NO_THROW(parse_request(environment_of(sample), without_capabilities(input), Role::plugin)) << input;
    }
  }
}

TEST(Samples, OfHostLocalAreValidRequestsForVethIpam) {
  for (const Sample& sample : read_samples()) {
    if (!is_of(sample, {"host-local"})) continue;
    const Request request = parse_request(environment_of(sample), sample.input, Role::ipam);
    EXPECT_FALSE(request.config.ipam.ranges.empty()) << sample.input;
    EXPECT_EQ(request.config.ipam.data_dir, "/run/cni-leases") << sample.input;
  }
}

TEST(Samples, OfOtherPluginsCanBeRead) {
  for (const Sample& sample : read_samples()) {
    if (is_of(sample, {"ptp", "host-local"})) continue;
    Environment environment = environment_of(sample);
    if (environment.ifname == "lo") environment.ifname = "lo0";
    const std::string input = input_for_us(sample);
    EXPECT_NO_THROW(parse_request(environment, environment.command == "VERSION" ? input : without_capabilities(input),
                                  Role::plugin))
        << input;
  }
}

TEST(Samples, ContainCapabilitiesInDel) {
  std::size_t mappings = 0;
  std::size_t bandwidths = 0;
  for (const Sample& sample : read_samples()) {
    if (!is_of(sample, {"ptp"}) || sample.environment.at("CNI_COMMAND") != "DEL") continue;
    const auto config = parse_request(environment_of(sample), input_for_us(sample), Role::plugin).config;
    mappings += config.requested.port_mappings.size();
    bandwidths += config.bandwidth.ingress && config.bandwidth.egress ? 1U : 0U;
  }
  EXPECT_GT(mappings, 0U);
  EXPECT_GT(bandwidths, 0U);
}

TEST(Samples, HaveResultsThatAreParsedAndPrintedUnchanged) {
  std::size_t results = 0;
  for (const Sample& sample : read_samples()) {
    if (sample.environment.at("CNI_COMMAND") != "ADD") continue;
    const Version version = *find_version(json::parse(sample.output).at("cniVersion").get<std::string>());
    const Result result = parse_result(sample.output, newest_version, "the sample");
    // loopback prints its result in the newest form whatever the version.
    if (sample.plugin != "loopback") {
      EXPECT_EQ(json::parse(to_json(result, version)), json::parse(sample.output));
    }
    ++results;
  }
  EXPECT_GT(results, 50U);
}

TEST(Samples, HaveTheSameOutputOfVersion) {
  for (const Sample& sample : read_samples()) {
    if (sample.environment.at("CNI_COMMAND") != "VERSION" || !is_of(sample, {"ptp"})) continue;
    json expected = json::parse(sample.output);
    expected["cniVersion"] = json::parse(sample.input).at("cniVersion");  // the reference plugin prints its own version
    EXPECT_EQ(json::parse(version_answer(find_version_text(sample.input).value())), expected);
  }
}

}  // namespace
}  // namespace cni
