// An end of a pair is identified by its name, alias, MAC or ifindex (plugin/README.md, "Identity"). Administrators and
// udev can change names, aliases and MACs, so a change of one of them does not prove that the pair is gone.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <filesystem>
#include <ostream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto new_name = "rack7";

/// The attributes of an end that are changed.
struct AttributeChange {
  std::string label;
  bool alias = false;
  bool mac = false;
  bool name = false;
};

std::ostream& operator<<(std::ostream& stream, const AttributeChange& change) { return stream << change.label; }

const std::vector<AttributeChange> attribute_changes{{.label = "alias", .alias = true},
                                                     {.label = "mac", .mac = true},
                                                     {.label = "name", .name = true},
                                                     {.label = "alias_and_mac", .alias = true, .mac = true},
                                                     {.label = "alias_and_name", .alias = true, .name = true},
                                                     {.label = "mac_and_name", .mac = true, .name = true},
                                                     {.label = "all", .alias = true, .mac = true, .name = true}};

/// Changes the attributes, the name last, and returns the new name. Kernels before 6.2 rename an interface only
/// while it is down.
std::string change_attributes(const Namespace& netns, const std::string& interface, const AttributeChange& change) {
  if (change.alias) run_ip(netns, {"link", "set", interface, "alias", "rack 7"});
  if (change.mac) run_ip(netns, {"link", "set", interface, "address", "02:00:00:00:00:99"});
  if (!change.name) return interface;
  rename_interface(netns, interface, new_name);
  run_ip(netns, {"link", "set", new_name, "up"});
  return new_name;
}

/// The state of the only attachment, as `vethctl list` prints it.
std::string listed_state() {
  const auto listed = json::parse(vethctl({"list", "--output", "json"}).out);
  return listed.size() == 1 ? listed.at(0).value("state", "") : std::to_string(listed.size()) + " attachments";
}

/// The attachments that `vethctl gc` drops.
json dropped_by_gc() { return json::parse(vethctl({"gc", "--output", "json"}).out).at("dropped"); }

/// Container a in a network with one address, with changed attributes of its host end.
class ChangedHostEnd : public testing::TestWithParam<std::tuple<std::string, AttributeChange>> {
 protected:
  void SetUp() override {
    config["ipam"] = veth_ipam({"10.1.2.0/30", "fd00:1:2::/126"});
    ASSERT_EQ(add(a, config).exit, 0);  // a bridge stays after DEL
    ASSERT_EQ(del(a, config).exit, 0);
    before = Snapshot::take();
    added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    host_end = change_attributes(Namespace::host(), host_interface_of(added.result), std::get<1>(GetParam()));
  }
  void expect_nothing_left() const {
    EXPECT_FALSE(has_interface(Namespace::host(), host_end));
    EXPECT_FALSE(has_interface(a.netns, "eth0"));
    EXPECT_TRUE(unchanged_since(before));
  }

  json config = in_mode(std::get<0>(GetParam()));
  Container a{"a"};
  Snapshot before;
  Answer added;
  std::string host_end;
};

INSTANTIATE_TEST_SUITE_P(, ChangedHostEnd,
                         testing::Combine(testing::Values("ptp", "bridge"), testing::ValuesIn(attribute_changes)),
                         [](const auto& instance) {
                           return std::get<0>(instance.param) + "_" + std::get<1>(instance.param).label;
                         });

TEST_P(ChangedHostEnd, KeepsTheAddress) {
  EXPECT_EQ(listed_state(), "live");
  EXPECT_EQ(dropped_by_gc(), json::array());
  EXPECT_EQ(vethctl({"leases", "release", "net", "10.1.2.2"}).exit, 1);
  const Container b{"b"};
  const auto refused = add(b, config);
  EXPECT_EQ(code_of(refused), 102) << refused;
  EXPECT_EQ(code_of(call({.command = "STATUS", .interface = "", .config = config})), 50);
  EXPECT_EQ(code_of(add(a, config)), 101);
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
}

TEST_P(ChangedHostEnd, IsRemovedByDel) {
  const auto deleted = del(a, config);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  expect_nothing_left();
}

