// Mode ovs: CHECK, STATUS, vethctl check and repair.
#include "integration/support/ovs_fixture.hpp"
#include "integration/support/state_folder.hpp"
#include "integration/support/transfer.hpp"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <chrono>
#include <deque>
#include <filesystem>

namespace {

using namespace support;

/// The value after the request; nullopt if the interface refuses it.
std::optional<std::uint32_t> ethtool(const Namespace& netns, const std::string& interface, ethtool_value value) {
  const auto socket = socket_in(netns, AF_INET, SOCK_DGRAM, 0);
  ifreq request{};
  interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (::ioctl(socket.get(), SIOCETHTOOL, &request) != 0) return std::nullopt;
  return value.data;
}

class OvsCheck : public OvsTest {
 protected:
  void SetUp() override {
    OvsTest::SetUp();
    if (!ovs) return;
    config["vlan"] = 100;
    const auto answer = add(a, config);
    ASSERT_EQ(answer.exit, 0) << answer;
    added = answer.result;
    port = host_interface_of(added);
  }

  std::string details() {
    const auto checked = check(a, config, added);
    return checked.result.is_object() ? checked.result.value("details", "") : "";
  }

  json added;
  std::string port;
};

TEST_F(OvsCheck, AcceptsAnUnchangedPort) { EXPECT_EQ(check(a, config, added).exit, 0); }

TEST_F(OvsCheck, ReportsChangedColumnsAndRepairRestoresThem) {
  ovs->vsctl({"set", "port", port, "tag=5", "vlan_mode=native-tagged"});
  EXPECT_EQ(details(), "port " + port + " tag is 5 in Open vSwitch, expected 100; port " + port +
                           " vlan_mode is native-tagged in Open vSwitch, expected access");
  const auto reported = vethctl({"check"});
  EXPECT_EQ(reported.exit, 1) << reported.out;
  EXPECT_NE(reported.out.find("tag is 5"), std::string::npos) << reported.out;
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_EQ(check(a, config, added).exit, 0);
}

TEST_F(OvsCheck, ReportsAMissingPortAndRepairAddsIt) {
  auto plain = config;
  const auto other = add(b, plain);
  ASSERT_EQ(other.exit, 0) << other;
  ovs->vsctl({"del-port", port});
  EXPECT_EQ(details(), "interface \"" + port + "\" is not a port of bridge \"br0\" of Open vSwitch");
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_EQ(details(), "");
  EXPECT_TRUE(ping(a.netns, address_of(other.result, 4), 2));
}

TEST_F(OvsCheck, AcceptsChecksumOffloadWithTheDatapathOfTheKernel) {
  if (OpenVswitch::is_in_user_space()) GTEST_SKIP() << "NOT RUN: the datapath is in user space";
  EXPECT_EQ(ethtool(a.netns, "eth0", {.cmd = ETHTOOL_GTXCSUM, .data = 0}), 1U);
  EXPECT_EQ(details(), "");
  EXPECT_EQ(vethctl({"check"}).exit, 0);
}

TEST_F(OvsCheck, ReportsChecksumOffloadAndRepairSwitchesItOff) {
  if (!OpenVswitch::is_in_user_space()) GTEST_SKIP() << "NOT RUN: the datapath of the kernel completes checksums";
  const auto other = add(b, config);
  ASSERT_EQ(other.exit, 0) << other;
  const auto number = column(added, "Interface", "ofport");
  ASSERT_TRUE(ethtool(a.netns, "eth0", {.cmd = ETHTOOL_STXCSUM, .data = 1}));
  const auto reported = "checksum offload of interface \"eth0\" is on";
  EXPECT_NE(details().find(reported), std::string::npos) << details();
  EXPECT_NE(vethctl({"check"}).out.find(reported), std::string::npos);
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_EQ(details(), "");
  EXPECT_GT(measure_tcp({a.netns, b.netns, address_of(other.result, 4)}).payload_bits, 0);
  EXPECT_EQ(column(added, "Interface", "ofport"), number) << "the port was not removed";
}

TEST_F(OvsCheck, ReportsADatabaseThatDoesNotAnswer) {
  ovs->end_database();
  EXPECT_NE(details().find("connect to the database of Open vSwitch"), std::string::npos) << details();
  ovs->start_database();
  EXPECT_EQ(details(), "");
}

TEST_F(OvsCheck, WaitsOnceForAHungDatabaseOfManyAttachments) {
  const std::vector<std::string> names{"c", "d", "e", "f"};
  std::deque<Container> others;
  for (const auto& name : names) ASSERT_EQ(add(others.emplace_back(name), config).exit, 0) << name;
  ovs->stop_database();
  Outcome reported;
  Outcome repaired;
  Outcome page;
  const auto of_two_attachments = longest(std::chrono::seconds{3});
  EXPECT_LT(time_of([&] { reported = vethctl({"check"}); }), of_two_attachments);
  EXPECT_LT(time_of([&] { repaired = vethctl({"repair", "--dry-run"}); }), of_two_attachments);
  EXPECT_LT(time_of([&] { page = vethctl({"graph", "--format", "html"}); }), of_two_attachments);
  ovs->resume();
  const std::string what = "read the answer of the database of Open vSwitch";
  EXPECT_NE(reported.out.find(what), std::string::npos) << reported.out;
  EXPECT_NE(page.out.find(what), std::string::npos);
  for (const auto& name : names) EXPECT_NE(repaired.out.find(name), std::string::npos) << repaired.out;
  EXPECT_EQ(details(), "");
}

TEST_F(OvsCheck, StatusNeedsBridgeDatabaseAndSwitch) {
  const auto status = [&](const json& network) { return call({.command = "STATUS", .config = network}); };
  EXPECT_EQ(status(config).exit, 0);
  auto missing = config;
  missing["bridge"] = "br7";
  EXPECT_EQ(code_of(status(missing)), 50);
  ovs->stop_switch();
  EXPECT_EQ(code_of(status(config)), 50);
  ovs->resume();
  ovs->end_database();
  EXPECT_EQ(code_of(status(config)), 50);
}

TEST_F(OvsCheck, RepairRestoresALostRecordAsPort) {
  ASSERT_EQ(vethctl({"connect", "b", "ovs:br0", "--address", "10.1.2.77/24"}).exit, 0);
  std::filesystem::remove_all(state_root);
  vethctl({"repair"});
  const auto listed = json::parse(vethctl({"list", "vethctl", "--output", "json"}).out);
  ASSERT_EQ(listed.size(), 1U) << listed;
  EXPECT_EQ(listed.at(0).at("mode"), "ovs");
  EXPECT_EQ(listed.at(0).at("ovsBridge"), "br0");
}

TEST_F(OvsCheck, GcRemovesStalePorts) {
  ovs->end_database();
  EXPECT_EQ(del(a, config).exit, 0);
  ovs->start_database();
  const auto reported = vethctl({"check"});
  EXPECT_NE(reported.out.find("stale ports of Open vSwitch"), std::string::npos) << reported.out;
  const auto planned = vethctl({"gc", "--dry-run"});
  EXPECT_NE(planned.out.find("of Open vSwitch"), std::string::npos) << planned.out << planned.err;
  EXPECT_EQ(ovs->ports().size(), 1U);
  EXPECT_EQ(vethctl({"gc"}).exit, 0);
  EXPECT_TRUE(ovs->ports().empty());
}

}  // namespace
