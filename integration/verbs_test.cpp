// CHECK, GC, STATUS, VERSION, and the forms of a result in every version of the specification.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"
#include "plugin/posix/files.hpp"

#include <fcntl.h>

#include <chrono>
#include <functional>
#include <future>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

/// One thing that somebody changed by hand after ADD, and what CHECK has to say about it.
struct Tampering {
  std::string name;
  std::function<void(const Container& container, const std::string& host_interface)> tamper;
  std::string named;
};

std::ostream& operator<<(std::ostream& stream, const Tampering& tampering) { return stream << tampering.name; }

void on_host(const std::vector<std::string>& arguments) { change_ip(Namespace::host(), arguments); }

const std::vector<Tampering> tamperings{
    {"Ipv4AddressWasRemoved",
     [](const auto& a, const auto&) {
       change_ip(a.netns, {"address", "delete", "10.1.2.2/24", "dev", "eth0"});
     },
     "10.1.2.2"},
    {"Ipv6AddressWasRemoved",
     [](const auto& a, const auto&) {
       change_ip(a.netns, {"address", "delete", "fd00:1:2::2/64", "dev", "eth0"});
     },
     "fd00:1:2::2"},
    {"Ipv4DefaultRouteWasRemoved",
     [](const auto& a, const auto&) {
       change_ip(a.netns, {"-4", "route", "delete", "default"});
     },
     "0.0.0.0/0"},
    {"Ipv6DefaultRouteWasRemoved",
     [](const auto& a, const auto&) {
       change_ip(a.netns, {"-6", "route", "delete", "default"});
     },
     "::/0"},
    {"Ipv4HostRouteWasRemoved",
     [](const auto&, const auto& veth) {
       on_host({"route", "delete", "10.1.2.2", "dev", veth});
     },
     "10.1.2.2"},
    {"Ipv6HostRouteWasRemoved",
     [](const auto&, const auto& veth) {
       on_host({"-6", "route", "delete", "fd00:1:2::2", "dev", veth});
     },
     "fd00:1:2::2"},
    {"Ipv4HostRouteWasMoved",
     [](const auto&, const auto& veth) {
       on_host({"route", "delete", "10.1.2.2", "dev", veth});
       on_host({"route", "add", "10.1.2.2", "dev", veth, "table", "100"});
     },
     "10.1.2.2"},
    {"Ipv4GatewayWasRemoved",
     [](const auto&, const auto& veth) {
       on_host({"address", "delete", "10.1.2.1/32", "dev", veth});
     },
     "10.1.2.1"},
    {"Ipv6GatewayWasRemoved",
     [](const auto&, const auto&) {
       on_host({"address", "delete", "fd00:1:2::1/128", "dev", "lo"});
     },
     "fd00:1:2::1"},
    {"ContainerEndWasTakenDown",
     [](const auto& a, const auto&) {
       change_ip(a.netns, {"link", "set", "eth0", "down"});
     },
     "eth0"},
    {"MacWasChanged",
     [](const auto& a, const auto&) {
       change_ip(a.netns, {"link", "set", "eth0", "address", "02:00:00:00:00:99"});
     },
     "02:00:00:00:00:99"},
    {"PairWasRemoved",
     [](const auto& a, const auto&) {
       change_ip(a.netns, {"link", "delete", "eth0"});
     },
     "eth0"},
};

class CheckAfter : public testing::TestWithParam<Tampering> {};

