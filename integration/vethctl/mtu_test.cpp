// Changed MTUs: what `vethctl check` and CHECK report, and what `vethctl repair` restores.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

class ChangedMtu : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { ASSERT_EQ(added.exit, 0) << added; }

  static void set_mtu(const Namespace& netns, const std::string& interface, int bytes) {
    run_ip(netns, {"link", "set", interface, "mtu", std::to_string(bytes)});
  }
  int mtu(const Namespace& netns, const std::string& interface) const {
    return ip(netns, {"link", "show", interface}).at(0).at("mtu").get<int>();
  }
  void expect_repaired() const {
    const auto repaired = vethctl({"repair"});
    EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
    const auto checked = vethctl({"check"});
    EXPECT_EQ(checked.exit, 0) << checked.out;
    EXPECT_EQ(checked.out.find("MTU"), std::string::npos) << checked.out;
    EXPECT_EQ(check(a, config, added.result).exit, 0);
    for (const int family : {4, 6}) EXPECT_TRUE(ping(a.netns, gateway_of(added.result, family))) << family;
  }

  Namespace host = Namespace::host();
  Container a{"a"};
  json config = in_mode(GetParam());
  Answer added = add(a, config);
};

INSTANTIATE_TEST_SUITE_P(, ChangedMtu, testing::Values("ptp", "bridge"));

/// The kernel removes the IPv6 addresses of the interface, and generates a link-local address when it permits IPv6
/// again.
TEST_P(ChangedMtu, OfTheHostEndIsRepairedWithTheAddressesThatItCost) {
  const auto name = host_interface_of(added.result);
  for (const int bytes : {1200, 1500}) {
    set_mtu(host, name, bytes);
    if (bytes == 1500) break;
    EXPECT_NE(vethctl({"check"}).out.find("has MTU 1200, expected 1500"), std::string::npos);
  }
  expect_repaired();
  set_mtu(host, name, 1400);
  expect_repaired();
  EXPECT_EQ(mtu(host, name), 1500);
}

TEST_P(ChangedMtu, OfTheContainerEndIsANoteBecauseALaterPluginMayHaveSetIt) {
  set_mtu(a.netns, "eth0", 1300);
  const auto checked = vethctl({"check"});
  EXPECT_EQ(checked.exit, 0) << checked.out;
  EXPECT_NE(checked.out.find("note: interface \"eth0\" has MTU 1300, expected 1500"), std::string::npos) << checked.out;
  EXPECT_EQ(check(a, config, added.result).exit, 0);
  EXPECT_EQ(vethctl({"repair"}).out, "nothing to restore\n");
  EXPECT_EQ(mtu(a.netns, "eth0"), 1300);
}

TEST_P(ChangedMtu, OfTheContainerEndIsRepairedIfItIsTooSmallForIpv6) {
  set_mtu(a.netns, "eth0", 1200);
  const auto checked = vethctl({"check"}).out;
  EXPECT_NE(checked.find("fault: interface \"eth0\" has MTU 1200, expected 1500"), std::string::npos) << checked;
  EXPECT_EQ(code_of(check(a, config, added.result)), 104);
  expect_repaired();
  EXPECT_EQ(mtu(a.netns, "eth0"), 1500);
}

TEST(ChangedMtuOfAConnection, IsRepairedAtBothEnds) {
  const Namespace host = Namespace::host();
  const Namespace net0{"net0"};
  ASSERT_EQ(vethctl({"connect", "net0", "host", "--peer-ifname", "end"}).exit, 0);
  run_ip(net0, {"link", "set", "eth0", "mtu", "1300"});
  for (const char* bytes : {"1200", "1500"}) run_ip(host, {"link", "set", "end", "mtu", bytes});
  const auto repaired = vethctl({"repair"});
  EXPECT_EQ(repaired.exit, 0) << repaired.out << repaired.err;
  EXPECT_EQ(vethctl({"check"}).exit, 0);
  EXPECT_EQ(ip(net0, {"link", "show", "eth0"}).at(0).at("mtu"), 1500);
  EXPECT_EQ(vethctl({"disconnect", "net0"}).exit, 0);
}

}  // namespace
