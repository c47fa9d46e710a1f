#include "plugin/vethctl/cable_addresses.hpp"

#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

using test::prefix;
using Prefixes = std::vector<cni::Prefix>;

TEST(CableAddresses, AreTheFirstTwoOfBothFamilies) {
  EXPECT_TRUE(vethctl::choose_addresses({}) ==
              (vethctl::CableAddresses{.one = {prefix("192.168.10.1/24"), prefix("fd00:192:168:10::1/64")},
                                       .other = {prefix("192.168.10.2/24"), prefix("fd00:192:168:10::2/64")}}));
}

TEST(CableAddresses, AvoidWhatIsTakenInEitherFamily) {
  const Prefixes taken{prefix("192.168.10.77/32"), prefix("fd00:192:168:11::/48"), prefix("10.0.0.1/8")};
  EXPECT_EQ(vethctl::choose_addresses({prefix("192.168.10.77/32")})->one.front(), prefix("192.168.11.1/24"));
  EXPECT_EQ(vethctl::choose_addresses({prefix("fd00:192:168:10::9/64")})->one.front(), prefix("192.168.11.1/24"));
  EXPECT_FALSE(vethctl::choose_addresses(taken).has_value()) << "the /48 covers all";
  EXPECT_FALSE(vethctl::choose_addresses({prefix("192.168.0.0/16")}).has_value());
}

TEST(Counterparts, AreTheFirstOtherAddress) {
  EXPECT_EQ(vethctl::counterparts_of({prefix("10.1.2.1/24"), prefix("10.1.2.9/24"), prefix("fd00::1/64")}),
            (Prefixes{prefix("10.1.2.2/24"), prefix("10.1.2.1/24"), prefix("fd00::2/64")}));
}

TEST(Counterparts, AreBothOfAPairAndNoneOfASingleAddress) {
  EXPECT_EQ(vethctl::counterparts_of({prefix("10.1.2.0/31"), prefix("10.1.2.3/31"), prefix("fd00::1/127")}),
            (Prefixes{prefix("10.1.2.1/31"), prefix("10.1.2.2/31"), prefix("fd00::/127")}));
  EXPECT_EQ(vethctl::counterparts_of({prefix("10.1.2.1/32"), prefix("fd00::1/128")}), Prefixes{});
}

}  // namespace
