#include "plugin/wiring/rate_limit.hpp"

#include "plugin/wiring/wire.hpp"

#include <limits>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using wiring::RateLimit;

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

RateLimit limit(std::uint64_t bits_per_second, std::uint64_t burst_bits, std::uint32_t mtu = 1500) {
  return wiring::rate_limit({.bits_per_second = bits_per_second, .burst_bits = burst_bits}, mtu);
}

TEST(RateLimit, IsInBytes) { EXPECT_TRUE(limit(8'000'007, 800'000) == (RateLimit{1'000'000, 100'000})); }

TEST(RateLimit, HasADefaultBurstOfTenMilliseconds) {
  EXPECT_EQ(limit(8'000'000'000, 0).burst_bytes, 10'000'000U);
  EXPECT_EQ(limit(8'000'000, 0).burst_bytes, 65536U);
}

TEST(RateLimit, HasABurstOfAtLeastOneFrame) {
  for (const std::uint64_t burst : {1U, 8U, 12'000U}) {
    EXPECT_EQ(limit(8'000'000, burst).burst_bytes, 1518U) << burst;
    EXPECT_EQ(limit(8'000'000, burst, 9000).burst_bytes, 9018U) << burst;
  }
}

TEST(RateLimit, IsLimitedToWhatTheKernelCanRepresent) {
  struct Case {
    std::uint64_t rate;
    std::uint64_t burst;
    RateLimit limit;
  };
  for (const auto& [rate, burst, wanted] :
       {Case{8'000'000, 34'359'738'359, {1'000'000, 274'000'000}},
        Case{800'000'000, 34'359'738'359, {100'000'000, 4'294'967'294}},
        Case{800'000'000, most, {100'000'000, 4'294'967'295}}, Case{most, most, {most / 8, 4'294'967'295}},
        Case{most, 0, {most / 8, 4'294'967'295}}, Case{1000, most, {125, 34'250}}}) {
    EXPECT_TRUE(limit(rate, burst) == wanted) << rate << ' ' << burst << ": " << limit(rate, burst).burst_bytes;
  }
}

/// The kernel reports a burst in ticks of 64 ns, which it computes by a multiplication and a shift.
TEST(RateLimit, IsComparedUpToTheRoundingOfTheKernel) {
  EXPECT_TRUE(wiring::is_same_limit({1'000'000, 100'000}, {1'000'000, 100'000}));
  EXPECT_TRUE(wiring::is_same_limit({1'000'000, 100'000}, {1'000'000, 99'999}));
  EXPECT_TRUE(wiring::is_same_limit({12'500'000'000, 100'000}, {12'500'000'000, 99'200}));
  EXPECT_FALSE(wiring::is_same_limit({1'000'000, 100'000}, {1'000'001, 100'000}));
  EXPECT_FALSE(wiring::is_same_limit({1'000'000, 100'000}, {1'000'000, 99'000}));
  EXPECT_FALSE(wiring::is_same_limit({1'000'000, 100'000}, {1'000'000, 101'000}));
}

TEST(RateLimit, IsSetForEachDirectionSeparately) {
  cni::Request request;
  request.attachment = {.network = "net", .container = "c1", .interface = "eth0"};
  request.config.bandwidth.egress = {.bits_per_second = 8'000'000, .burst_bits = 8};
  const cni::Lease lease{.addresses = {{cni::find_prefix("10.1.2.5/24").value()}}};
  for (const auto mode : {cni::Mode::ptp, cni::Mode::bridge}) {
    request.config.mode = mode;
    const auto wiring = wiring::wire(request, lease, 1400);
    EXPECT_FALSE(wiring.ingress_limit.has_value());
    EXPECT_TRUE(wiring.egress_limit == (RateLimit{1'000'000, 1418}));
  }
}

}  // namespace
