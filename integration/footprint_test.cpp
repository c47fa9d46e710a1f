// What an attachment has left goes with it, whatever has become of its configuration, its record and those of others;
// and what removes it costs no more because there are more of others.
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

bool has_on_lo(const std::string& gateway) {
  const auto all = addresses(Namespace::host(), "lo");
  return std::ranges::find(all, gateway + "/128") != all.end();
}

void lose_whole_state() { std::filesystem::remove_all(state_root); }

class GatewayOnLo : public testing::Test {
 protected:
  Snapshot before = Snapshot::take();
  Container a{"a"};
  Container b{"b"};
};

TEST_F(GatewayOnLo, GoesWithItsLastUserWhenTheConfigurationHasAnotherByThen) {
  ASSERT_EQ(add(a, with_gateway(first_gateway)).exit, 0);
  ASSERT_EQ(add(b, with_gateway(other_gateway)).exit, 0);
  EXPECT_EQ(del(a, with_gateway(other_gateway)).exit, 0);
  EXPECT_FALSE(has_on_lo(first_gateway));
  EXPECT_TRUE(has_on_lo(other_gateway));
  EXPECT_EQ(del(b, with_gateway(other_gateway)).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// In the other order, and by names alone.
TEST_F(GatewayOnLo, GoesWithoutAConfiguration) {
  const json bare{{"cniVersion", "1.1.0"}, {"name", "net"}, {"type", "veth"}};
  ASSERT_EQ(add(a, with_gateway(first_gateway)).exit, 0);
  ASSERT_EQ(add(b, with_gateway(other_gateway)).exit, 0);
  EXPECT_EQ(del(b, bare).exit, 0);
  EXPECT_TRUE(has_on_lo(first_gateway));
  EXPECT_FALSE(has_on_lo(other_gateway));
  EXPECT_EQ(del(a, bare).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(GatewayOnLo, GoesByGcWhenTheConfigurationHasAnotherByThen) {
  ASSERT_EQ(add(a, with_gateway(first_gateway)).exit, 0);
  ASSERT_EQ(add(b, with_gateway(other_gateway)).exit, 0);
  EXPECT_EQ(collect(with_gateway(other_gateway), {{"b"}}).exit, 0);
  EXPECT_FALSE(has_on_lo(first_gateway));
  EXPECT_EQ(collect(with_gateway("fd00:1:2::abcd"), {}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(GatewayOnLo, GoesWithAnAttachmentThatIsReclaimed) {
  const auto added = add(a, with_gateway(first_gateway));
  ASSERT_EQ(added.exit, 0) << added;
  change_ip(Namespace::host(), {"link", "delete", host_interface_of(added.result)});
  EXPECT_EQ(vethctl({"gc"}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// The runtime gives each call ranges of its own.
TEST_F(GatewayOnLo, OfRangesOfTheRuntimeGoesWithItsLastUser) {
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

/// Networks n1 and n2 have one gateway; the record of n1's container cannot be read.
TEST_F(GatewayOnLo, IsKeptForADamagedRecordOfAnotherNetwork) {
  json n1 = with_gateway(first_gateway);
  n1["name"] = "n1";
  json n2 = with_gateway(first_gateway);
  n2["name"] = "n2";
  n2["ipam"]["ranges"][0][0]["subnet"] = "10.9.2.0/24";
  ASSERT_EQ(add(a, n1).exit, 0);
  n2["ipam"]["ranges"][1][0]["rangeStart"] = "fd00:1:2::100";
  ASSERT_EQ(add(b, n2).exit, 0);
  for (const auto& record : std::filesystem::directory_iterator{state_folder() + "/n1/live"}) {
    write_text(record.path(), "{");
  }
  EXPECT_EQ(del(b, n2).exit, 0);
  EXPECT_TRUE(has_on_lo(first_gateway));
  EXPECT_TRUE(ping(a.netns, first_gateway));
  EXPECT_EQ(del(a, n1).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// The same as an earlier version left it: records name the gateways, and nothing claims them.
TEST_F(GatewayOnLo, IsKeptForADamagedRecordOfAnotherNetworkWithoutClaims) {
  json n1 = with_gateway(first_gateway);
  n1["name"] = "n1";
  json n2 = with_gateway(first_gateway);
  n2["name"] = "n2";
  n2["ipam"]["ranges"][0][0]["subnet"] = "10.9.2.0/24";
  n2["ipam"]["ranges"][1][0]["rangeStart"] = "fd00:1:2::100";
  ASSERT_EQ(add(a, n1).exit + add(b, n2).exit, 0);
  std::filesystem::remove_all(state_folder() + "/gateways");
  for (const auto& record : std::filesystem::directory_iterator{state_folder() + "/n1/live"}) {
    write_text(record.path(), "{");
  }
  EXPECT_EQ(del(b, n2).exit, 0);
  EXPECT_TRUE(has_on_lo(first_gateway));
  EXPECT_EQ(del(a, n1).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(GatewayOnLo, GoesWithItsLastUserThoughNothingClaimedIt) {
  ASSERT_EQ(add(a, with_gateway(first_gateway)).exit + add(b, with_gateway(other_gateway)).exit, 0);
  std::filesystem::remove_all(state_folder() + "/gateways");
  EXPECT_EQ(del(a, with_gateway(other_gateway)).exit, 0);
  EXPECT_FALSE(has_on_lo(first_gateway));
  EXPECT_TRUE(has_on_lo(other_gateway));
  EXPECT_EQ(del(b, with_gateway(other_gateway)).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// A link without a record may need the gateway of a later one; the last of them takes all along.
TEST_F(GatewayOnLo, IsKeptForAnAttachmentWithoutARecord) {
  const auto config = with_gateway(first_gateway);
  ASSERT_EQ(add(a, config).exit, 0);
  lose_whole_state();
  ASSERT_EQ(add(b, config).exit, 0);
  EXPECT_EQ(del(b, config).exit, 0);
  EXPECT_TRUE(has_on_lo(first_gateway));
  EXPECT_TRUE(ping(a.netns, first_gateway));
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

/// The same, while the network with the damaged record has other attachments that leave.
TEST_F(GatewayOnLo, IsKeptForADamagedRecordOfItsOwnNetwork) {
  const auto config = with_gateway(first_gateway);
  ASSERT_EQ(add(a, config).exit, 0);
  for (const auto& record : std::filesystem::directory_iterator{state_folder() + "/net/live"}) {
    write_text(record.path(), "{");
  }
  ASSERT_EQ(add(b, config).exit, 0);
  EXPECT_EQ(del(b, config).exit, 0);
  EXPECT_TRUE(has_on_lo(first_gateway));
  EXPECT_EQ(collect(config, {}).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

json with_host_ports(int count) {
  json config = in_mode("ptp");
  auto& wanted = config["runtimeConfig"]["portMappings"] = json::array();
  for (int port = 1000; port < 1000 + count; ++port) wanted.push_back({{"hostPort", port}, {"containerPort", port}});
  return config;
}

/// Elements of many host ports, of which no record is left.
class UnrecordedHostPorts : public testing::Test {
 protected:
  static constexpr int many = 150;  // more elements than one message to the kernel has
  void SetUp() override {
    ASSERT_EQ(add(a, config).exit, 0);
    lose_whole_state();
  }

  Answer add_one_port(const Container& container) const {
    json one = in_mode("ptp");
    one["runtimeConfig"]["portMappings"] = {{{"hostPort", 1000 + many - 1}, {"containerPort", 80}}};
    return call({.command = "ADD",
                 .container = container.id,
                 .netns = container.netns.path(),
                 .config = one,
                 .patience = std::chrono::seconds{3}});
  }

  Snapshot before = Snapshot::take();
  json config = with_host_ports(many);
  Container a{"a"};
  Container b{"b"};
};

/// Killed before one of its system calls after the other until some elements are gone, or all are.
TEST_F(UnrecordedHostPorts, AreRemovedByTheDelAfterOneThatWasKilled) {
  const auto listed = [] { return nft({"list", "ruleset"}); };
  const auto whole = listed();
  const Call deletion{.command = "DEL", .container = "a", .netns = a.netns.path(), .config = config};
  constexpr std::size_t most_calls = 400;
  constexpr std::size_t before_main = 20;
  for (std::size_t number = before_main; number < most_calls && listed() == whole; ++number) {
    call_with({.number = number, .kind = Fault::Kind::kill}, deletion);
  }
  const auto deleted = call(deletion);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_EQ(own_elements().size(), 0U);
  EXPECT_TRUE(unchanged_since(before));
}

/// The elements that name owners are missing: their set was flushed.
TEST_F(UnrecordedHostPorts, AreRemovedByDelWithoutTheirOwner) {
  nft({"flush", "set", "inet", "veth_cni", "owners"});
  const auto deleted = del(a, config);
  EXPECT_EQ(deleted.exit, 0) << deleted;
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(UnrecordedHostPorts, AreRemovedByGcWithoutTheirOwner) {
  nft({"flush", "set", "inet", "veth_cni", "owners"});
  const auto collected = collect(config, {});
  EXPECT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(UnrecordedHostPorts, AreTakenOverFromAHolderThatIsGone) {
  nft({"flush", "set", "inet", "veth_cni", "owners"});
  change_ip(a.netns, {"link", "delete", "eth0"});
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

/// "aaaaaaaaaaaba": what names a record, of a number; the last digit is even.
std::string record_name(std::size_t number) {
  constexpr std::string_view digits = "abcdefghijklmnopqrstuvwxyz234567";
  std::string name(13, 'a');
  for (std::size_t place = 12; place-- > 0; number /= digits.size()) name.at(place) = digits.at(number % digits.size());
  return name;
}

/// Attachments of which nothing but a record, that cannot be read, is left.
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

/// The most locks that the call has held at the same time.
std::size_t most_locks(Call made) {
  constexpr auto trace = "/run/test/locks";
  made.under = {"strace", "-qq", "-o", trace, "-e", "trace=fcntl"};
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

/// The kernel looks through all locks of a file for each lock: what holds them all costs the square of their number.
TEST_F(ManyRecords, AreCollectedWithFewLocksAtATime) {
  constexpr std::size_t many = 1000;
  write_records("net", many);
  const auto most = most_locks(collection(in_mode("ptp"), {}));
  EXPECT_GT(most, 1U);
  EXPECT_LE(most, many / 4);
  EXPECT_TRUE(std::filesystem::is_empty(state_folder() + "/net/live"));
}

std::size_t calls_of_gc(std::size_t records) {
  write_records("net", records);
  return count_system_calls(collection(in_mode("ptp"), {})).all;
}

TEST_F(ManyRecords, AreCollectedWithSystemCallsInProportion) {
  const auto few = calls_of_gc(200);
  const auto many = calls_of_gc(800);
  EXPECT_LE(many, few * 4 + few / 2) << few << " for a quarter of them";
}

/// A DEL of a network with IPv6, the last of its gateway and one of several.
TEST_F(ManyRecords, OfAnotherNetworkAreNotReadByDel) {
  const auto config = in_mode("ptp");
  const auto calls_of_del = [&] {
    const Container a{"a"};
    EXPECT_EQ(add(a, config).exit, 0);
    return count_system_calls({.command = "DEL", .container = "a", .netns = a.netns.path(), .config = config});
  };
  const auto alone = calls_of_del();
  write_records("other", 1000);
  const auto beside = calls_of_del();
  EXPECT_LE(beside.opens, alone.opens);
  EXPECT_LE(beside.all, alone.all);
}

TEST_F(ManyRecords, OfAnotherNetworkAreNotReadByAdd) {
  const auto config = in_mode("ptp");
  const auto calls_of_add = [&] {
    const Container a{"a"};
    const auto calls =
        count_system_calls({.command = "ADD", .container = "a", .netns = a.netns.path(), .config = config});
    EXPECT_EQ(del(a, config).exit, 0);
    return calls;
  };
  const auto alone = calls_of_add();
  write_records("other", 1000);
  EXPECT_LE(calls_of_add().all, alone.all);
}

/// The host has a route of others to addresses of the network.
class ForeignRoute : public testing::TestWithParam<std::string> {
 protected:
  ForeignRoute() {
    change_ip(host, {"link", "add", "other0", "type", "bridge"});
    change_ip(host, {"link", "set", "other0", "addrgenmode", "none", "up"});
    for (const char* address : {"10.1.2.2", "fd00:1:2::2"}) change_ip(host, {"route", "add", address, "dev", "other0"});
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

TEST_P(ForeignRoute, DoesNotBookItsAddressOnWhoMetIt) {
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

TEST_P(ForeignRoute, IsTheReasonThatARequestForItsAddressIsRefused) {
  ASSERT_EQ(add(a, config).exit, 0);
  const auto before = Snapshot::take();
  const auto refused = add_with_address(b, GetParam());
  EXPECT_EQ(code_of(refused), 103) << refused;
  EXPECT_NE(refused.out.find("the host has a route to " + GetParam()), std::string::npos) << refused;
  EXPECT_EQ(refused.out.find("\\\"a\\\""), std::string::npos) << refused;
  EXPECT_TRUE(unchanged_since(before));
  change_ip(host, {"route", "delete", GetParam(), "dev", "other0"});
  const auto given = add_with_address(b, GetParam());
  EXPECT_EQ(given.exit, 0) << given;
  EXPECT_EQ(address_of(given.result, GetParam().find(':') == std::string::npos ? 4 : 6), GetParam());
}

/// One address of each family is requested, and each has a holder of its own that is gone.
TEST(RequestedAddresses, AreReclaimedFromTwoHolders) {
  const auto config = in_mode("ptp");
  const Container a{"a"};
  const Container b{"b"};
  const Container c{"c"};
  const auto first = add(a, config);
  const auto second = add(b, config);
  ASSERT_EQ(first.exit + second.exit, 0) << first << second;
  for (const auto* gone : {&a, &b}) change_ip(gone->netns, {"link", "delete", "eth0"});
  const auto added = call({.command = "ADD",
                           .container = c.id,
                           .netns = c.netns.path(),
                           .args = "IP=" + address_of(first.result, 4) + ',' + address_of(second.result, 6),
                           .config = config});
  EXPECT_EQ(added.exit, 0) << added;
  EXPECT_EQ(del(c, config).exit, 0);
}

/// The most that a configuration may ask for: its record is longer than 1 MiB.
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

/// Either it is written and can be read, or it is refused before anything is made.
TEST(LongestRecord, IsReadOrRefused) {
  const auto before = Snapshot::take();
  const Container a{"a"};
  const auto added = add(a, longest_config());
  if (code_of(added) != 7) {
    ASSERT_EQ(added.exit, 0) << added;
    const auto listed = json::parse(vethctl({"list", "--output", "json"}).out);
    EXPECT_EQ(listed.at(0).value("state", ""), "live");
    change_ip(Namespace::host(), {"link", "delete", host_interface_of(added.result)});
    EXPECT_EQ(vethctl({"gc"}).exit, 0) << "by the record";
  }
  EXPECT_TRUE(unchanged_since(before));
}

}  // namespace
