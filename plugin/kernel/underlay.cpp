#include "plugin/kernel/underlay.hpp"

#include "plugin/kernel/default_route.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/offloads.hpp"
#include "plugin/kernel/release.hpp"
#include "plugin/kernel/routes.hpp"

#include <netlink/msg.h>

#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

namespace kernel {
namespace {

/// The way to a node.
struct NodePath {
  std::uint32_t device_index = 0;
  bool is_on_link = false;
};

/// A gateway of the other family is in RTA_VIA.
bool has_gateway(const std::string& message, const FoundRoute& found) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  return found.route.gateway || nlmsg_find_attr(header, sizeof(rtmsg), RTA_VIA) != nullptr;
}

/// The default route of a point-to-point device has no gateway, but its packets are routed.
bool is_on_link(const std::string& message, const FoundRoute& found) {
  return !has_gateway(message, found) && found.route.destination.length != 0;
}

/// By address; addresses that the kernel does not reach are missing, and so are its own.
std::map<cni::IpAddress, NodePath> paths_to(NetlinkSocket& socket, const std::vector<cni::IpAddress>& addresses) {
  std::map<cni::IpAddress, NodePath> paths;
  if (addresses.empty()) return paths;
  std::vector<NetlinkRequest> requests;
  requests.reserve(addresses.size());
  for (const auto& address : addresses) requests.push_back(get_matching_route(address));
  const auto answers = socket.send(requests);
  std::map<std::uint32_t, const cni::IpAddress*> by_sequence;
  for (std::size_t index = 0; index < addresses.size(); ++index) {
    by_sequence[nlmsg_hdr(requests[index].message.get())->nlmsg_seq] = &addresses[index];
  }
  for (const auto& message : answers.messages) {
    const auto asked = by_sequence.find(reinterpret_cast<const nlmsghdr*>(message.data())->nlmsg_seq);
    const auto found = find_route(message);
    if (asked == by_sequence.end() || !found || found->is_local) continue;
    paths[*asked->second] = {.device_index = found->device_index, .is_on_link = is_on_link(message, *found)};
  }
  return paths;
}

using Links = std::map<std::uint32_t, Link>;

Links devices_of(NetlinkSocket& socket, const std::map<cni::IpAddress, NodePath>& paths) {
  Links links;
  for (const auto& [address, path] : paths) {
    if (path.device_index == 0 || links.contains(path.device_index)) continue;
    if (auto link = first_link(socket.send_or_throw(get_link(path.device_index))))
      links.emplace(path.device_index, std::move(*link));
  }
  return links;
}

std::uint32_t mtu_of(NetlinkSocket& socket, const Links& links) {
  if (links.empty()) return default_route_mtu(socket, cni::families);
  const auto has_smaller_mtu = [](const auto& left, const auto& right) { return left.second.mtu < right.second.mtu; };
  return std::ranges::min_element(links, has_smaller_mtu)->second.mtu;
}

/// GRO for VXLAN-GPE exists from Linux 6.6 on (vxlan_gpe_gro_receive() in drivers/net/vxlan/vxlan_core.c).
bool kernel_aggregates_gpe() { return is_at_least(6, 6); }

/// A network card that segments packets in tunnels does so only with an inner Ethernet header (vxlan_features_check()
/// in include/net/vxlan.h). A veth leaves it to the next device.
bool segments_only_ethernet(const Link& link) { return link.kind != "veth" && segments_udp_tunnels(link.name); }

}  // namespace

wiring::Underlay read_underlay(const std::vector<cni::IpAddress>& nodes) {
  NetlinkSocket socket{NETLINK_ROUTE};
  wiring::Underlay underlay;
  const auto paths = paths_to(socket, nodes);
  const auto links = devices_of(socket, paths);
  for (const auto& [address, path] : paths) {
    const auto link = links.find(path.device_index);
    if (path.is_on_link && link != links.end()) underlay.on_link[address] = link->second.name;
  }
  underlay.mtu = mtu_of(socket, links);
  underlay.is_gpe_fast = kernel_aggregates_gpe() && std::ranges::none_of(links, [](const auto& each) {
                           return segments_only_ethernet(each.second);
                         });
  underlay.has_ipv6 = ::access("/proc/sys/net/ipv6", F_OK) == 0;
  return underlay;
}

}  // namespace kernel