TEST_P(ChangedHostEnd, IsRemovedByGc) {
  const auto collected = gc(config, {});
  EXPECT_EQ(collected.exit, 0) << collected;
  expect_nothing_left();
}

/// Repair does not restore a changed MAC, and reports it. An end that is identified only by its ifindex is not changed.
TEST_P(ChangedHostEnd, IsReportedByCheckAndRestoredByRepair) {
  const auto& change = std::get<1>(GetParam());
  const auto found = vethctl({"check", "--conf-dir", "/run/test"});
  EXPECT_EQ(found.exit, 1) << found.out;
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, change.mac ? 1 : 0) << repaired.out << repaired.err;
  if (!change.mac) {
    EXPECT_TRUE(has_interface(Namespace::host(), host_interface_of(added.result)));
    const auto checked = check(a, config, added.result);
    EXPECT_EQ(checked.exit, 0) << checked;
    EXPECT_TRUE(ping(a.netns, "10.1.2.1") && ping(a.netns, "fd00:1:2::1"));
  }
  EXPECT_EQ(del(a, config).exit, 0);
  expect_nothing_left();
}

json netns_network_with(const Namespace& peer) {
  json config = in_mode("netns");
  config["ipam"] = {{"type", "veth-ipam"}, {"addresses", {{{"address", "10.1.2.2/24"}}}}};
  config["peer"] = {{"netns", peer.path()}, {"ifname", "eth1"}, {"addresses", {"10.1.2.1/24"}}};
  return config;
}

/// Container a and its peer in mode netns.
class NetnsPair : public testing::Test {
 protected:
  void SetUp() override {
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
  }
  void delete_whole_state() { std::filesystem::remove_all(state_root); }
  void expect_both_ends_gone() const {
    for (const auto* netns : {&a.netns, &peer}) {
      EXPECT_EQ(ip(*netns, {"link", "show", "type", "veth"}), json::array()) << netns->path();
    }
    EXPECT_TRUE(unchanged_since(before));
  }
  void expect_del_removes_both_ends() const {
    const auto deleted = del(a, config);
    EXPECT_EQ(deleted.exit, 0) << deleted;
    expect_both_ends_gone();
  }

  Snapshot before = Snapshot::take();
  Namespace peer{"peer"};
  Container a{"a"};
  json config = netns_network_with(peer);
};

/// Attributes of the container's end or of the peer's are changed.
class NetnsPairWithChangedEnd : public NetnsPair,
                                public testing::WithParamInterface<std::tuple<std::string, AttributeChange>> {
 protected:
  void SetUp() override {
    NetnsPair::SetUp();
    const bool is_of_peer = std::get<0>(GetParam()) == "peer";
    change_attributes(is_of_peer ? peer : a.netns, is_of_peer ? "eth1" : "eth0", std::get<1>(GetParam()));
  }
};

INSTANTIATE_TEST_SUITE_P(, NetnsPairWithChangedEnd,
                         testing::Combine(testing::Values("container", "peer"), testing::ValuesIn(attribute_changes)),
                         [](const auto& instance) {
                           return std::get<0>(instance.param) + "_" + std::get<1>(instance.param).label;
                         });

TEST_P(NetnsPairWithChangedEnd, IsRemovedByDel) { expect_del_removes_both_ends(); }

TEST_P(NetnsPairWithChangedEnd, IsRemovedByGc) {
  const auto collected = gc(config, {});
  EXPECT_EQ(collected.exit, 0) << collected;
  expect_both_ends_gone();
}

TEST_P(NetnsPairWithChangedEnd, IsNotStale) {
  EXPECT_EQ(dropped_by_gc(), json::array());
  EXPECT_EQ(code_of(add(a, config)), 101);
  EXPECT_FALSE(ip(a.netns, {"link", "show", "type", "veth"}).empty());
}

/// The other end is unchanged.
TEST_P(NetnsPairWithChangedEnd, IsRemovedWithoutARecord) {
  delete_whole_state();
  expect_del_removes_both_ends();
}

