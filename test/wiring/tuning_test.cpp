#include "plugin/wiring/tuning.hpp"

#include "plugin/wiring/wire.hpp"
#include "test/support/error_text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

cni::Request request_with(std::vector<cni::Sysctl> sysctls) {
  cni::Request request;
  request.attachment = {.network = "net", .container = "c1", .interface = "eth0.7"};
  request.config.tuning.sysctls = std::move(sysctls);
  return request;
}

std::string path_in(const std::string& path) {
  return wiring::tuning_of(request_with({{path, path, "1"}})).value().sysctls.at(0).path;
}

TEST(Tuning, ReplacesTheInterfacePlaceholder) {
  EXPECT_EQ(path_in("net/ipv4/conf/IFNAME/arp_ignore"), "net/ipv4/conf/eth0.7/arp_ignore");
  EXPECT_EQ(path_in("net/ipv4/conf/IFNAMES/arp_ignore"), "net/ipv4/conf/IFNAMES/arp_ignore");
  EXPECT_EQ(path_in("net/core/somaxconn"), "net/core/somaxconn");
}

TEST(Tuning, ExistsIfAnySettingIsConfigured) {
  auto request = request_with({});
  EXPECT_EQ(wiring::tuning_of(request), std::nullopt);
  request.config.tuning.tx_queue_length = 0;
  EXPECT_TRUE(wiring::tuning_of(request) == (wiring::Tuning{.tx_queue_length = 0}));
}

TEST(Tuning, IsSupportedInEachMode) {
  auto request = request_with({{"net.core.somaxconn", "net/core/somaxconn", "7"}});
  request.config.peer = {.netns = "/run/netns/b"};
  const cni::Lease lease{.addresses = {{cni::find_prefix("10.1.2.5/24").value()}}};
  for (const auto mode : {cni::Mode::ptp, cni::Mode::bridge, cni::Mode::netns}) {
    request.config.mode = mode;
    EXPECT_TRUE(wiring::wire(request, lease, 1500).tuning ==
                (wiring::Tuning{.sysctls = {{"net/core/somaxconn", "7"}}}));
  }
}

TEST(Tuning, MustNotDisableIpv6OfAContainerWithIpv6Addresses) {
  const cni::Lease ipv4{.addresses = {{cni::find_prefix("10.1.2.5/24").value()}}};
  const cni::Lease ipv6{.addresses = {{cni::find_prefix("fd00::5/64").value()}}};
  for (const std::string interface : {"IFNAME", "eth0.7", "all"}) {
    const auto path = "net/ipv6/conf/" + interface + "/disable_ipv6";
    const auto request = request_with({{path, path, "1"}});
    EXPECT_EQ(test::error_text([&] { wiring::wire(request, ipv6, 1500); }),
              "7: /sysctl: disable_ipv6 contradicts the IPv6 addresses that the container gets");
    EXPECT_EQ(test::error_text([&] { wiring::wire(request, ipv4, 1500); }), "");
    EXPECT_EQ(test::error_text([&] { wiring::wire(request_with({{path, path, " 0"}}), ipv6, 1500); }), "");
  }
}

TEST(SysctlValue, IsComparedUpToWhiteSpace) {
  EXPECT_TRUE(wiring::is_same_value("4096 131072  6", "4096\t131072\t6\n"));
  EXPECT_TRUE(wiring::is_same_value("", "\n"));
  EXPECT_FALSE(wiring::is_same_value("1 2", "12"));
  EXPECT_FALSE(wiring::is_same_value("1", "1 2"));
}

}  // namespace
