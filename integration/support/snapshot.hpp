#pragma once

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace support {

class Namespace;

/// The state of a namespace or of the node: links, addresses, routes of all tables, rules, permanent and externally
/// learned neighbours, proxied neighbours, qdiscs with classes and filters, fdb and VLANs of bridges, nftables, sysctls
/// of interfaces. One line each, without volatile values (counters, ages, handles).
struct Snapshot {
  std::multiset<std::string> lines;

  /// The parts of the node's state that must be restored when the last attachment is deleted, and the files of
  /// addresses and records. Without what may stay: of the plugin's nftables tables only the elements are taken, and no
  /// forwarding sysctls.
  static Snapshot take();

  /// The same, when it does not change any more: the kernel adds the route of a link-local address some time after an
  /// interface is up.
  static Snapshot take_settled();

  /// The whole state, for the comparison of two nodes: with what may stay, but without ifindexes, the name of the state
  /// folder and the checksums of records.
  static Snapshot take_full();

  /// Another namespace, read from /proc: interfaces, addresses, routes, IPv4 neighbours, sysctls. Lines begin with its
  /// path.
  static Snapshot of_namespace(const Namespace& netns);

  /// The whole state of another namespace, like take_full().
  static Snapshot of_namespace_full(const Namespace& netns);

  void add(const Snapshot& other);

  /// Replaces the text in all lines.
  void replace(const std::string& text, const std::string& by);

  bool operator==(const Snapshot&) const = default;
};

/// Missing lines ("- line") and additional lines ("+ line"); empty: the snapshots are equal.
std::string difference(const Snapshot& before, const Snapshot& after);

/// Compares with the present state: EXPECT_TRUE(unchanged_since(before)).
testing::AssertionResult unchanged_since(const Snapshot& before);

}  // namespace support