TEST_P(CheckAfter, NamesTheDifference) {
  const Container a{"a"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(check(a, dual_stack(), added.result).exit, 0) << "CHECK right after ADD";
  GetParam().tamper(a, host_interface_of(added.result));
  const auto checked = check(a, dual_stack(), added.result);
  EXPECT_EQ(checked.exit, 1) << checked;
  EXPECT_EQ(code_of(checked), 104) << checked;
  EXPECT_NE(checked.out.find(GetParam().named), std::string::npos) << checked;
  EXPECT_EQ(del(a, dual_stack(), added.result).exit, 0);
}

INSTANTIATE_TEST_SUITE_P(Tampering, CheckAfter, testing::ValuesIn(tamperings),
                         [](const auto& place) { return place.param.name; });

TEST(Check, SaysNothingWhereAllIsAsItShouldBe) {
  const Container a{"a"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  const auto before = Snapshot::take();
  const auto checked = check(a, dual_stack(), added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
  EXPECT_EQ(checked.out, "");
  EXPECT_TRUE(unchanged_since(before));
}

TEST(Check, NeedsAPreviousResultAndAnAttachment) {
  const Container a{"a"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(check(a, dual_stack(), nullptr).exit, 1);
  ASSERT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_EQ(check(a, dual_stack(), added.result).exit, 1);
}

// A later plugin of the chain may move routes into another table (sbr does).
TEST(Check, AcceptsRoutesThatMovedToAnotherTable) {
  const Container a{"a"};
  const auto added = add(a, ipv4_only());
  ASSERT_EQ(added.exit, 0) << added;
  change_ip(a.netns, {"route", "delete", "default"});
  change_ip(a.netns, {"route", "add", "default", "via", "10.1.2.1", "dev", "eth0", "table", "100"});
  const auto checked = check(a, ipv4_only(), added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
}

class Gc : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* container : {&a, &b}) ASSERT_EQ(add(*container, config).exit, 0);
    both = Snapshot::take();
  }

  Answer collect(const json& keys) {
    json request = config;
    request.update(keys);
    return call({.command = "GC", .interface = "", .config = request});
  }

  static json attachment(const std::string& id) { return {{"containerID", id}, {"ifname", "eth0"}}; }

  json config = [] {
    json newest = dual_stack();
    newest["cniVersion"] = "1.1.0";
    return newest;
  }();
  Snapshot none = Snapshot::take();
  Container a{"a"};
  Container b{"b"};
  Snapshot both;
};

TEST_F(Gc, KeepsWhatIsValidAndRemovesTheRest) {
  const auto collected = collect({{"cni.dev/valid-attachments", json::array({attachment("a")})}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_EQ(collected.out, "");
  EXPECT_TRUE(ping(Namespace::host(), "10.1.2.2"));
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
  EXPECT_FALSE(has_interface(b.netns, "eth0"));
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(unchanged_since(none));
}

TEST_F(Gc, TakesTheUnionOfBothSpellings) {
  const auto collected = collect({{"cni.dev/valid-attachments", json::array({attachment("a")})},
                                  {"cni.dev/attachments", json::array({attachment("b")})}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(both));
}

TEST_F(Gc, RemovesAllForAnEmptyList) {
  const auto collected = collect({{"cni.dev/valid-attachments", json::array()}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(none));
}

TEST_F(Gc, RemovesAllForNull) {
  const auto collected = collect({{"cni.dev/valid-attachments", nullptr}, {"cni.dev/attachments", nullptr}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(none));
}

TEST_F(Gc, DeletesNothingWithoutTheKey) {
  const auto collected = collect(json::object());
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(both));
}

TEST_F(Gc, LeavesOtherNetworksAlone) {
  json request = config;
  request["name"] = "other";
  request["cni.dev/valid-attachments"] = json::array();
  const auto collected = call({.command = "GC", .interface = "", .config = request});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(both));
}

TEST_F(Gc, IsAsStrictAboutTheInterfaceAsAboutTheContainer) {
  const auto collected = collect(
      {{"cni.dev/valid-attachments", json::array({{{"containerID", "a"}, {"ifname", "eth1"}}, attachment("b")})}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_TRUE(has_interface(b.netns, "eth0"));
}

TEST_F(Gc, FreesTheAddressesOfContainersThatAreGone) {
  a.netns.remove();
  const auto collected = collect({{"cni.dev/valid-attachments", json::array({attachment("b")})}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_EQ(del(b, config).exit, 0);
  EXPECT_TRUE(unchanged_since(none));
}

/// A call that is at work on every attachment, for a time.
class HeldLocks {
 public:
  explicit HeldLocks(std::chrono::milliseconds time)
      : file_(posix::open_file(AT_FDCWD, state_folder() + "/locks", O_RDWR)) {
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_len = off_t{1} << 62U;  // those of networks are behind
    EXPECT_EQ(::fcntl(file_.get(), F_OFD_SETLK, &range), 0);
    release_ = std::async(std::launch::async, [this, time] {
      std::this_thread::sleep_for(time);
      file_.close();
    });
  }

 private:
  posix::FileDescriptor file_;
  std::future<void> release_;
};

TEST_F(Gc, WaitsForALockThatIsHeldForAMoment) {
  const HeldLocks locks{std::chrono::milliseconds{300}};
  const auto collected = collect({{"cni.dev/valid-attachments", json::array({attachment("a")})}});
  EXPECT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
  EXPECT_FALSE(has_interface(b.netns, "eth0"));
}

TEST_F(Gc, ReportsALockThatIsHeldForLonger) {
  {
    const HeldLocks locks{std::chrono::milliseconds{2500}};
    const auto collected = collect({{"cni.dev/valid-attachments", json::array({attachment("a")})}});
    EXPECT_EQ(code_of(collected), 11) << collected;
    EXPECT_TRUE(has_interface(b.netns, "eth0"));
  }
  EXPECT_EQ(collect({{"cni.dev/valid-attachments", json::array()}}).exit, 0);
  EXPECT_TRUE(unchanged_since(none));
}

/// What is held is none of the stale ones.
TEST_F(Gc, NeedsNoLocksOfValidAttachments) {
  const HeldLocks locks{std::chrono::milliseconds{1500}};
  const auto collected = collect({{"cni.dev/valid-attachments", json::array({attachment("a"), attachment("b")})}});
  EXPECT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(both));
}

class Status : public testing::Test {
 protected:
  Status() {
    config["cniVersion"] = "1.1.0";
    config["ipam"] = veth_ipam({"10.1.2.0/30"});  // one address beside the gateway
  }

  Answer status() { return call({.command = "STATUS", .interface = "", .config = config}); }

  json config = dual_stack();
};

TEST_F(Status, IsReadyWhileThereAreAddresses) {
  const auto before = Snapshot::take();
  const auto answer = status();
  EXPECT_EQ(answer.exit, 0) << answer;
  EXPECT_EQ(answer.out, "");
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Status, SaysThatThePoolIsFull) {
  const Container a{"a"};
  ASSERT_EQ(add(a, config).exit, 0);
  const auto answer = status();
  EXPECT_EQ(answer.exit, 1) << answer;
  EXPECT_EQ(code_of(answer), 50) << answer;
  EXPECT_NE(answer.out.find("10.1.2.1-10.1.2.2"), std::string::npos) << answer;
  ASSERT_EQ(del(a, config).exit, 0);
  EXPECT_EQ(status().exit, 0);
}

TEST_F(Status, IsReadyWithAFullPoolWhereThatIsWanted) {
  config["readyWhenFull"] = true;
  const Container a{"a"};
  ASSERT_EQ(add(a, config).exit, 0);
  const auto answer = status();
  EXPECT_EQ(answer.exit, 0) << answer;
}

TEST_F(Status, CountsWhatCanBeReclaimedAsFree) {
  Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  on_host({"link", "delete", host_interface_of(added.result)});
  const auto answer = status();
  EXPECT_EQ(answer.exit, 0) << answer;
}

TEST(FullPool, RefusesAndThenReclaimsWhatIsProvablyDead) {
  json config = dual_stack();
  config["ipam"] = veth_ipam({"10.1.2.0/30"});
  const Container a{"a"};
  const Container b{"b"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto refused = add(b, config);
  EXPECT_EQ(refused.exit, 1) << refused;
  EXPECT_EQ(code_of(refused), 102) << refused;
  on_host({"link", "delete", host_interface_of(added.result)});
  const auto second = add(b, config);
  ASSERT_EQ(second.exit, 0) << second;
  EXPECT_EQ(address_of(second.result, 4), "10.1.2.2");
}

/// A requested address, by each way to request one.
struct RequestedAddress {
  std::string mode;
  std::string way;
  std::string address;
};

std::ostream& operator<<(std::ostream& stream, const RequestedAddress& requested) {
  return stream << requested.mode << "_" << requested.way << "_"
                << (requested.address.find(':') == std::string::npos ? "ipv4" : "ipv6");
}

class RequestedAddressOfAHolder : public testing::TestWithParam<RequestedAddress> {
 protected:
  void SetUp() override {
    ASSERT_EQ(add(first, in_mode(GetParam().mode)).exit, 0);  // a bridge stays after DEL
    ASSERT_EQ(del(first, in_mode(GetParam().mode)).exit, 0);
    before = Snapshot::take();
    const auto added = call(requesting(a));
    ASSERT_EQ(added.exit, 0) << added;
    host_end = host_interface_of(added.result);
  }

  Call requesting(const Container& container) const {
    const auto& [mode, way, address] = GetParam();
    const auto prefix = address + (address.find(':') == std::string::npos ? "/24" : "/64");
    Call request{.command = "ADD", .container = container.id, .netns = container.netns.path(), .config = in_mode(mode)};
    if (way == "args") request.args = "IP=" + address;
    if (way == "runtime") request.config["runtimeConfig"] = {{"ips", {prefix}}};
    if (way == "configuration")
      request.config["ipam"] = {{"type", "veth-ipam"}, {"addresses", {{{"address", prefix}}}}};
    return request;
  }

  Container first{"first"};
  Container a{"a"};
  Container b{"b"};
  Snapshot before;
  std::string host_end;
};

INSTANTIATE_TEST_SUITE_P(, RequestedAddressOfAHolder,
                         testing::Values(RequestedAddress{"ptp", "args", "10.1.2.77"},
                                         RequestedAddress{"ptp", "args", "fd00:1:2::77"},
                                         RequestedAddress{"ptp", "runtime", "10.1.2.77"},
                                         RequestedAddress{"ptp", "runtime", "fd00:1:2::77"},
                                         RequestedAddress{"ptp", "configuration", "10.1.2.77"},
                                         RequestedAddress{"bridge", "args", "10.1.2.77"},
                                         RequestedAddress{"bridge", "runtime", "fd00:1:2::77"},
                                         RequestedAddress{"bridge", "configuration", "fd00:1:2::77"}),
                         testing::PrintToStringParamName());

TEST_P(RequestedAddressOfAHolder, IsReclaimedWhenTheHolderIsGone) {
  on_host({"link", "delete", host_end});
  const auto added = call(requesting(b));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_NE(added.out.find(GetParam().address + "/"), std::string::npos) << added;
  EXPECT_EQ(del(b, in_mode(GetParam().mode)).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_P(RequestedAddressOfAHolder, IsRefusedWhileTheHolderExists) {
  on_host({"link", "set", host_end, "alias", "rack 7"});
  const auto refused = call(requesting(b));
  EXPECT_EQ(code_of(refused), 103) << refused;
  EXPECT_NE(refused.out.find("\\\"a\\\""), std::string::npos) << refused;
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
}

TEST(VersionVerb, EchoesTheVersionItWasGiven) {
  for (const char* plugin : {"veth", "veth-ipam", "loopback"}) {
    const auto answer = call({.command = "VERSION", .config = {{"cniVersion", "1.0.0"}}, .plugin = plugin});
    EXPECT_EQ(answer.exit, 0) << answer;
    EXPECT_EQ(answer.result,
              (json{{"cniVersion", "1.0.0"},
                    {"supportedVersions", {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}}}))
        << plugin;
  }
}

TEST(VersionVerb, AnswersPeopleOnStandardError) {
  for (const char* plugin : {"veth", "veth-ipam", "loopback"}) {
    const auto outcome = run({.argv = {executables() + "/" + plugin, "--version"}});
    EXPECT_EQ(outcome.exit, 0) << plugin;
    EXPECT_EQ(outcome.out, "") << plugin;
    EXPECT_TRUE(outcome.err.starts_with("CNI " + std::string{plugin} + " plugin v")) << outcome.err;
  }
}

Answer add_in_version(const Container& container, const char* version) {
  json config = dual_stack();
  config["cniVersion"] = version;
  return add(container, config);
}

TEST(ResultForm, IsThatOfTheOldestVersions) {
  for (const char* version : {"0.1.0", "0.2.0"}) {
    const Container a{"a"};
    const auto added = add_in_version(a, version);
    ASSERT_EQ(added.exit, 0) << added;
    const auto address4 = added.result.at("ip4").at("ip").get<std::string>();
    EXPECT_TRUE(address4.starts_with("10.1.2.") && address4.ends_with("/24")) << added;
    EXPECT_EQ(added.result.at("ip4").at("gateway"), "10.1.2.1");
    EXPECT_EQ(added.result.at("ip4").at("routes").at(0).at("dst"), "0.0.0.0/0");
    EXPECT_EQ(added.result.at("ip6").at("gateway"), "fd00:1:2::1");
    EXPECT_EQ(added.result.at("cniVersion"), version);
    EXPECT_FALSE(added.result.contains("interfaces")) << added;
    EXPECT_EQ(del(a, {{"cniVersion", version}, {"name", "net"}, {"type", "veth"}}).exit, 0);
  }
}

TEST(ResultForm, SaysTheFamilyOfAnAddressBefore1_0) {
  for (const char* version : {"0.3.0", "0.3.1", "0.4.0"}) {
    const Container a{"a"};
    const auto added = add_in_version(a, version);
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_EQ(added.result.at("cniVersion"), version);
    EXPECT_EQ(added.result.at("ips").at(0).at("version"), "4");
    EXPECT_EQ(added.result.at("ips").at(1).at("version"), "6");
    EXPECT_EQ(added.result.at("interfaces").size(), 2U);
    EXPECT_FALSE(added.result.at("interfaces").at(1).contains("mtu")) << added;
    EXPECT_EQ(del(a, {{"cniVersion", version}, {"name", "net"}, {"type", "veth"}}).exit, 0);
  }
}

TEST(ResultForm, TellsTheMtuFrom1_1On) {
  for (const std::string version : {"1.0.0", "1.1.0"}) {
    const Container a{"a"};
    const auto added = add_in_version(a, version.c_str());
    ASSERT_EQ(added.exit, 0) << added;
    EXPECT_EQ(added.result.at("cniVersion"), version);
    EXPECT_FALSE(added.result.at("ips").at(0).contains("version")) << added;
    EXPECT_EQ(added.result.at("interfaces").at(1).value("mtu", 0), version == "1.1.0" ? 1500 : 0) << added;
    EXPECT_EQ(del(a, {{"cniVersion", version}, {"name", "net"}, {"type", "veth"}}).exit, 0);
  }
}

TEST(ResultForm, Is0_1_0WhereTheConfigurationNamesNoVersion) {
  json config = ipv4_only();
  config.erase("cniVersion");
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(added.result.at("cniVersion"), "0.1.0");
  EXPECT_EQ(added.result.at("ip4").at("ip"), "10.1.2.2/24");
}

// A plugin before ours in the chain: its result stays, ours is added, and indexes are moved.
TEST(ResultForm, AppendsToThePreviousResult) {
  json config = dual_stack();
  config["prevResult"] = {{"cniVersion", "1.0.0"},
                          {"interfaces", json::array({{{"name", "other0"}, {"sandbox", "/run/netns/x"}}})},
                          {"ips", json::array({{{"interface", 0}, {"address", "192.0.2.2/24"}}})}};
  const Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  ASSERT_EQ(added.result.at("interfaces").size(), 3U) << added;
  EXPECT_EQ(added.result.at("interfaces").at(0).at("name"), "other0");
  ASSERT_EQ(added.result.at("ips").size(), 3U) << added;
  EXPECT_EQ(added.result.at("ips").at(0).at("interface"), 0);
  EXPECT_EQ(added.result.at("ips").at(1).at("interface"), 2);
}

}  // namespace
