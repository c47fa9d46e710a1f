#include "plugin/vethctl/probe/test_plan.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace probe {
namespace {

using cni::Family;

/// The first address of the family.
std::optional<cni::IpAddress> address_of(const Endpoint& endpoint, Family family) {
  const auto found = std::ranges::find(endpoint.addresses, family, &cni::IpAddress::family);
  return found == endpoint.addresses.end() ? std::nullopt : std::optional{*found};
}

bool is_outside(const Endpoint& endpoint) { return endpoint.netns.empty(); }

/// A port that no program listens on, and a datagram that a program does not answer, can be distinguished from a loss
/// only on this node.
std::vector<Kind> kinds_of(const Endpoint& to, std::uint16_t port) {
  if (to.port != 0) return {Kind::tcp};
  if (!is_outside(to)) return {Kind::icmp, Kind::tcp, Kind::udp, Kind::path_mtu};
  return port == 0 ? std::vector{Kind::icmp, Kind::path_mtu} : std::vector{Kind::icmp, Kind::tcp, Kind::path_mtu};
}

void add_direction(Plan& plan, std::size_t from, std::size_t to, std::uint16_t port) {
  const auto& sender = plan.endpoints[from];
  const auto& receiver = plan.endpoints[to];
  if (is_outside(sender) || sender.port != 0) return;
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    const auto source = address_of(sender, family);
    const auto destination = address_of(receiver, family);
    if (!source || !destination) continue;
    for (const auto kind : kinds_of(receiver, port)) {
      const bool has_port = kind == Kind::tcp || kind == Kind::udp;
      plan.tests.push_back({from, to, kind, *source, *destination, has_port ? port : std::uint16_t{0}});
    }
  }
}

void add_missing_families(Plan& plan) {
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    const std::array has{address_of(plan.endpoints[0], family).has_value(),
                         address_of(plan.endpoints[1], family).has_value()};
    if (has[0] != has[1]) plan.missing.push_back({family, plan.endpoints[has[0] ? 1 : 0].name});
  }
}

}  // namespace

Plan plan_tests(const Endpoint& from, const Endpoint& to, std::uint16_t port) {
  Plan plan{.endpoints = {from, to}};
  add_direction(plan, 0, 1, to.port != 0 ? to.port : port);
  if (to.port == 0) add_direction(plan, 1, 0, 0);
  add_missing_families(plan);
  return plan;
}

}  // namespace probe