/// A link by which the workload in the peer's namespace replaces the real end.
struct LookalikeLink {
  std::string label;
  std::vector<std::string> type;  ///< the last arguments of `ip link add NAME`
  bool has_mac = false;           ///< it has the MAC of the real end
};

std::ostream& operator<<(std::ostream& stream, const LookalikeLink& kind) { return stream << kind.label; }

class NetnsPairWithReplacedEnd : public NetnsPair, public testing::WithParamInterface<LookalikeLink> {
 protected:
  void SetUp() override {
    NetnsPair::SetUp();
    const auto real = ip(peer, {"link", "show", "eth1"}).at(0);
    rename_interface(peer, "eth1", "real");
    run_ip(peer, {"link", "set", "real", "alias", "", "address", "02:00:00:00:00:98"});
    std::vector<std::string> words{"link", "add", "eth1"};
    if (GetParam().has_mac) words.insert(words.end(), {"address", real.at("address").get<std::string>()});
    words.insert(words.end(), GetParam().type.begin(), GetParam().type.end());
    run_ip(peer, words);
    run_ip(peer, {"link", "set", "eth1", "alias", real.at("ifalias").get<std::string>()});
  }
  void expect_real_ends_gone() const {
    EXPECT_FALSE(has_interface(a.netns, "eth0"));
    EXPECT_FALSE(has_interface(peer, "real"));
    EXPECT_TRUE(unchanged_since(before));
  }
};

INSTANTIATE_TEST_SUITE_P(Of, NetnsPairWithReplacedEnd,
                         testing::Values(LookalikeLink{"bridge", {"type", "bridge"}, false},
                                         LookalikeLink{"bridge_with_mac", {"type", "bridge"}, true},
                                         LookalikeLink{"veth", {"type", "veth", "peer", "name", "other"}, false},
                                         LookalikeLink{
                                             "veth_with_mac", {"type", "veth", "peer", "name", "other"}, true}),
                         [](const auto& instance) { return instance.param.label; });

TEST_P(NetnsPairWithReplacedEnd, IsRemovedByDel) {
  const auto deleted = del(a, config);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  expect_real_ends_gone();
  EXPECT_TRUE(has_interface(peer, "eth1")) << "it is no end of the pair";
}

TEST_P(NetnsPairWithReplacedEnd, IsRemovedByGc) {
  const auto collected = gc(config, {});
  EXPECT_EQ(collected.exit, 0) << collected;
  expect_real_ends_gone();
}

TEST_P(NetnsPairWithReplacedEnd, IsRemovedWithoutARecord) {
  delete_whole_state();
  const auto deleted = del(a, config);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  expect_real_ends_gone();
}

std::string index_of(const Namespace& netns, const std::string& interface) {
  return std::to_string(ip(netns, {"link", "show", interface}).at(0).at("ifindex").get<int>());
}

/// The peer's end was moved to a third namespace. Another link has the ifindex of the moved end, and its peer has the
/// ifindex of the container end.
TEST_F(NetnsPair, IsRemovedIfOtherLinksHaveTheRecordedIndexes) {
  const Namespace third{"third"};
  const Namespace fourth{"fourth"};
  const auto index = index_of(peer, "eth1");
  const auto other_index = index_of(a.netns, "eth0");
  run_ip(peer, {"link", "set", "eth1", "netns", "third", "name", "real"});
  run_ip(peer, {"link", "add", "eth1", "index", index, "type", "veth", "peer", "name", "other", "index", other_index,
                "netns", "fourth"});
  const auto deleted = del(a, config);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(a.netns, "eth0")) << deleted;
  EXPECT_FALSE(has_interface(third, "real")) << deleted;
  EXPECT_TRUE(unchanged_since(before));
}

/// Adds so many alternative names that the kernel's message about the link is longer than 32 KiB.
void add_alternative_names(const Namespace& netns, const std::string& interface) {
  constexpr int count = 330;
  constexpr std::size_t length = 123;
  std::string commands;
  for (int number = 0; number < count; ++number) {
    auto name = std::to_string(number) + "-";
    name.resize(length, 'n');
    commands.append("link property add dev ").append(interface).append(" altname ").append(name).append("\n");
  }
  const auto outcome = run({.argv = {"ip", "-batch", "-"}, .input = commands, .inside = &netns});
  if (outcome.exit != 0) throw std::runtime_error("add names to " + interface + ": " + outcome.err);
}

