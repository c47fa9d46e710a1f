#pragma once

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace support {

/// All of the node that has to be as it was when the last attachment is gone: links, addresses, routes and rules,
/// permanent and proxied neighbours, queueing, nftables, and the files that hold addresses and records. One line each,
/// without what changes by itself (counters, ages, the kernel's handles). Of this plugin's own nftables tables the
/// elements alone count: table and chains may stay.
struct Snapshot {
  std::multiset<std::string> lines;

  static Snapshot take();

  bool operator==(const Snapshot&) const = default;
};

/// What is gone ("- line") and what is left over ("+ line"); empty where they are equal.
std::string difference(const Snapshot& before, const Snapshot& after);

/// Takes one now and compares: EXPECT_TRUE(unchanged_since(before)).
testing::AssertionResult unchanged_since(const Snapshot& before);

}  // namespace support
