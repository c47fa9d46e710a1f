#include "plugin/wiring/wiring.hpp"

#include <gtest/gtest.h>

namespace {

using wiring::BigTcp;

constexpr BigTcp raised_uplink{
    .gso_max_size = 200'000, .gro_max_size = 190'000, .gso_ipv4_max_size = 180'000, .gro_ipv4_max_size = 170'000};

TEST(BigTcp, IsThatOfTheUplinkForIpv4InModePtp) {
  EXPECT_EQ(wiring::big_tcp_of({}, raised_uplink),
            (BigTcp{.gso_ipv4_max_size = 180'000, .gro_ipv4_max_size = 170'000}));
}

TEST(BigTcp, IsOfBothFamiliesOnABridgeThatRoutesNoIpv6) {
  wiring::Wiring wiring{.bridge = wiring::Bridge{.name = "br0"}};
  EXPECT_EQ(wiring::big_tcp_of(wiring, raised_uplink), raised_uplink);
  wiring.forward_ipv4 = true;
  EXPECT_EQ(wiring::big_tcp_of(wiring, raised_uplink), raised_uplink);
  wiring.forward_ipv6 = true;
  EXPECT_EQ(wiring::big_tcp_of(wiring, raised_uplink)->gso_max_size, 0U);
  EXPECT_EQ(wiring::big_tcp_of(wiring, raised_uplink)->gro_max_size, 0U);
  EXPECT_EQ(wiring::big_tcp_of(wiring, raised_uplink)->gso_ipv4_max_size, 180'000U);
}

TEST(BigTcp, IsNotSetForAnUplinkWithTheDefaults) {
  const wiring::Wiring bridged{.bridge = wiring::Bridge{.name = "br0"}};
  for (const BigTcp& uplink : {BigTcp{}, BigTcp{65536, 65536, 65536, 65536}, BigTcp{1000, 65536, 0, 0}}) {
    EXPECT_EQ(wiring::big_tcp_of(bridged, uplink), std::nullopt) << wiring::to_string(uplink);
  }
  EXPECT_EQ(wiring::big_tcp_of({}, {200'000, 200'000, 65536, 65536}), std::nullopt) << "only IPv6 is raised";
  EXPECT_EQ(wiring::big_tcp_of({}, {0, 0, 65536, 65537}), (BigTcp{.gro_ipv4_max_size = 65537}));
}

TEST(BigTcp, IsOnlyRaised) {
  const BigTcp wanted{.gso_max_size = 7, .gso_ipv4_max_size = 5};
  EXPECT_EQ(wiring::to_raise(wanted, {.gso_max_size = 8, .gso_ipv4_max_size = 4}), (BigTcp{.gso_ipv4_max_size = 5}));
  EXPECT_EQ(wiring::to_raise(wanted, {7, 0, 5, 0}), BigTcp{});
}

TEST(BigTcp, IsTheSmallerValueOfEachSetting) {
  EXPECT_EQ(wiring::smaller_of({1, 9, 3, 9}, {5, 2, 8, 4}), (BigTcp{1, 2, 3, 4}));
}

TEST(BigTcp, HasTheWordsOfIp) {
  EXPECT_EQ(wiring::to_string(BigTcp{1, 2, 3, 4}),
            "gso_max_size 1 gro_max_size 2 gso_ipv4_max_size 3 gro_ipv4_max_size 4");
  EXPECT_EQ(wiring::to_string(BigTcp{.gro_ipv4_max_size = 4}), "gro_ipv4_max_size 4");
  EXPECT_EQ(wiring::to_string(BigTcp{}), "");
}

}  // namespace
