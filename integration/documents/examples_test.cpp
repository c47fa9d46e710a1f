// Every example in conf/ works unchanged with libcni, the library that runtimes use.
#include "integration/support/client.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/libcni.hpp"
#include "integration/support/open_vswitch.hpp"
#include "integration/support/service.hpp"
#include "integration/support/snapshot.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto folder = VETH_SOURCE_DIR "/conf";

std::vector<std::filesystem::path> examples() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() == ".conflist") files.push_back(entry.path());
  }
  return files;
}

json result_of(const Outcome& added) {
  auto result = json::parse(added.out, nullptr, false);
  return result.is_object() ? result : json::object();
}

/// Another container of the network answers: the bridge has no address of the host.
void expect_reachable_port(const Container& container, const Libcni& libcni) {
  const Container other{"b"};
  const auto added = libcni.run("add", other);
  ASSERT_EQ(added.exit, 0) << added.err;
  for (const int family : {4, 6}) EXPECT_TRUE(ping(container.netns, address_of(result_of(added), family), 2)) << family;
  EXPECT_EQ(libcni.run("del", other).exit, 0);
}

/// Pings the peer in mode netns, in which the host has no interface, and the host and the gateway in other modes.
void expect_reachable(const Container& container, const json& result) {
  if (result.at("interfaces").at(0).contains("sandbox")) {
    for (const char* peer : {"192.168.10.2", "fd00:10::2"}) EXPECT_TRUE(ping(container.netns, peer)) << peer;
    return;
  }
  for (const int family : {4, 6}) {
    if (address_of(result, family).empty()) continue;
    EXPECT_TRUE(ping(Namespace::host(), address_of(result, family))) << "host to container, IPv" << family;
    EXPECT_TRUE(ping(container.netns, gateway_of(result, family))) << "container to gateway, IPv" << family;
  }
}

bool declares(const json& list, const char* capability) {
  return list.at("plugins").at(0).value("capabilities", json::object()).value(capability, false);
}

/// The port mapping that the runtime passes to the plugin works.
void expect_mapped_port(const Container& container) {
  const Service service{container.netns, 80};
  for (const char* address : {"127.0.0.1", "::1"}) {
    EXPECT_NE(seen_as(Namespace::host(), {Protocol::tcp, address, 8080}), "") << address;
  }
}

/// Adds and deletes a container so that the bridge exists: like that of the reference plugin, it stays after DEL.
void make_bridge(const Libcni& libcni, const Container& container) {
  ASSERT_EQ(libcni.run("add", container).exit, 0);
  ASSERT_EQ(libcni.run("del", container).exit, 0);
}

void expect_to_work(const std::filesystem::path& file) {
  SCOPED_TRACE(file.string());
  const auto list = json::parse(std::ifstream{file});
  const Libcni libcni{
      .folder = folder,
      .network = list.at("name").get<std::string>(),
      .capabilities = R"({"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]})"};
  const Container container{"a"};
  const Namespace peer{"net1"};
  const bool needs_ovs = file.string().find("-ovs.") != std::string::npos;
  if (needs_ovs && OpenVswitch::obstacle()) return;
  std::optional<OpenVswitch> ovs;
  if (needs_ovs) ovs.emplace();
  if (file.string().find("bridge") != std::string::npos) make_bridge(libcni, container);
  const auto before = Snapshot::take();
  EXPECT_EQ(libcni.run("validate", container).exit, 0);
  const auto added = libcni.run("add", container);
  ASSERT_EQ(added.exit, 0) << added.err;
  const auto result = result_of(added);
  EXPECT_FALSE(address_of(result, 4).empty() && address_of(result, 6).empty()) << added.out;
  needs_ovs ? expect_reachable_port(container, libcni) : expect_reachable(container, result);
  if (declares(list, "portMappings")) expect_mapped_port(container);
  for (const char* verb : {"check", "del"}) EXPECT_EQ(libcni.run(verb, container), Outcome{}) << verb;
  EXPECT_TRUE(unchanged_since(before));
}

TEST(Examples, WorkUnchanged) {
  if (!has_libcni()) GTEST_SKIP() << "NOT RUN: libcni-driver could not be built";
  ASSERT_FALSE(examples().empty());
  for (const auto& file : examples()) expect_to_work(file);
}

}  // namespace
