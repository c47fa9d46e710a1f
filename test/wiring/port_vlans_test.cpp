#include "plugin/wiring/port_vlans.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

std::string vlans_of(const wiring::Bridge& bridge, std::uint16_t default_vlan = 1) {
  return wiring::to_string(wiring::port_vlans(bridge, default_vlan));
}

TEST(PortVlans, AreThePvidAndTheTrunk) {
  EXPECT_EQ(vlans_of({.name = "br0", .vlan = 100}), "100 PVID untagged");
  EXPECT_EQ(vlans_of({.name = "br0", .vlan = 100, .trunk = {{200, 210}, {7, 7}}}), "7, 100 PVID untagged, 200-210");
  EXPECT_EQ(vlans_of({.name = "br0", .trunk = {{7, 8}}}), "1 PVID untagged, 7-8");
}

TEST(PortVlans, KeepTheDefaultVlanOfTheBridgeIfItIsWanted) {
  const wiring::Bridge bridge{.name = "br0", .vlan = 100, .keep_default_vlan = true};
  EXPECT_EQ(vlans_of(bridge), "1 untagged, 100 PVID untagged");
  EXPECT_EQ(vlans_of(bridge, 5), "5 untagged, 100 PVID untagged");
  EXPECT_EQ(vlans_of(bridge, 100), "100 PVID untagged");
  EXPECT_EQ(vlans_of(bridge, 0), "100 PVID untagged");
}

TEST(PortVlans, HaveOnePvidInAnOverlappingTrunk) {
  EXPECT_EQ(vlans_of({.name = "br0", .vlan = 100, .trunk = {{99, 101}}}), "99, 100 PVID untagged, 101");
  EXPECT_EQ(vlans_of({.name = "br0", .vlan = 100, .trunk = {{5, 5}}, .keep_default_vlan = true}, 5),
            "5, 100 PVID untagged");
}

TEST(PortVlans, ReachTheLastId) {
  EXPECT_EQ(vlans_of({.name = "br0", .vlan = 4094, .trunk = {{1, 4094}}}), "1-4093, 4094 PVID untagged");
}

TEST(PortVlans, ExistIfTheConfigurationHasAny) {
  EXPECT_FALSE(wiring::has_vlans({.name = "cni0"}));
  EXPECT_TRUE(wiring::has_vlans({.name = "cni0", .vlan = 1}));
  EXPECT_TRUE(wiring::has_vlans({.name = "cni0", .trunk = {{7, 7}}}));
}

TEST(PortVlans, FormRangesOfConsecutiveIdsWithTheSameFlags) {
  EXPECT_EQ(wiring::to_string(std::vector<wiring::PortVlan>{}), "none");
  const std::vector<wiring::PortVlan> vlans{{1, false, true}, {2, false, true}, {3}, {4, true}, {5}, {7}};
  EXPECT_EQ(wiring::to_string(vlans), "1-2 untagged, 3, 4 PVID, 5, 7");
}

}  // namespace
