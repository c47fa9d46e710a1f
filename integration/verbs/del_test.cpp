// DEL removes all that ADD made, in every state of the container.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto stale_file = "/run/netns/stale";

/// A change of the container between ADD and DEL.
struct ContainerChange {
  std::string name;
  std::string (*apply)(Container& container);  ///< returns CNI_NETNS of the DEL
};

std::string unchanged(Container& container) { return container.netns.path(); }

std::string netns_not_given(Container&) { return ""; }

std::string netns_deleted(Container& container) {
  auto path = container.netns.path();
  container.netns.remove();
  return path;
}

std::string netns_deleted_and_not_given(Container& container) {
  container.netns.remove();
  return "";
}

// A reboot leaves such a file, or a runtime that has only unmounted the namespace.
std::string netns_is_a_plain_file(Container& container) {
  container.netns.remove();
  std::ofstream{stale_file} << "";
  return stale_file;
}

std::string interface_removed(Container& container) {
  run_ip(container.netns, {"link", "delete", container.interface});
  return container.netns.path();
}

std::string interface_renamed(Container& container) {
  rename_interface(container.netns, container.interface, "other");
  return container.netns.path();
}

std::string addresses_removed(Container& container) {
  run_ip(container.netns, {"address", "flush", "dev", container.interface});
  return container.netns.path();
}

const std::vector<ContainerChange> container_changes{{"unchanged", unchanged},
                                                     {"netns not given", netns_not_given},
                                                     {"netns deleted", netns_deleted},
                                                     {"netns deleted and not given", netns_deleted_and_not_given},
                                                     {"netns is a plain file", netns_is_a_plain_file},
                                                     {"interface removed", interface_removed},
                                                     {"interface renamed", interface_renamed},
                                                     {"addresses removed", addresses_removed}};

enum class PreviousResult { none, own, foreign };

std::ostream& operator<<(std::ostream& stream, PreviousResult kind) {
  constexpr std::array names{"none", "own", "foreign"};
  return stream << names.at(static_cast<std::size_t>(kind));
}

/// A network of the mode, with everything that one attachment can have.
json network_of(const std::string& mode) {
  json config = in_mode(mode);
  if (mode == "netns") {
    config["peer"] = {
        {"netns", "/run/netns/peer"}, {"ifname", "eth1"}, {"addresses", {"10.1.2.1/24", "fd00:1:2::1/64"}}};
    config["ipam"].erase("routes");
    return config;
  }
  config["ipMasq"] = true;
  config["portMappings"] = {{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}}};
  config["bandwidth"] = {{"egressRate", 8'000'000}, {"egressBurst", 800'000}};
  return config;
}

/// A first container was added and deleted before, since the bridge and its settings for mapped ports stay.
class DelInEachMode : public testing::TestWithParam<std::tuple<std::string, PreviousResult>> {
 protected:
  DelInEachMode() {
    const Container first{"first"};
    EXPECT_EQ(add(first, config).exit, 0);
    EXPECT_EQ(del(first, config).exit, 0);
  }

  static json previous_result(const json& own) {
    if (std::get<1>(GetParam()) == PreviousResult::own) return own;
    return {{"cniVersion", "1.0.0"}, {"ips", json::array({{{"address", "192.0.2.9/24"}}})}};
  }

  void expect_clean_del(const ContainerChange& change) const {
    const auto before = Snapshot::take();
    Container container{"a"};
    const auto added = add(container, config);
    ASSERT_EQ(added.exit, 0) << added;
    json with_previous = config;
    if (std::get<1>(GetParam()) != PreviousResult::none) with_previous["prevResult"] = previous_result(added.result);
    const auto netns = change.apply(container);
    for (const char* time : {"first", "second"}) {
      const auto deleted = call({.command = "DEL", .container = "a", .netns = netns, .config = with_previous});
      EXPECT_EQ(deleted.exit, 0) << time << ": " << deleted;
      EXPECT_EQ(deleted.out, "") << time;
      EXPECT_TRUE(unchanged_since(before)) << time;
      EXPECT_FALSE(has_interface(peer, "eth1")) << time;
    }
    std::filesystem::remove(stale_file);
  }

  Namespace peer{"peer"};
  json config = network_of(std::get<0>(GetParam()));
};

INSTANTIATE_TEST_SUITE_P(, DelInEachMode,
                         testing::Combine(testing::Values("ptp", "bridge", "netns"),
                                          testing::Values(PreviousResult::none, PreviousResult::own,
                                                          PreviousResult::foreign)),
                         [](const auto& instance) {
                           return std::get<0>(instance.param) + "_" +
                                  testing::PrintToString(std::get<1>(instance.param));
                         });

TEST_P(DelInEachMode, LeavesNothingAfterEachChangeOfTheContainer) {
  for (const auto& change : container_changes) {
    SCOPED_TRACE(change.name);
    expect_clean_del(change);
  }
}

TEST(Del, SucceedsForAnUnknownAttachment) {
  const auto before = Snapshot::take();
  const Container container{"never"};
  const auto deleted = del(container, dual_stack());
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before));
}

TEST(Del, RemovesOnlyItsOwnAttachment) {
  const Container a{"a"};
  const Container b{"b"};
  ASSERT_EQ(add(a, dual_stack()).exit, 0);
  const auto before = Snapshot::take();
  ASSERT_EQ(add(b, dual_stack()).exit, 0);
  EXPECT_EQ(del(b, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_TRUE(ping(Namespace::host(), "10.1.2.2"));
}

TEST(Del, NeedsOnlyTheNameOfTheNetwork) {
  const auto before = Snapshot::take();
  const Container a{"a"};
  ASSERT_EQ(add(a, dual_stack()).exit, 0);
  const auto deleted = del(a, {{"cniVersion", "1.0.0"},
                               {"name", "net"},
                               {"type", "veth"},
                               {"mtu", "broken"},
                               {"ipam", {{"type", "veth-ipam"}}}});
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before));
}

TEST(Del, DoesNotChangeInterfacesOfTheHost) {
  const auto host = Namespace::host();
  run_ip(host, {"link", "add", "eth0", "type", "bridge"});
  const auto before = Snapshot::take();
  const auto deleted = call({.command = "DEL", .container = "a", .netns = host.path(), .config = dual_stack()});
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before)) << deleted;
}

}  // namespace
