#include "plugin/verbs/sysctl_permission.hpp"

#include "plugin/cni/error.hpp"
#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace {

class SysctlPermission : public testing::Test {
 protected:
  void allow(const std::string& text) const { std::ofstream{list} << text; }
  std::string error_for(const std::string& key) const {
    const cni::Sysctl sysctl{.key = key, .path = cni::find_sysctl_path(key).value(), .value = "1"};
    return test::error_text([&] { verbs::require_allowed({sysctl}, list); });
  }

  test::TemporaryDirectory directory;
  std::string list = directory.path() + "/allowlist.conf";
};

TEST_F(SysctlPermission, FollowsTheDefaultListWithoutAnAllowList) {
  EXPECT_EQ(error_for("net.core.somaxconn"), "");
  EXPECT_EQ(error_for("net.bridge.bridge-nf-call-iptables"),
            R"(7: /sysctl: "net.bridge.bridge-nf-call-iptables" is not allowed)");
}

TEST_F(SysctlPermission, ReportsTheDefaultListAndTheFileThatReplacesIt) {
  try {
    verbs::require_allowed({{"net.x.y", "net/x/y", "1"}}, list);
    FAIL();
  } catch (const cni::Error& error) {
    EXPECT_TRUE(error.details.starts_with("allowed: net/core/somaxconn, net/ipv4/conf/*/*, ")) << error.details;
    EXPECT_TRUE(error.details.find(list) != std::string::npos) << error.details;
  }
}

TEST_F(SysctlPermission, FollowsOnlyTheAllowListIfItExists) {
  allow("\n  ^net.bridge.\n^net.ipv4.conf.IFNAME.(arp_accept|arp_notify)$\r\n");
  EXPECT_EQ(error_for("net.bridge.bridge-nf-call-iptables"), "");
  EXPECT_EQ(error_for("net.ipv4.conf.IFNAME.arp_notify"), "");
  EXPECT_EQ(error_for("net.ipv4.conf.IFNAME.arp_ignore"),
            R"(7: /sysctl: "net.ipv4.conf.IFNAME.arp_ignore" is not allowed)");
  EXPECT_EQ(error_for("net.core.somaxconn"), R"(7: /sysctl: "net.core.somaxconn" is not allowed)");
}

TEST_F(SysctlPermission, AllowsNothingIfTheListIsEmpty) {
  allow("");
  EXPECT_EQ(error_for("net.core.somaxconn"), R"(7: /sysctl: "net.core.somaxconn" is not allowed)");
}

TEST_F(SysctlPermission, ReportsAnInvalidExpression) {
  allow("^net.(core$\n");
  EXPECT_EQ(error_for("net.core.somaxconn"), "7: " + list + R"(: "^net.(core$": Unmatched ( or \()");
}

TEST_F(SysctlPermission, DoesNotReadTheListWithoutSysctls) {
  allow("(");
  EXPECT_EQ(test::error_text([&] { verbs::require_allowed({}, list); }), "");
}

}  // namespace
