#include "plugin/cni/request.hpp"

#include "test/cni/failure.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

const std::string config =
    R"({"cniVersion":"1.1.0","name":"net","type":"veth","ipam":{"type":"veth-ipam","subnet":"10.0.0.0/8"}})";

Environment environment_of(const std::string& command) {
  return {.command = command,
          .container_id = "c1",
          .netns = "/run/netns/x",
          .ifname = "eth0",
          .args = "IP=10.0.0.5",
          .path = ":/opt/cni/bin::/b:",
          .netns_override = true};
}

TEST(ParseRequest, ReturnsTheWholeCall) {
  const Request request = parse_request(environment_of("ADD"), config, Role::plugin);
  EXPECT_EQ(request.verb, Verb::add);
  EXPECT_EQ(request.attachment, (Attachment{"net", "c1", "eth0"}));
  EXPECT_EQ(request.netns, "/run/netns/x");
  EXPECT_TRUE(request.netns_override);
  EXPECT_EQ(request.plugin_path, (std::vector<std::string>{"/opt/cni/bin", "/b"}));
  EXPECT_EQ(request.config.ipam.type, "veth-ipam");
  EXPECT_EQ(request.config.requested.addresses.size(), 1U);
  EXPECT_EQ(request.input, config);
}

TEST(ParseRequest, HasNoContainerForVerbsOfTheWholeNetwork) {
  for (const char* command : {"GC", "STATUS"}) {
    Environment environment = environment_of(command);
    environment.args = "no pair";
    const Request request = parse_request(environment, config, Role::plugin);
    EXPECT_EQ(request.attachment, (Attachment{"net", "", ""}));
    EXPECT_EQ(request.netns, "");
    EXPECT_EQ(request.config.requested, RuntimeRequest{});
  }
}

TEST(ParseRequest, ReadsNoConfigurationForVersion) {
  Environment environment;
  environment.command = "VERSION";
  Request expected;
  expected.input = "x";
  EXPECT_EQ(parse_request(environment, "x", Role::plugin), expected);
}

TEST(ParseRequest, ChecksTheEnvironmentFirst) {
  Environment environment = environment_of("ADD");
  environment.netns.clear();
  expect_failure([&] { parse_request(environment, "x", Role::plugin); }, ErrorCode::invalid_environment,
                 "required env variables [CNI_NETNS] missing");
}

TEST(ParseRequest, RejectsReservedInterfaceNames) {
  for (const char* name : {"lo", "all", "default"}) {
    Environment environment = environment_of("ADD");
    environment.ifname = name;
    for (const char* command : {"ADD", "CHECK"}) {
      environment.command = command;
      expect_failure([&] { parse_request(environment, config, Role::plugin); }, ErrorCode::invalid_environment,
                     "interface name is reserved by the kernel; CNI_IFNAME is \"" + std::string(name) + '"');
      EXPECT_NO_THROW(parse_request(environment, config, Role::ipam));
    }
    environment.command = "DEL";
    EXPECT_EQ(parse_request(environment, config, Role::plugin).attachment.interface, name);
  }
}

TEST(ParseRequest, SkipsArgumentsThatAreNoPairs) {
  for (const char* command : {"ADD", "CHECK", "DEL"}) {
    Environment environment = environment_of(command);
    for (const char* args : {"none", "IP=10.0.0.5;no pair", "=;IP=10.0.0.5", ";;"}) {
      environment.args = args;
      for (const auto role : {Role::plugin, Role::ipam, Role::loopback}) {
        EXPECT_NO_THROW(parse_request(environment, config, role)) << command << ' ' << args;
      }
    }
  }
}

TEST(ParseRequest, DelIgnoresInvalidArguments) {
  Environment environment = environment_of("DEL");
  environment.args = "IP=x;MAC=x;GATEWAY=x";
  EXPECT_EQ(parse_request(environment, config, Role::plugin).config.requested, RuntimeRequest{});
}

TEST(ParseRequest, AcceptsConfigurationsOfUpTo16Mebibytes) {
  std::string input = config;
  input.resize(16U << 20U, ' ');
  EXPECT_NO_THROW(parse_request(environment_of("ADD"), input, Role::plugin));
  expect_failure([&] { parse_request(environment_of("ADD"), input + ' ', Role::plugin); }, ErrorCode::decoding_failure,
                 "the network configuration is larger than 16 MiB");
}

TEST(ParseRequest, ReadsTheConfigurationOfAnotherPluginAsIpam) {
  const std::string other =
      R"({"name":"net","type":"ptp","mtu":"x","ipam":{"type":"veth-ipam","subnet":"10.0.0.0/8"}})";
  EXPECT_EQ(parse_request(environment_of("ADD"), other, Role::ipam).config.ipam.ranges.size(), 1U);
}

}  // namespace
}  // namespace cni
