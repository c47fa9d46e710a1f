// DEL takes away all that ADD made, whatever is left of the container.
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

/// What has happened to the container before DEL comes, and what the runtime gives as CNI_NETNS then.
struct Fate {
  std::string name;
  std::string (*befall)(Container& container);
};

std::string nothing(Container& container) { return container.netns.path(); }

std::string netns_not_given(Container&) { return ""; }

std::string netns_gone(Container& container) {
  auto path = container.netns.path();
  container.netns.remove();
  return path;
}

std::string netns_gone_and_not_given(Container& container) {
  container.netns.remove();
  return "";
}

// As a reboot leaves it, or a runtime that unmounted without removing.
std::string netns_is_a_plain_file(Container& container) {
  container.netns.remove();
  std::ofstream{stale_file} << "";
  return stale_file;
}

std::string interface_removed(Container& container) {
  change_ip(container.netns, {"link", "delete", container.interface});
  return container.netns.path();
}

std::string interface_renamed(Container& container) {
  change_ip(container.netns, {"link", "set", container.interface, "down", "name", "other"});
  return container.netns.path();
}

std::string addresses_removed(Container& container) {
  change_ip(container.netns, {"address", "flush", "dev", container.interface});
  return container.netns.path();
}

const std::vector<Fate> fates{{"nothing", nothing},
                              {"netns not given", netns_not_given},
                              {"netns gone", netns_gone},
                              {"netns gone and not given", netns_gone_and_not_given},
                              {"netns is a plain file", netns_is_a_plain_file},
                              {"interface removed", interface_removed},
                              {"interface renamed", interface_renamed},
                              {"addresses removed", addresses_removed}};

enum class PreviousResult { none, own, foreign };

std::ostream& operator<<(std::ostream& stream, PreviousResult kind) {
  constexpr std::array names{"none", "own", "foreign"};
  return stream << names.at(static_cast<std::size_t>(kind));
}

/// One network of each mode, with all that hangs on an attachment.
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

/// With a bridge that has had its first container: it stays, and what mapped ports need of it.
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

  void expect_clean_del(const Fate& fate) const {
    const auto before = Snapshot::take();
    Container container{"a"};
    const auto added = add(container, config);
    ASSERT_EQ(added.exit, 0) << added;
    json with_previous = config;
    if (std::get<1>(GetParam()) != PreviousResult::none) with_previous["prevResult"] = previous_result(added.result);
    const auto netns = fate.befall(container);
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

TEST_P(DelInEachMode, LeavesNothingWhateverHappenedToTheContainer) {
  for (const auto& fate : fates) {
    SCOPED_TRACE(fate.name);
    expect_clean_del(fate);
  }
}

TEST(Del, SucceedsForWhatWasNeverAdded) {
  const auto before = Snapshot::take();
  const Container container{"never"};
  const auto deleted = del(container, dual_stack());
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before));
}

TEST(Del, TakesAwayItsOwnAttachmentAlone) {
  const Container a{"a"};
  const Container b{"b"};
  ASSERT_EQ(add(a, dual_stack()).exit, 0);
  const auto before = Snapshot::take();
  ASSERT_EQ(add(b, dual_stack()).exit, 0);
  EXPECT_EQ(del(b, dual_stack()).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
  EXPECT_TRUE(ping(Namespace::host(), "10.1.2.2"));
}

TEST(Del, NeedsNoMoreThanTheNameOfTheNetwork) {
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

TEST(Del, NeverTouchesTheHostsOwnInterfaces) {
  const auto host = Namespace::host();
  change_ip(host, {"link", "add", "eth0", "type", "bridge"});
  const auto before = Snapshot::take();
  const auto deleted = call({.command = "DEL", .container = "a", .netns = host.path(), .config = dual_stack()});
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before)) << deleted;
}

}  // namespace
