// The cost of a call on a node with many objects, in system calls: limits on the difference between two sizes. The
// times are in integration/benchmark/README.md, "Growth".
#include "integration/support/counting.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/state_folder.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using namespace support;

constexpr auto unknown_holder = "sinte24eihife";

json with_subnet(const std::string& subnet) {
  json config = in_mode("ptp");
  config["ipam"] = veth_ipam({subnet});
  return config;
}

class Growth : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists("/usr/bin/strace")) GTEST_SKIP() << "NOT RUN: strace is not installed";
  }

  Call call_for(const std::string& verb, const json& config) const {
    return {.command = verb, .container = container.id, .netns = container.netns.path(), .config = config};
  }

  /// The smallest of several counts, since ADD polls again where the kernel's deferred work is late.
  std::size_t count_add(const json& config) const {
    std::size_t fewest = 10'000;
    for (int round = 0; round < 4; ++round) {
      fewest = std::min(fewest, count_system_calls(call_for("ADD", config)).all);
      EXPECT_EQ(del(container, config).exit, 0);
    }
    return fewest;
  }

  /// Takes 10.1.0.2 to 10.1.15.254, except each hundredth address.
  static void take_addresses() {
    constexpr int first_free = 100;
    constexpr int size = 1 << 12;
    for (int number = 2; number < size - 1; ++number) {
      const auto address = "10.1." + std::to_string(number / 256) + "." + std::to_string(number % 256);
      const auto link = state_folder() + "/net/addresses/" + address;
      const bool is_free = number % 100 == 0 && number >= first_free;
      if (!is_free && !fs::is_symlink(link)) fs::create_symlink(unknown_holder, link);
    }
  }

  /// Fills the range, and counts the calls of an ADD and a STATUS that fail.
  std::pair<std::size_t, std::size_t> count_in_full_range(const std::string& subnet, std::size_t size) {
    const auto config = with_subnet(subnet);
    std::deque<Container> holders;
    for (std::size_t number = 0; number < size; ++number)
      EXPECT_EQ(add(holders.emplace_back(Container{"c" + std::to_string(number)}), config).exit, 0);
    const std::pair counts{count_system_calls(call_for("ADD", config), 1).all,
                           count_system_calls(call_for("STATUS", config), 1).all};
    for (const auto& holder : holders) EXPECT_EQ(del(holder, config).exit, 0);
    return counts;
  }

  Container first{"first"};
  Container container{"a"};
};

/// 32 addresses are tested before the list of free ones is read.
TEST_F(Growth, AddInANearlyFullRangeMakesFewMoreCalls) {
  const auto config = with_subnet("10.1.0.0/20");
  ASSERT_EQ(add(first, config).exit, 0);
  const auto empty = count_add(config);
  take_addresses();
  ASSERT_EQ(add(container, config).exit, 0) << "writes the list";
  ASSERT_EQ(del(container, config).exit, 0);
  EXPECT_LE(count_add(config), empty + 40);
  EXPECT_EQ(del(first, config).exit, 0);
}

/// Holders are not read one by one. The larger range needs more calls to test addresses and to read directories.
TEST_F(Growth, AFullRangeOfManyHoldersNeedsFewMoreCalls) {
  const auto [few_add, few_status] = count_in_full_range("10.1.0.0/28", 13);
  const auto [many_add, many_status] = count_in_full_range("10.1.0.0/26", 61);
  EXPECT_LE(many_add, few_add + 25);
  EXPECT_LE(many_status, few_status + 25);
}

/// The pair of one holder is deleted with its namespace.
TEST_F(Growth, OneGoneHolderOfAFullRangeIsFound) {
  const auto config = small_range();
  std::deque<Container> holders;
  for (std::size_t number = 0; number < small_range_size; ++number)
    ASSERT_EQ(add(holders.emplace_back(Container{"c" + std::to_string(number)}), config).exit, 0);
  EXPECT_EQ(code_of(add(container, config)), 102);
  EXPECT_EQ(code_of(call(call_for("STATUS", config))), 50);
  holders.at(5).netns.remove();
  while (ip(Namespace::host(), {"link", "show", "type", "veth"}).size() == small_range_size) {
  }
  EXPECT_EQ(call(call_for("STATUS", config)).exit, 0);
  EXPECT_EQ(add(container, config).exit, 0);
  EXPECT_EQ(del(container, config).exit, 0);
  for (const auto& holder : holders) EXPECT_EQ(del(holder, config).exit, 0);
}

}  // namespace