class LinkWithManyNames : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(, LinkWithManyNames, testing::Values("ptp", "bridge"));

TEST_P(LinkWithManyNames, IsFoundByEachVerb) {
  const Container a{"a"};
  const auto config = in_mode(GetParam());
  ASSERT_EQ(add(a, config).exit, 0);
  ASSERT_EQ(del(a, config).exit, 0);
  const auto before = Snapshot::take();
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  add_alternative_names(Namespace::host(), host_interface_of(added.result));
  add_alternative_names(a.netns, "eth0");
  EXPECT_EQ(listed_state(), "live");
  const auto checked = check(a, config, added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
  EXPECT_EQ(code_of(add(a, config)), 101);
  const auto deleted = del(a, config);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(NetnsPair, IsRemovedWhenBothEndsHaveManyNames) {
  add_alternative_names(a.netns, "eth0");
  add_alternative_names(peer, "eth1");
  EXPECT_EQ(listed_state(), "live");
  expect_del_removes_both_ends();
}

/// The other end is still in the container.
TEST(MovedHostEnd, KeepsItsAddressUntilDel) {
  auto config = in_mode("ptp");
  config["ipam"] = veth_ipam({"10.1.2.0/30"});
  const Container a{"a"};
  const Container b{"b"};
  const Namespace elsewhere{"z"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  run_ip(Namespace::host(), {"link", "set", host_interface_of(added.result), "netns", "z"});
  EXPECT_EQ(code_of(add(b, config)), 102) << "the only address is in use";
  EXPECT_EQ(vethctl({"gc"}).out, "no stale attachments\n");
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_EQ(add(b, config).exit, 0);
  EXPECT_EQ(del(b, config).exit, 0);
}

/// An interface of other software has the name of the host end or of the ifb. Its kind and the mode are parameters.
class ForeignInterface : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  void SetUp() override {
    config["bandwidth"] = {{"egressRate", 8'000'000}, {"egressBurst", 800'000}};
    const auto added = add(a, config);
    ASSERT_EQ(added.exit, 0) << added;
    host_end = host_interface_of(added.result);
    ASSERT_EQ(del(a, config).exit, 0);
  }
  void TearDown() override {
    for (const auto& name : {host_end, ifb()}) run({.argv = {"ip", "link", "delete", name}});
  }
  std::string ifb() const { return "ifb" + host_end.substr(std::string{"veth"}.size()); }

  void expect_unchanged(const std::string& name) {
    const Namespace host = Namespace::host();
    run_ip(host, {"link", "add", name, "type", std::get<0>(GetParam())});
    run_ip(host, {"link", "set", name, "addrgenmode", "none", "alias", "of other software"});
    const auto before = Snapshot::take_full();
    const auto refused = add(a, config);
    EXPECT_NE(refused.out.find("the host already has an interface with this name"), std::string::npos) << refused;
    EXPECT_EQ(difference(before, Snapshot::take_full()), "");
    EXPECT_EQ(del(a, config).exit, 0);
    EXPECT_EQ(difference(before, Snapshot::take_full()), "");
  }

  json config = in_mode(std::get<1>(GetParam()));
  Container a{"a"};
  std::string host_end;
};

INSTANTIATE_TEST_SUITE_P(, ForeignInterface,
                         testing::Combine(testing::Values("veth", "bridge", "ifb"), testing::Values("ptp", "bridge")),
                         [](const auto& instance) {
                           return std::get<0>(instance.param) + "_" + std::get<1>(instance.param);
                         });

TEST_P(ForeignInterface, WithTheNameOfTheHostEndIsNotChanged) { expect_unchanged(host_end); }

TEST_P(ForeignInterface, WithTheNameOfTheIfbIsNotChanged) { expect_unchanged(ifb()); }

}  // namespace
