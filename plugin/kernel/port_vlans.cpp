#include "plugin/kernel/port_vlans.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

namespace kernel {
namespace {

constexpr std::uint16_t largest_vlan = 4094;  // IEEE 802.1Q

using wiring::PortVlan;
using wiring::PortVlanRange;

void put_vlan(nl_msg* message, std::uint16_t id, unsigned flags) {
  bridge_vlan_info info{};
  info.flags = static_cast<std::uint16_t>(flags);
  info.vid = id;
  nla_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof info, &info);
}

void put_range(nl_msg* message, const PortVlanRange& range) {
  const auto flags =
      (range.first.is_pvid ? BRIDGE_VLAN_INFO_PVID : 0U) | (range.first.is_untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0U);
  if (range.first.id == range.last) return put_vlan(message, range.last, flags);
  put_vlan(message, range.first.id, flags | BRIDGE_VLAN_INFO_RANGE_BEGIN);
  put_vlan(message, range.last, flags | BRIDGE_VLAN_INFO_RANGE_END);
}

NetlinkRequest change_vlans(int type, const Device& port, std::span<const PortVlanRange> ranges) {
  ifinfomsg header{};
  header.ifi_family = AF_BRIDGE;
  header.ifi_index = static_cast<int>(port.index);
  auto message = new_message(type, header);
  nlattr* vlans = nla_nest_start(message.get(), IFLA_AF_SPEC);
  for (const auto& range : ranges) put_range(message.get(), range);
  nla_nest_end(message.get(), vlans);
  const bool is_deletion = type == RTM_DELLINK;
  NetlinkRequest request{std::move(message),
                         (is_deletion ? "delete VLANs of port " : "add the VLANs of port ") + text::quoted(port.name)};
  if (is_deletion) request.tolerated = {ENOENT};
  return request;
}

void append_changes(int type, const Device& port, const std::vector<PortVlan>& vlans,
                    std::vector<NetlinkRequest>& requests) {
  constexpr std::size_t most_in_a_message = 32;
  const auto ranges = wiring::ranges_of(vlans);
  std::span<const PortVlanRange> rest{ranges};
  while (!rest.empty()) {
    const auto chunk = rest.first(std::min(rest.size(), most_in_a_message));
    requests.push_back(change_vlans(type, port, chunk));
    rest = rest.subspan(chunk.size());
  }
}

bool has_id(const std::vector<PortVlan>& vlans, std::uint16_t id) {
  return std::ranges::find(vlans, id, &PortVlan::id) != vlans.end();
}

/// Adds the VLANs of an entry: one VLAN, or a range.
void append_entry(nlattr* entry, std::vector<PortVlan>& vlans) {
  const auto info = number_in<bridge_vlan_info>(find_nested(entry, BRIDGE_VLANDB_ENTRY_INFO));
  const auto last =
      std::min(largest_vlan, number_in<std::uint16_t>(find_nested(entry, BRIDGE_VLANDB_ENTRY_RANGE), info.vid));
  for (std::uint32_t id = info.vid; id <= last; ++id) {
    vlans.push_back({.id = static_cast<std::uint16_t>(id),
                     .is_pvid = (info.flags & BRIDGE_VLAN_INFO_PVID) != 0,
                     .is_untagged = (info.flags & BRIDGE_VLAN_INFO_UNTAGGED) != 0});
  }
}

}  // namespace

std::vector<NetlinkRequest> set_vlans(const Device& port, const wiring::Bridge& bridge, std::uint16_t default_vlan) {
  std::vector<NetlinkRequest> requests;
  const auto wanted = wiring::port_vlans(bridge, default_vlan);
  if (default_vlan != 0) requests = delete_other_vlans(port, {{.id = default_vlan}}, wanted);
  append_changes(RTM_SETLINK, port, wanted, requests);
  return requests;
}

std::vector<NetlinkRequest> delete_other_vlans(const Device& port, const std::vector<PortVlan>& found,
                                               const std::vector<PortVlan>& wanted) {
  std::vector<PortVlan> others;
  for (const auto& vlan : found) {
    if (!has_id(wanted, vlan.id)) others.push_back({.id = vlan.id});
  }
  std::vector<NetlinkRequest> requests;
  append_changes(RTM_DELLINK, port, others, requests);
  return requests;
}

NetlinkRequest list_vlans(const Device& port) {
  br_vlan_msg header{};
  header.family = AF_BRIDGE;
  header.ifindex = port.index;
  return {new_message(RTM_GETVLAN, header),
          "list the VLANs of port " + text::quoted(port.name),
          {EINVAL, ENODEV, EOPNOTSUPP}};
}

std::vector<PortVlan> find_vlans(const std::string& message, std::uint32_t port_index) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWVLAN || nlmsg_valid_hdr(header, sizeof(br_vlan_msg)) == 0) return {};
  if (static_cast<const br_vlan_msg*>(nlmsg_data(header))->ifindex != port_index) return {};
  std::vector<PortVlan> vlans;
  int rest = nlmsg_attrlen(header, sizeof(br_vlan_msg));
  for (auto* each = nlmsg_attrdata(header, sizeof(br_vlan_msg)); nla_ok(each, rest) != 0;
       each = nla_next(each, &rest)) {
    if (nla_type(each) == BRIDGE_VLANDB_ENTRY) append_entry(each, vlans);
  }
  return vlans;
}

std::vector<PortVlan> observe_vlans(NetlinkSocket& socket, const Device& port) {
  std::vector<PortVlan> vlans;
  for (const auto& message : socket.dump(list_vlans(port))) {
    for (const auto& vlan : find_vlans(message, port.index)) vlans.push_back(vlan);
  }
  std::ranges::sort(vlans);
  return vlans;
}

}  // namespace kernel
