#include "plugin/kernel/routing.hpp"

#include "plugin/kernel/routes.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace kernel {
namespace {

std::string_view words_of(RouteType type) {
  switch (type) {
    case RouteType::local:
      return "local ";
    case RouteType::blackhole:
      return "blackhole ";
    case RouteType::unreachable:
      return "unreachable ";
    case RouteType::prohibit:
      return "prohibit ";
    case RouteType::throw_to_next_rule:
      return "throw ";
    case RouteType::unicast:
    case RouteType::other:
      return "";
  }
  return "";
}

std::string table_name(std::uint32_t table) {
  if (table == RT_TABLE_LOCAL) return "local";
  if (table == RT_TABLE_MAIN) return "main";
  return table == RT_TABLE_DEFAULT ? "default" : std::to_string(table);
}

std::string route_protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case RTPROT_KERNEL:
      return "kernel";
    case RTPROT_BOOT:
      return "boot";
    case RTPROT_STATIC:
      return "static";
    case RTPROT_RA:
      return "ra";
    default:
      return std::to_string(protocol);
  }
}

bool is_ipv6(const RouteEntry& entry) { return entry.route.destination.address.family == cni::Family::ipv6; }

std::uint32_t metric_of(const RouteEntry& entry) { return entry.route.priority.value_or(0); }

std::uint32_t table_of(const RouteEntry& entry) { return entry.route.table.value_or(wiring::main_table); }

/// Whether the rule applies to each packet to the address.
bool applies(const PolicyRule& rule, const cni::IpAddress& destination) {
  if (rule.family != destination.family || rule.is_conditional || rule.source) return false;
  return !rule.destination || cni::contains(*rule.destination, destination);
}

std::string ip_command(cni::Family family) { return family == cni::Family::ipv6 ? "ip -6 " : "ip "; }

std::string selectors_of(const PolicyRule& rule) {
  std::string text = "from " + (rule.source ? cni::to_string(*rule.source) : "all");
  if (rule.destination) text += " to " + cni::to_string(*rule.destination);
  return text;
}

}  // namespace

bool rejects(RouteType type) {
  return type == RouteType::blackhole || type == RouteType::unreachable || type == RouteType::prohibit;
}

/// IPv6 assigns rejecting routes to lo, which ip-route(8) does not accept for them.
std::string to_string(const RouteEntry& entry) {
  auto text = std::string{words_of(entry.type)} + cni::to_string(entry.route.destination);
  if (entry.route.gateway) text += " via " + cni::to_string(*entry.route.gateway);
  if (!entry.device.empty() && !rejects(entry.type)) text += " dev " + entry.device;
  if (entry.tos != 0) text += " tos " + std::to_string(entry.tos);
  text += " table " + table_name(table_of(entry)) + " proto " + route_protocol_name(entry.protocol);
  if (metric_of(entry) != 0) text += " metric " + std::to_string(metric_of(entry));
  return text;
}

std::string delete_command(const RouteEntry& entry) {
  return ip_command(entry.route.destination.address.family) + "route del " + to_string(entry);
}

std::string to_string(const PolicyRule& rule) {
  auto text = std::to_string(rule.priority) + ": " + selectors_of(rule);
  if (rule.is_conditional) text += " and further conditions";
  if (rule.action == PolicyRule::Action::lookup) return text + " lookup " + table_name(rule.table);
  return text + (rule.action == PolicyRule::Action::reject ? " reject" : " (other action)");
}

std::string delete_command(const PolicyRule& rule) {
  return ip_command(rule.family) + "rule del " + selectors_of(rule) + " pref " + std::to_string(rule.priority);
}

void RouteTables::add(RouteEntry entry) {
  const auto table = table_of(entry);
  const auto& destination = entry.route.destination;
  by_destination_[{table, destination}].push_back(entries_.size());
  lengths_[{table, destination.address.family}].insert(destination.length);
  if (entry.device_index != 0) by_device_[entry.device_index].push_back(entries_.size());
  entries_.push_back(std::move(entry));
}

std::vector<const RouteEntry*> RouteTables::through(std::uint32_t device_index) const {
  std::vector<const RouteEntry*> routes;
  const auto found = by_device_.find(device_index);
  if (found == by_device_.end()) return routes;
  for (const auto position : found->second) routes.push_back(&entries_[position]);
  return routes;
}

const RouteEntry* RouteTables::find(std::uint32_t table, const cni::IpAddress& destination) const {
  const auto lengths = lengths_.find({table, destination.family});
  if (lengths == lengths_.end()) return nullptr;
  for (const auto length : lengths->second) {
    const auto found = by_destination_.find({table, cni::network_of({destination, length})});
    if (found == by_destination_.end()) continue;
    const RouteEntry* best = nullptr;
    for (const auto position : found->second) {
      const auto& entry = entries_[position];
      if (entry.tos == 0 && (best == nullptr || metric_of(entry) < metric_of(*best))) best = &entry;
    }
    if (best != nullptr) return best;
  }
  return nullptr;
}

std::vector<const RouteEntry*> RouteTables::rejecting() const {
  std::vector<const RouteEntry*> routes;
  for (const auto& entry : entries_) {
    if (rejects(entry.type) && entry.protocol != RTPROT_KERNEL) routes.push_back(&entry);
  }
  return routes;
}

std::optional<RouteEntry> find_entry(const Routing& routing, const cni::IpAddress& destination) {
  for (const auto& rule : routing.rules) {
    if (!applies(rule, destination)) continue;
    if (rule.action == PolicyRule::Action::reject) return std::nullopt;
    if (rule.action != PolicyRule::Action::lookup) continue;
    const auto* found = routing.tables.find(rule.table, destination);
    if (found == nullptr || found->type == RouteType::throw_to_next_rule) continue;
    if (rule.suppressed && found->route.destination.length <= *rule.suppressed) continue;
    return *found;
  }
  return std::nullopt;
}

/// The kernel refuses a route whose destination and metric exist. A route of the plugin has metric 0; IPv6 has no
/// metric 0 and uses IP6_RT_PRIO_USER.
bool takes_precedence(const RouteEntry& entry, const cni::IpAddress& address) {
  if (table_of(entry) != wiring::main_table) return table_of(entry) != RT_TABLE_DEFAULT;
  if (!cni::is_host_prefix(entry.route.destination) || entry.route.destination.address != address) return false;
  return metric_of(entry) <= (is_ipv6(entry) ? default_ipv6_metric : 0);
}

}  // namespace kernel
