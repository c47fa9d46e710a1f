#include "plugin/vethctl/connection_addresses.hpp"

#include "test/support/error_text.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

using test::prefix;
using Prefixes = std::vector<cni::Prefix>;

TEST(ConnectionAddresses, AreTheFirstTwoOfBothFamilies) {
  EXPECT_TRUE(vethctl::choose_addresses({}) ==
              (vethctl::ConnectionAddresses{.container = {prefix("192.168.10.1/24"), prefix("fd00:192:168:10::1/64")},
                                            .other = {prefix("192.168.10.2/24"), prefix("fd00:192:168:10::2/64")}}));
}

TEST(ConnectionAddresses, AvoidNetworksTakenInEitherFamily) {
  const Prefixes taken{prefix("192.168.10.77/32"), prefix("fd00:192:168:11::/48"), prefix("10.0.0.1/8")};
  EXPECT_EQ(vethctl::choose_addresses({prefix("192.168.10.77/32")})->container.front(), prefix("192.168.11.1/24"));
  EXPECT_EQ(vethctl::choose_addresses({prefix("fd00:192:168:10::9/64")})->container.front(), prefix("192.168.11.1/24"));
  EXPECT_FALSE(vethctl::choose_addresses(taken).has_value()) << "the /48 covers all";
  EXPECT_FALSE(vethctl::choose_addresses({prefix("192.168.0.0/16")}).has_value());
}

TEST(ConnectionAddresses, AreNotUsedInTheNamespacesOfBothEnds) {
  const vethctl::ConnectionAddresses wanted{.container = {prefix("192.168.10.1/24")},
                                            .other = {prefix("192.168.10.2/24"), prefix("fd00::2/64")}};
  const auto error = [&](const std::string& used) {
    return test::error_text([&] { vethctl::require_unused(wanted, {{test::ip(used), "attachment vethctl/a/eth0"}}); });
  };
  EXPECT_EQ(error("192.168.10.3"), "");
  for (const std::string used : {"192.168.10.1", "192.168.10.2", "fd00::2"}) {
    EXPECT_EQ(error(used), "103: address " + used + " is used by attachment vethctl/a/eth0");
  }
}

TEST(PeerAddresses, AreTheFirstOtherAddressOfTheNetwork) {
  EXPECT_EQ(vethctl::peer_addresses_for({prefix("10.1.2.1/24"), prefix("10.1.2.9/24"), prefix("fd00::1/64")}),
            (Prefixes{prefix("10.1.2.2/24"), prefix("10.1.2.1/24"), prefix("fd00::2/64")}));
}

TEST(PeerAddresses, ExistForAPointToPointPrefixAndNotForAHostPrefix) {
  EXPECT_EQ(vethctl::peer_addresses_for({prefix("10.1.2.0/31"), prefix("10.1.2.3/31"), prefix("fd00::1/127")}),
            (Prefixes{prefix("10.1.2.1/31"), prefix("10.1.2.2/31"), prefix("fd00::/127")}));
  EXPECT_EQ(vethctl::peer_addresses_for({prefix("10.1.2.1/32"), prefix("fd00::1/128")}), Prefixes{});
}

}  // namespace
