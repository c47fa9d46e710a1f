#pragma once

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace support {

class Namespace;

/// What a namespace, or the node, is like: links, addresses, routes of all tables and rules, neighbours that somebody
/// has put there, and proxied ones, queueing with classes and filters, ports of bridges, nftables, settings of
/// interfaces. One line each, without what changes by itself (counters, ages, the kernel's handles).
struct Snapshot {
  std::multiset<std::string> lines;

  /// All of the node that has to be as it was when the last attachment is gone; of files those that hold addresses and
  /// records. What may stay does not show: this plugin's own nftables tables, of which the elements alone count, and
  /// that the host forwards.
  static Snapshot take();

  /// What may stay, too, and without what depends on what was there earlier: numbers of interfaces, the name of the
  /// folder of the node's records, the hash in a record. So two nodes that are alike look alike.
  static Snapshot take_whole();

  /// Another namespace by what /proc tells of it: interfaces, addresses, routes, neighbours of IPv4, settings. Lines
  /// begin with its path.
  static Snapshot inside(const Namespace& place);

  /// All of it, as that of the node.
  static Snapshot inside_whole(const Namespace& place);

  void add(const Snapshot& other);

  /// In all lines.
  void replace(const std::string& text, const std::string& by);

  bool operator==(const Snapshot&) const = default;
};

/// What is gone ("- line") and what is left over ("+ line"); empty where they are equal.
std::string difference(const Snapshot& before, const Snapshot& after);

/// Takes one now and compares: EXPECT_TRUE(unchanged_since(before)).
testing::AssertionResult unchanged_since(const Snapshot& before);

}  // namespace support
