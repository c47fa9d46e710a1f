#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// The routing tables and the rules that select them, as values.
namespace kernel {

enum class RouteType { unicast, local, blackhole, unreachable, prohibit, throw_to_next_rule, other };

/// One next hop of a route.
struct RouteEntry {
  RouteType type = RouteType::unicast;
  wiring::Route route{};
  std::uint8_t protocol = 0;       ///< RTPROT_*
  std::uint8_t tos = 0;            ///< type of service that it is for; 0: every one
  std::uint32_t device_index = 0;  ///< 0: none
  std::string device{};            ///< its name; empty: not read

  bool operator==(const RouteEntry&) const = default;
};

/// Whether packets for the destination are dropped.
bool rejects(RouteType type);

/// The route in the words of ip-route(8): "blackhole 10.1.2.0/24 table 100 proto static metric 5".
std::string to_string(const RouteEntry& entry);

/// "ip route del" or "ip -6 route del" and the route.
std::string delete_command(const RouteEntry& entry);

/// A rule of ip-rule(8).
struct PolicyRule {
  enum class Action { lookup, reject, other };

  cni::Family family{};
  std::uint32_t priority = 0;
  Action action = Action::lookup;
  std::uint32_t table = 0;  ///< of a lookup
  std::optional<cni::Prefix> source{};
  std::optional<cni::Prefix> destination{};
  bool is_conditional = false;               ///< it has further selectors, or is inverted
  std::optional<std::uint8_t> suppressed{};  ///< routes with a prefix of this length, or a shorter one, are ignored

  bool operator==(const PolicyRule&) const = default;
};

/// The rule in the words of ip-rule(8): "100: from 10.1.2.2 lookup 100".
std::string to_string(const PolicyRule& rule);

/// "ip rule del" or "ip -6 rule del" and what selects the rule.
std::string delete_command(const PolicyRule& rule);

/// All routes of a network namespace.
class RouteTables {
 public:
  void add(RouteEntry entry);

  /// The routes through a device, in the order of the kernel.
  std::vector<const RouteEntry*> through(std::uint32_t device_index) const;

  /// The route of a table for packets to the address: with the longest prefix, and of these the lowest metric. Null if
  /// there is none. Routes for a type of service are ignored.
  const RouteEntry* find(std::uint32_t table, const cni::IpAddress& destination) const;

  /// The routes that reject packets, except those that the kernel adds itself.
  std::vector<const RouteEntry*> rejecting() const;

  bool operator==(const RouteTables&) const = default;

 private:
  using Table = std::pair<std::uint32_t, cni::Family>;

  std::vector<RouteEntry> entries_{};
  std::map<std::pair<std::uint32_t, cni::Prefix>, std::vector<std::size_t>> by_destination_{};
  std::map<std::uint32_t, std::vector<std::size_t>> by_device_{};
  std::map<Table, std::set<std::uint8_t, std::greater<>>> lengths_{};  ///< of the prefixes in a table, longest first
};

struct Routing {
  std::vector<PolicyRule> rules{};  ///< in the order of the kernel
  RouteTables tables{};

  bool operator==(const Routing&) const = default;
};

/// The route for packets of the host to the address. Rules with a source or further selectors are ignored. nullopt if
/// none exists, or if a rule rejects the packets.
std::optional<RouteEntry> find_entry(const Routing& routing, const cni::IpAddress& destination);

/// Whether a route of the plugin to only this address, in table main, is refused by the kernel or comes after `entry`.
bool takes_precedence(const RouteEntry& entry, const cni::IpAddress& address);

}  // namespace kernel
