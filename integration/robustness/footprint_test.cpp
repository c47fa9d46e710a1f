// DEL and GC remove all that an attachment has made, even after its configuration was changed or records were damaged,
// and at a cost that does not depend on the number of other attachments.
#include "integration/support/call.hpp"
#include "integration/support/counting.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto first_gateway = "fd00:1:2::1";
constexpr auto other_gateway = "fd00:1:2::fffe";

json with_gateway(const char* gateway) {
  json config = in_mode("ptp");
  config["ipam"]["ranges"][1][0]["gateway"] = gateway;
  return config;
}

/// Overwrites the records of the live attachments of a network with a text that cannot be parsed.
void damage_records(const std::string& network) {
  for (const auto& record : std::filesystem::directory_iterator{state_folder() + "/" + network + "/live"}) {
    write_text(record.path(), "{");
  }
}

bool has_on_lo(const std::string& gateway) {
  const auto all = addresses(Namespace::host(), "lo");
  return std::ranges::find(all, gateway + "/128") != all.end();
}

void delete_state() { std::filesystem::remove_all(state_root); }

class GatewayOnLo : public testing::Test {
 protected:
  Snapshot before = Snapshot::take();
  Container a{"a"};
  Container b{"b"};
};

TEST_F(GatewayOnLo, IsRemovedWithItsLastUserAfterTheConfigurationWasChanged) {
  ASSERT_EQ(add(a, with_gateway(first_gateway)).exit, 0);
  ASSERT_EQ(add(b, with_gateway(other_gateway)).exit, 0);
  EXPECT_EQ(del(a, with_gateway(other_gateway)).exit, 0);
  EXPECT_FALSE(has_on_lo(first_gateway));
  EXPECT_TRUE(has_on_lo(other_gateway));
  EXPECT_EQ(del(b, with_gateway(other_gateway)).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// DEL in the other order, with only the names of network, container and interface.
TEST_F(GatewayOnLo, IsRemovedWithoutAConfiguration) {
  const json bare{{"cniVersion", "1.1.0"}, {"name", "net"}, {"type", "veth"}};
  ASSERT_EQ(add(a, with_gateway(first_gateway)).exit, 0);
  ASSERT_EQ(add(b, with_gateway(other_gateway)).exit, 0);
  EXPECT_EQ(del(b, bare).exit, 0);
  EXPECT_TRUE(has_on_lo(first_gateway));
  EXPECT_FALSE(has_on_lo(other_gateway));
  EXPECT_EQ(del(a, bare).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(GatewayOnLo, IsRemovedByGcAfterTheConfigurationWasChanged) {
  ASSERT_EQ(add(a, with_gateway(first_gateway)).exit, 0);
  ASSERT_EQ(add(b, with_gateway(other_gateway)).exit, 0);
  EXPECT_EQ(gc(with_gateway(other_gateway), {{"b"}}).exit, 0);
  EXPECT_FALSE(has_on_lo(first_gateway));
  EXPECT_EQ(gc(with_gateway("fd00:1:2::abcd"), {}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(GatewayOnLo, IsRemovedWithAReclaimedAttachment) {
  const auto added = add(a, with_gateway(first_gateway));
  ASSERT_EQ(added.exit, 0) << added;
  run_ip(Namespace::host(), {"link", "delete", host_interface_of(added.result)});
  EXPECT_EQ(vethctl({"gc"}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// The runtime gives each call its own ranges.
TEST_F(GatewayOnLo, IsRemovedIfItsRangeComesFromTheRuntime) {
  const auto of_runtime = [](const std::string& subnet) {
    json config = in_mode("ptp");
    config["ipam"].erase("ranges");
    config["runtimeConfig"] = {{"ipRanges", {{{{"subnet", subnet + "/64"}, {"gateway", subnet + "1"}}}}}};
    return config;
  };
  json without = in_mode("ptp");
  without["ipam"].erase("ranges");
  ASSERT_EQ(add(a, of_runtime("fd00:a::")).exit, 0);
  ASSERT_EQ(add(b, of_runtime("fd00:b::")).exit, 0);
  EXPECT_TRUE(has_on_lo("fd00:a::1") && has_on_lo("fd00:b::1"));
  EXPECT_EQ(del(a, without).exit, 0);
  EXPECT_FALSE(has_on_lo("fd00:a::1"));
  EXPECT_TRUE(has_on_lo("fd00:b::1"));
  EXPECT_EQ(del(b, of_runtime("fd00:c::")).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// Networks n1 and n2 with one gateway: container a in n1, whose record is damaged, and container b in n2.
class GatewayOfADamagedRecord : public GatewayOnLo {
 protected:
  void SetUp() override {
    n1["name"] = "n1";
    n2["name"] = "n2";
    n2["ipam"]["ranges"][0][0]["subnet"] = "10.9.2.0/24";
    n2["ipam"]["ranges"][1][0]["rangeStart"] = "fd00:1:2::100";
    ASSERT_EQ(add(a, n1).exit + add(b, n2).exit, 0);
    damage_records("n1");
  }
  void expect_kept_until_del() const {
    EXPECT_EQ(del(b, n2).exit, 0);
    EXPECT_TRUE(has_on_lo(first_gateway));
    EXPECT_TRUE(ping(a.netns, first_gateway));
    EXPECT_EQ(del(a, n1).exit, 0);
    EXPECT_TRUE(unchanged_since(before));
  }

  json n1 = with_gateway(first_gateway);
  json n2 = with_gateway(first_gateway);
};

TEST_F(GatewayOfADamagedRecord, IsKeptByDelInAnotherNetwork) { expect_kept_until_del(); }

/// An earlier version wrote gateways only into records, and nothing into the folder `gateways`.
TEST_F(GatewayOfADamagedRecord, IsKeptIfTheGatewaysFolderIsMissing) {
  std::filesystem::remove_all(state_folder() + "/gateways");
  expect_kept_until_del();
}

TEST_F(GatewayOnLo, IsRemovedWithItsLastUserIfTheGatewaysFolderIsMissing) {
  ASSERT_EQ(add(a, with_gateway(first_gateway)).exit + add(b, with_gateway(other_gateway)).exit, 0);
  std::filesystem::remove_all(state_folder() + "/gateways");
  EXPECT_EQ(del(a, with_gateway(other_gateway)).exit, 0);
  EXPECT_FALSE(has_on_lo(first_gateway));
  EXPECT_TRUE(has_on_lo(other_gateway));
  EXPECT_EQ(del(b, with_gateway(other_gateway)).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// A link without a record may use the gateway of a later attachment. The last DEL removes the gateway.
TEST_F(GatewayOnLo, IsKeptForAnAttachmentWithoutARecord) {
  const auto config = with_gateway(first_gateway);
  ASSERT_EQ(add(a, config).exit, 0);
  delete_state();
  ASSERT_EQ(add(b, config).exit, 0);
  EXPECT_EQ(del(b, config).exit, 0);
  EXPECT_TRUE(has_on_lo(first_gateway));
  EXPECT_TRUE(ping(a.netns, first_gateway));
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// The damaged record is one of the network whose other attachment is deleted.
TEST_F(GatewayOnLo, IsKeptForADamagedRecordOfItsOwnNetwork) {
  const auto config = with_gateway(first_gateway);
  ASSERT_EQ(add(a, config).exit, 0);
  damage_records("net");
  ASSERT_EQ(add(b, config).exit, 0);
  EXPECT_EQ(del(b, config).exit, 0);
  EXPECT_TRUE(has_on_lo(first_gateway));
  EXPECT_EQ(gc(config, {}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

json with_host_ports(int count) {
  json config = in_mode("ptp");
  auto& wanted = config["runtimeConfig"]["portMappings"] = json::array();
  for (int port = 1000; port < 1000 + count; ++port) wanted.push_back({{"hostPort", port}, {"containerPort", port}});
  return config;
}

/// A container with many host ports and no record.
class UnrecordedHostPorts : public testing::Test {
 protected:
  static constexpr int many = 150;  // more elements than fit into one message to the kernel
  void SetUp() override {
    ASSERT_EQ(add(a, config).exit, 0);
    delete_state();
  }

  Answer add_one_port(const Container& container) const {
    json one = in_mode("ptp");
    one["runtimeConfig"]["portMappings"] = {{{"hostPort", 1000 + many - 1}, {"containerPort", 80}}};
    return call({.command = "ADD",
                 .container = container.id,
                 .netns = container.netns.path(),
                 .config = one,
                 .timeout = std::chrono::seconds{3}});
  }

  Snapshot before = Snapshot::take();
  json config = with_host_ports(many);
  Container a{"a"};
  Container b{"b"};
};

/// DEL is killed before its system call number 20, 21 and so on, until one of them has removed elements.
TEST_F(UnrecordedHostPorts, AreRemovedByTheDelAfterAKilledOne) {
  const auto ruleset = [] { return nft({"list", "ruleset"}); };
  const auto complete = ruleset();
  const Call deletion{.command = "DEL", .container = "a", .netns = a.netns.path(), .config = config};
  constexpr std::size_t first_call = 20;
  constexpr std::size_t last_call = 400;
  for (std::size_t number = first_call; number < last_call && ruleset() == complete; ++number) {
    call_with_fault({.number = number, .kind = Fault::Kind::kill}, deletion);
  }
  const auto deleted = call(deletion);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_EQ(own_elements().size(), 0U);
  EXPECT_TRUE(unchanged_since(before));
}

/// The set of owner elements was flushed.
TEST_F(UnrecordedHostPorts, AreRemovedByDelWithoutOwnerElements) {
  nft({"flush", "set", "inet", "veth_cni", "owners"});
  const auto deleted = del(a, config);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(UnrecordedHostPorts, AreRemovedByGcWithoutOwnerElements) {
  nft({"flush", "set", "inet", "veth_cni", "owners"});
  const auto collected = gc(config, {});
  EXPECT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(UnrecordedHostPorts, AreReclaimedFromAStaleHolder) {
  nft({"flush", "set", "inet", "veth_cni", "owners"});
  run_ip(a.netns, {"link", "delete", "eth0"});
  const auto added = add_one_port(b);
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(del(b, in_mode("ptp")).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(UnrecordedHostPorts, AreRefusedWhileTheHolderExists) {
  nft({"flush", "set", "inet", "veth_cni", "owners"});
  const auto all = own_elements().size();
  const auto refused = add_one_port(b);
  EXPECT_EQ(code_of(refused), 106) << refused;
  EXPECT_EQ(own_elements().size(), all);
  EXPECT_FALSE(has_interface(b.netns, "eth0"));
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// The file name of a record, made from a number: "aaaaaaaaaaaba". The last digit is always "a".
std::string record_name(std::size_t number) {
  constexpr std::string_view digits = "abcdefghijklmnopqrstuvwxyz234567";
  std::string name(13, 'a');
  for (std::size_t position = 12; position-- > 0; number /= digits.size())
    name.at(position) = digits.at(number % digits.size());
  return name;
}

/// Makes stale attachments: each one has only a record, which cannot be parsed.
void write_records(const std::string& network, std::size_t count) {
  const auto folder = state_folder() + "/" + network;
  for (const char* part : {"", "/addresses", "/pending", "/live"}) {
    std::filesystem::create_directory(folder + part);
    std::filesystem::permissions(folder + part, std::filesystem::perms::owner_all);
  }
  for (std::size_t number = 0; number < count; ++number) write_text(folder + "/live/" + record_name(number), "{}");
}

class ManyRecords : public testing::Test {
 protected:
  void SetUp() override {
    const Container first{"first"};
    ASSERT_EQ(add(first, in_mode("ptp")).exit, 0);  // makes the state folder
    ASSERT_EQ(del(first, in_mode("ptp")).exit, 0);
  }
};

/// The largest number of locks that the call holds at the same time.
std::size_t most_locks(Call made) {
  constexpr auto trace = "/run/test/locks";
  made.wrapper = {"strace", "-qq", "-o", trace, "-e", "trace=fcntl"};
  EXPECT_EQ(call(made).exit, 0);
  std::ifstream lines{trace};
  std::size_t held = 0;
  std::size_t most = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool is_set = line.find("F_OFD_SETLK") != std::string::npos && line.find(") = 0") != std::string::npos;
    if (is_set && line.find("F_WRLCK") != std::string::npos) most = std::max(most, ++held);
    if (is_set && line.find("F_UNLCK") != std::string::npos) --held;
  }
  return most;
}

/// For each lock the kernel searches all locks of the file: the cost of holding all of them grows with the square.
TEST_F(ManyRecords, AreRemovedByGcWithFewLocksAtATime) {
  constexpr std::size_t many = 1000;
  write_records("net", many);
  const auto most = most_locks(gc_call(in_mode("ptp"), {}));
  EXPECT_GT(most, 1U);
  EXPECT_LE(most, many / 4);
  EXPECT_TRUE(std::filesystem::is_empty(state_folder() + "/net/live"));
}

std::size_t calls_of_gc(std::size_t records) {
  write_records("net", records);
  return count_system_calls(gc_call(in_mode("ptp"), {})).all;
}

TEST_F(ManyRecords, AreRemovedByGcInLinearTime) {
  const auto few = calls_of_gc(200);
  const auto many = calls_of_gc(800);
  EXPECT_LE(many, few * 4 + few / 2) << few << " for a quarter of them";
}

/// DEL of a container with an IPv6 gateway, which has to find out whether another attachment uses it.
TEST_F(ManyRecords, DelDoesNotReadRecordsOfOtherNetworks) {
  const auto config = in_mode("ptp");
  const auto calls_of_del = [&] {
    const Container a{"a"};
    EXPECT_EQ(add(a, config).exit, 0);
    return count_system_calls({.command = "DEL", .container = "a", .netns = a.netns.path(), .config = config});
  };
  const auto without_others = calls_of_del();
  write_records("other", 1000);
  const auto with_others = calls_of_del();
  EXPECT_LE(with_others.opens, without_others.opens);
  EXPECT_LE(with_others.all, without_others.all);
}

TEST_F(ManyRecords, AddDoesNotReadRecordsOfOtherNetworks) {
  const auto config = in_mode("ptp");
  const auto calls_of_add = [&] {
    const Container a{"a"};
    const auto calls =
        count_system_calls({.command = "ADD", .container = "a", .netns = a.netns.path(), .config = config});
    EXPECT_EQ(del(a, config).exit, 0);
    return calls;
  };
  const auto without_others = calls_of_add();
  write_records("other", 1000);
  EXPECT_LE(calls_of_add().opens, without_others.opens);
}

/// The host has foreign routes to addresses of the network.
class ForeignRoute : public testing::TestWithParam<std::string> {
 protected:
  ForeignRoute() {
    run_ip(host, {"link", "add", "other0", "type", "bridge"});
    bring_up_without_address(host, "other0");
    for (const char* address : {"10.1.2.2", "fd00:1:2::2"}) run_ip(host, {"route", "add", address, "dev", "other0"});
  }
  Answer add_with_address(const Container& container, const std::string& address) const {
    return call({.command = "ADD",
                 .container = container.id,
                 .netns = container.netns.path(),
                 .args = "IP=" + address,
                 .config = config});
  }

  Namespace host = Namespace::host();
  json config = in_mode("ptp");
  Container a{"a"};
  Container b{"b"};
};

INSTANTIATE_TEST_SUITE_P(To, ForeignRoute, testing::Values("10.1.2.2", "fd00:1:2::2"),
                         [](const auto& instance) { return instance.index == 0 ? "ipv4" : "ipv6"; });

TEST_P(ForeignRoute, LeavesItsAddressUnallocated) {
  const auto before = Snapshot::take();
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, 4), "10.1.2.3");
  EXPECT_EQ(address_of(added.result, 6), "fd00:1:2::3");
  const auto leases = vethctl({"leases", "list", "net"}).out;
  EXPECT_EQ(leases.find(GetParam() + " "), std::string::npos) << leases;
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_P(ForeignRoute, IsReportedWhenItsAddressIsRequested) {
  ASSERT_EQ(add(a, config).exit, 0);
  const auto before = Snapshot::take();
  const auto refused = add_with_address(b, GetParam());
  EXPECT_EQ(code_of(refused), 103) << refused;
  EXPECT_NE(refused.out.find("address " + GetParam() + " lives elsewhere on the node: the host has a route to it"),
            std::string::npos)
      << refused;
  EXPECT_EQ(refused.out.find("\\\"a\\\""), std::string::npos) << refused;
  EXPECT_TRUE(unchanged_since(before));
  run_ip(host, {"route", "delete", GetParam(), "dev", "other0"});
  const auto added = add_with_address(b, GetParam());
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(address_of(added.result, GetParam().find(':') == std::string::npos ? 4 : 6), GetParam());
}

/// One address of each family is requested. They have different stale holders.
TEST(RequestedAddresses, AreReclaimedFromTwoStaleHolders) {
  const auto config = in_mode("ptp");
  const Container a{"a"};
  const Container b{"b"};
  const Container c{"c"};
  const auto first = add(a, config);
  const auto second = add(b, config);
  ASSERT_EQ(first.exit + second.exit, 0) << first << second;
  for (const auto* stale : {&a, &b}) run_ip(stale->netns, {"link", "delete", "eth0"});
  const auto added = call({.command = "ADD",
                           .container = c.id,
                           .netns = c.netns.path(),
                           .args = "IP=" + address_of(first.result, 4) + ',' + address_of(second.result, 6),
                           .config = config});
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(del(c, config).exit, 0);
}

/// A configuration with the longest lists that are accepted: its record is longer than 1 MiB.
json longest_config() {
  constexpr int longest_list = 4096;
  json config = in_mode("ptp");
  auto& routes = config["ipam"]["routes"] = json::array();
  auto& ports = config["runtimeConfig"]["portMappings"] = json::array();
  for (int number = 1; number <= longest_list; ++number) {
    routes.push_back({{"dst", "fd12:3456:789a:bcde:1234:5678:9abc:" + std::to_string(number) + "/128"}});
    ports.push_back({{"hostPort", number}, {"containerPort", number}});
  }
  return config;
}

/// Either the record is written and can be read, or ADD refuses it before anything is made.
TEST(LongestRecord, IsReadOrRefused) {
  const auto before = Snapshot::take();
  const Container a{"a"};
  const auto added = add(a, longest_config());
  if (code_of(added) != 7) {
    ASSERT_EQ(added.exit, 0) << added;
    const auto listed = json::parse(vethctl({"list", "--output", "json"}).out);
    EXPECT_EQ(listed.at(0).value("state", ""), "live");
    run_ip(Namespace::host(), {"link", "delete", host_interface_of(added.result)});
    EXPECT_EQ(vethctl({"gc"}).exit, 0) << "gc reads the record";
  }
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
