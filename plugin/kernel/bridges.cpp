#include "plugin/kernel/bridges.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/if.h>
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

constexpr std::uint16_t default_vlan = 1;  // IFLA_BR_VLAN_DEFAULT_PVID of a new bridge

ifinfomsg header_of(std::uint32_t index, int family = AF_UNSPEC) {
  ifinfomsg header{};
  header.ifi_family = static_cast<unsigned char>(family);
  header.ifi_index = static_cast<int>(index);
  return header;
}

void put_flag(nl_msg* message, int attribute, bool value) {
  nla_put_u8(message, attribute, static_cast<std::uint8_t>(value));
}

void put_vlan(nl_msg* message, std::uint16_t id, unsigned flags) {
  bridge_vlan_info info{};
  info.flags = static_cast<std::uint16_t>(flags);
  info.vid = id;
  nla_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof info, &info);
}

void put_range(nl_msg* message, const cni::VlanRange& range) {
  if (range.first == range.last) return put_vlan(message, range.first, 0);
  put_vlan(message, range.first, BRIDGE_VLAN_INFO_RANGE_BEGIN);
  put_vlan(message, range.last, BRIDGE_VLAN_INFO_RANGE_END);
}

NetlinkRequest delete_default_vlan(const Device& port) {
  auto message = new_message(RTM_DELLINK, header_of(port.index, AF_BRIDGE));
  nlattr* vlans = nla_nest_start(message.get(), IFLA_AF_SPEC);
  put_vlan(message.get(), default_vlan, 0);
  nla_nest_end(message.get(), vlans);
  return {std::move(message), "delete VLAN 1 of port " + text::quoted(port.name), {ENOENT}};
}

/// Without a configured VLAN, untagged frames of a trunk belong to VLAN 1, as in the reference plugin bridge.
std::uint16_t untagged_vlan(const wiring::Bridge& bridge) { return bridge.vlan != 0 ? bridge.vlan : default_vlan; }

NetlinkRequest add_vlans(const Device& port, std::uint16_t untagged, std::span<const cni::VlanRange> tagged) {
  auto message = new_message(RTM_SETLINK, header_of(port.index, AF_BRIDGE));
  nlattr* vlans = nla_nest_start(message.get(), IFLA_AF_SPEC);
  put_vlan(message.get(), untagged, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
  for (const auto& range : tagged) put_range(message.get(), range);
  nla_nest_end(message.get(), vlans);
  return {std::move(message), "add the VLANs of port " + text::quoted(port.name)};
}

}  // namespace

NetlinkRequest create_bridge(const std::string& name, const cni::MacAddress& mac, std::uint32_t mtu,
                             bool filters_vlans) {
  auto message = new_message(RTM_NEWLINK, header_of(0), NLM_F_CREATE | NLM_F_EXCL);
  put_text(message.get(), IFLA_IFNAME, name);
  put_mac(message.get(), IFLA_ADDRESS, mac);
  put_number(message.get(), IFLA_MTU, mtu);
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  put_text(message.get(), IFLA_INFO_KIND, "bridge");
  if (filters_vlans) {
    nlattr* data = nla_nest_start(message.get(), IFLA_INFO_DATA);
    put_flag(message.get(), IFLA_BR_VLAN_FILTERING, true);
    nla_nest_end(message.get(), data);
  }
  nla_nest_end(message.get(), info);
  return {std::move(message),
          "create bridge " + text::quoted(name) + (filters_vlans ? " with VLAN filtering" : ""),
          {EEXIST}};
}

NetlinkRequest set_promiscuous(const Device& bridge) {
  auto header = header_of(bridge.index);
  header.ifi_flags = IFF_PROMISC;
  header.ifi_change = IFF_PROMISC;
  return {new_message(RTM_SETLINK, header), "set " + text::quoted(bridge.name) + " promiscuous"};
}

NetlinkRequest enslave(const std::string& port, const Device& bridge) {
  auto message = new_message(RTM_SETLINK, header_of(0));
  put_text(message.get(), IFLA_IFNAME, port);
  put_number(message.get(), IFLA_MASTER, bridge.index);
  return {std::move(message), "make " + text::quoted(port) + " a port of bridge " + text::quoted(bridge.name)};
}

// RTM_NEWLINK without NLM_F_CREATE finds the port by its name. RTM_SETLINK of family bridge needs the index, which is
// not known yet in the sendmsg that creates the pair.
NetlinkRequest set_port_flags(const std::string& port, const wiring::Bridge& bridge) {
  auto message = new_message(RTM_NEWLINK, header_of(0));
  put_text(message.get(), IFLA_IFNAME, port);
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  put_text(message.get(), IFLA_INFO_SLAVE_KIND, "bridge");
  nlattr* data = nla_nest_start(message.get(), IFLA_INFO_SLAVE_DATA);
  put_flag(message.get(), IFLA_BRPORT_MODE, bridge.hairpin);
  put_flag(message.get(), IFLA_BRPORT_ISOLATED, bridge.isolated);
  nla_nest_end(message.get(), data);
  nla_nest_end(message.get(), info);
  return {std::move(message), "set hairpin and isolation of port " + text::quoted(port)};
}

bool has_vlans(const wiring::Bridge& bridge) { return bridge.vlan != 0 || !bridge.trunk.empty(); }

std::vector<NetlinkRequest> set_vlans(const Device& port, const wiring::Bridge& bridge) {
  constexpr std::size_t most_in_a_message = 32;
  std::vector<NetlinkRequest> requests;
  if (!bridge.keep_default_vlan) requests.push_back(delete_default_vlan(port));
  std::span<const cni::VlanRange> rest{bridge.trunk};
  do {
    const auto chunk = rest.first(std::min(rest.size(), most_in_a_message));
    requests.push_back(add_vlans(port, untagged_vlan(bridge), chunk));
    rest = rest.subspan(chunk.size());
  } while (!rest.empty());
  return requests;
}

}  // namespace kernel
