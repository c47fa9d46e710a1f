#include "plugin/chained/saved_settings.hpp"

#include <gtest/gtest.h>

namespace {

using chained::SavedSettings;

const SavedSettings all_settings{.interface = {.mac = cni::find_mac("02:00:00:00:00:01"),
                                               .promiscuous = false,
                                               .mtu = 1500,
                                               .all_multicast = true,
                                               .tx_queue_length = 0},
                                 .sysctls = {{"net/ipv4/conf/eth0/arp_filter", "0"}}};

/// The reference plugin reads true and false, and no numbers, for flags.
TEST(SavedSettings, HaveTheFormatOfTheReferencePlugin) {
  EXPECT_EQ(chained::to_json(all_settings), R"({
 "mac": "02:00:00:00:00:01",
 "promisc": false,
 "mtu": 1500,
 "allmulti": true,
 "txQLen": 0,
 "sysctl": {
  "net/ipv4/conf/eth0/arp_filter": "0"
 }
}
)");
}

TEST(SavedSettings, AreReadAsWritten) {
  EXPECT_EQ(chained::find_saved_settings(chained::to_json(all_settings)), all_settings);
  EXPECT_EQ(chained::find_saved_settings(chained::to_json({})), SavedSettings{});
}

TEST(SavedSettings, SkipWhatCannotBeRead) {
  const auto found = chained::find_saved_settings(R"({"mtu": "large", "promisc": true, "mac": "x"})");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->interface, (wiring::InterfaceSettings{.promiscuous = true}));
  EXPECT_FALSE(chained::find_saved_settings("{"));
}

TEST(SavedSettings, AreInAFileOfContainerAndInterface) {
  EXPECT_EQ(chained::path_of_saved_settings("/run/cni/tuning", {"net", "c", "eth0"}), "/run/cni/tuning/c_eth0.json");
}

}  // namespace
