#include "plugin/kernel/routing_reader.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/routes.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace kernel {
namespace {

RouteType type_of(std::uint8_t type) {
  switch (type) {
    case RTN_UNICAST:
      return RouteType::unicast;
    case RTN_LOCAL:
      return RouteType::local;
    case RTN_BLACKHOLE:
      return RouteType::blackhole;
    case RTN_UNREACHABLE:
      return RouteType::unreachable;
    case RTN_PROHIBIT:
      return RouteType::prohibit;
    case RTN_THROW:
      return RouteType::throw_to_next_rule;
    default:
      return RouteType::other;
  }
}

using RuleAttributes = std::array<nlattr*, FRA_MAX + 1>;

/// nullopt: every address.
std::optional<cni::Prefix> prefix_of(const nlattr* attribute, std::uint8_t length, cni::Family family) {
  const auto address = find_address(attribute, family);
  if (!address || length > cni::address_length(family)) return std::nullopt;
  return cni::Prefix{*address, length};
}

PolicyRule::Action action_of(std::uint8_t action) {
  if (action == FR_ACT_TO_TBL) return PolicyRule::Action::lookup;
  const bool is_reject = action == FR_ACT_BLACKHOLE || action == FR_ACT_UNREACHABLE || action == FR_ACT_PROHIBIT;
  return is_reject ? PolicyRule::Action::reject : PolicyRule::Action::other;
}

bool has_further_selectors(const fib_rule_hdr& header, const RuleAttributes& attributes) {
  constexpr std::array selectors{FRA_IIFNAME, FRA_OIFNAME,  FRA_FWMARK,      FRA_TUN_ID,
                                 FRA_L3MDEV,  FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE};
  constexpr std::uint32_t all_users = 0xffffffff;
  const auto is_set = [&](int attribute) { return attributes[static_cast<std::size_t>(attribute)] != nullptr; };
  std::array<std::uint32_t, 2> users{0, all_users};
  read_bytes(attributes[FRA_UID_RANGE], users.data(), sizeof users);
  return header.tos != 0 || (header.flags & FIB_RULE_INVERT) != 0 || users[0] != 0 || users[1] != all_users ||
         std::any_of(selectors.begin(), selectors.end(), is_set);
}

}  // namespace

NetlinkRequest list_all_routes(cni::Family family) {
  rtmsg header{};
  header.rtm_family = static_cast<std::uint8_t>(kernel_family(family));
  return {new_message(RTM_GETROUTE, header), "list routes", absent_family_errors};
}

NetlinkRequest list_policy_rules(cni::Family family) {
  fib_rule_hdr header{};
  header.family = static_cast<std::uint8_t>(kernel_family(family));
  return {new_message(RTM_GETRULE, header), "list routing rules", absent_family_errors};
}

std::vector<RouteEntry> find_route_entries(const std::string& message) {
  const auto first = find_route(message);
  if (!first) return {};
  const auto* whole = reinterpret_cast<const nlmsghdr*>(message.data());
  const auto& header = *static_cast<const rtmsg*>(nlmsg_data(whole));
  RouteEntry entry{.type = type_of(header.rtm_type),
                   .route = first->route,
                   .protocol = header.rtm_protocol,
                   .tos = header.rtm_tos,
                   .device_index = first->device_index};
  std::vector<RouteEntry> entries;
  for (const auto device : find_devices(message)) {
    entry.device_index = device;
    entry.route.gateway = find_route(message, device)->route.gateway;
    entries.push_back(entry);
  }
  if (entries.empty()) entries.push_back(std::move(entry));
  return entries;
}

std::optional<PolicyRule> find_policy_rule(const std::string& message) {
  auto* whole = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  RuleAttributes attributes{};
  if (whole->nlmsg_type != RTM_NEWRULE) return std::nullopt;
  if (nlmsg_parse(whole, sizeof(fib_rule_hdr), attributes.data(), FRA_MAX, nullptr) < 0) return std::nullopt;
  const auto& header = *static_cast<const fib_rule_hdr*>(nlmsg_data(whole));
  const auto family = find_family(header.family);
  if (!family) return std::nullopt;
  constexpr std::uint32_t none = 0xffffffff;
  PolicyRule rule{.family = *family,
                  .priority = number_in<std::uint32_t>(attributes[FRA_PRIORITY]),
                  .action = action_of(header.action),
                  .table = number_in<std::uint32_t>(attributes[FRA_TABLE], header.table),
                  .source = prefix_of(attributes[FRA_SRC], header.src_len, *family),
                  .destination = prefix_of(attributes[FRA_DST], header.dst_len, *family),
                  .is_conditional = has_further_selectors(header, attributes)};
  const auto suppressed = number_in<std::uint32_t>(attributes[FRA_SUPPRESS_PREFIXLEN], none);
  if (suppressed != none) rule.suppressed = static_cast<std::uint8_t>(suppressed);
  return rule;
}

Routing observe_routing(NetlinkSocket& socket) {
  Routing routing;
  for (const auto family : cni::families) {
    for (const auto& message : socket.dump(list_policy_rules(family))) {
      if (auto rule = find_policy_rule(message)) routing.rules.push_back(*std::move(rule));
    }
    socket.dump_each(list_all_routes(family), [&](const std::string& message) {
      for (auto& entry : find_route_entries(message)) routing.tables.add(std::move(entry));
    });
  }
  return routing;
}

void read_device_name(NetlinkSocket& socket, RouteEntry& entry) {
  if (entry.device_index == 0) return;
  if (const auto link = first_link(socket.send_or_throw(get_link(entry.device_index)))) entry.device = link->name;
}

}  // namespace kernel
