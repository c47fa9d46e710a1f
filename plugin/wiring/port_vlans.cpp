#include "plugin/wiring/port_vlans.hpp"

#include <map>

namespace wiring {
namespace {

/// Without a configured VLAN, untagged frames of a trunk belong to VLAN 1, as in the reference plugin bridge.
std::uint16_t untagged_vlan(const Bridge& bridge) { return bridge.vlan != 0 ? bridge.vlan : std::uint16_t{1}; }

bool continues(const PortVlanRange& range, const PortVlan& vlan) {
  return vlan.id == range.last + 1 && vlan.is_pvid == range.first.is_pvid &&
         vlan.is_untagged == range.first.is_untagged;
}

std::string to_string(const PortVlanRange& range) {
  auto text = std::to_string(range.first.id);
  if (range.last != range.first.id) text += '-' + std::to_string(range.last);
  if (range.first.is_pvid) text += " PVID";
  if (range.first.is_untagged) text += " untagged";
  return text;
}

}  // namespace

bool has_vlans(const Bridge& bridge) { return bridge.vlan != 0 || !bridge.trunk.empty(); }

std::vector<PortVlan> port_vlans(const Bridge& bridge, std::uint16_t default_vlan) {
  std::map<std::uint16_t, PortVlan> by_id;
  if (bridge.keep_default_vlan && default_vlan != 0) by_id[default_vlan] = {.id = default_vlan, .is_untagged = true};
  for (const auto id : vlan_ids(bridge.trunk)) by_id[id] = {.id = id};
  const auto untagged = untagged_vlan(bridge);
  by_id[untagged] = {.id = untagged, .is_pvid = true, .is_untagged = true};
  std::vector<PortVlan> vlans;
  vlans.reserve(by_id.size());
  for (const auto& [id, vlan] : by_id) vlans.push_back(vlan);
  return vlans;
}

std::vector<PortVlan> gateway_port_vlans(const Bridge& bridge, std::uint16_t default_vlan) {
  return port_vlans({.name = bridge.name, .vlan = bridge.vlan}, default_vlan);
}

std::vector<PortVlanRange> ranges_of(const std::vector<PortVlan>& vlans) {
  std::vector<PortVlanRange> ranges;
  for (const auto& vlan : vlans) {
    if (!ranges.empty() && continues(ranges.back(), vlan)) {
      ranges.back().last = vlan.id;
    } else {
      ranges.push_back({vlan, vlan.id});
    }
  }
  return ranges;
}

std::string to_string(const std::vector<PortVlan>& vlans) {
  std::string text;
  for (const auto& range : ranges_of(vlans)) text += (text.empty() ? "" : ", ") + to_string(range);
  return text.empty() ? "none" : text;
}

}  // namespace wiring
