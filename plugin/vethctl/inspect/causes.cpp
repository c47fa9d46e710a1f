#include "plugin/vethctl/inspect/causes.hpp"

#include <algorithm>
#include <charconv>

namespace inspect {
namespace {

using wiring::Difference;
using wiring::Kind;
using wiring::Side;

bool is_end(Side side) { return side == Side::container || side == Side::host; }

bool is_ipv6(const Difference& difference) { return difference.wanted.find(':') != std::string::npos; }

/// The kernel deletes the routes of an interface that goes down, and its IPv6 addresses.
bool is_lost_when_down(const Difference& effect) {
  return effect.kind == Kind::route || effect.kind == Kind::loopback_route ||
         (effect.kind == Kind::address && is_ipv6(effect));
}

/// IPv6 is disabled on an interface with an MTU below 1280.
bool disables_ipv6(const Difference& cause) {
  std::uint32_t mtu = 0;
  const auto* end = cause.found.data() + cause.found.size();
  return std::from_chars(cause.found.data(), end, mtu).ptr == end && mtu < wiring::min_ipv6_mtu;
}

bool is_lost_with_ipv6(const Difference& effect) {
  return (effect.kind == Kind::address || effect.kind == Kind::route) && is_ipv6(effect);
}

/// An end that is missing has nothing, and the other end is no pair with it.
bool follows_from_missing(const Difference& cause, const Difference& effect) {
  if (cause.side == Side::bridge) return effect.side == Side::bridge || effect.kind == Kind::master;
  return is_end(cause.side) && (effect.side == cause.side || effect.kind == Kind::peer);
}

/// Rules, gateways on lo and settings of the node do not depend on the ends.
bool is_of_the_pair(const Difference& effect) { return effect.side != Side::node && effect.side != Side::bridge; }

bool follows(const Difference& cause, const Difference& effect) {
  switch (cause.kind) {
    case Kind::network_namespace:
      return effect.kind != Kind::network_namespace && is_of_the_pair(effect);
    case Kind::missing:
    case Kind::not_a_bridge:
      return effect.kind != Kind::network_namespace && effect.kind != cause.kind && follows_from_missing(cause, effect);
    case Kind::down:
      return effect.side == cause.side && is_lost_when_down(effect);
    case Kind::mtu:
      return effect.side == cause.side && disables_ipv6(cause) && is_lost_with_ipv6(effect);
    default:
      return false;
  }
}

}  // namespace

std::vector<Cause> group_by_cause(const std::vector<Difference>& differences) {
  const auto find_cause = [&](const Difference& effect) {
    return std::ranges::find_if(differences, [&](const Difference& cause) { return follows(cause, effect); });
  };
  std::vector<Cause> causes;
  for (const auto& difference : differences) {
    if (find_cause(difference) == differences.end()) causes.push_back({difference});
  }
  for (const auto& effect : differences) {
    const auto cause = find_cause(effect);
    if (cause == differences.end()) continue;
    const auto root = std::ranges::find_if(causes, [&](const Cause& each) { return follows(each.root, effect); });
    if (root != causes.end()) {
      root->consequences.push_back(effect);
    } else {
      causes.push_back({effect});
    }
  }
  return causes;
}

}  // namespace inspect
