#include "plugin/kernel/next_hops.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/kernel/routes.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <arpa/inet.h>
#include <endian.h>
#include <linux/lwtunnel.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <limits>

namespace kernel {
namespace {

constexpr std::uint32_t largest_metric = std::numeric_limits<std::uint32_t>::max();

/// TUNNEL_CSUM in include/uapi/linux/if_tunnel.h: the outer UDP header has a checksum.
constexpr std::uint16_t with_checksum = 0x01;

/// The attributes of a tunnel have the same order in both families.
static_assert(int{LWTUNNEL_IP_ID} == int{LWTUNNEL_IP6_ID} && int{LWTUNNEL_IP_DST} == int{LWTUNNEL_IP6_DST} &&
              int{LWTUNNEL_IP_SRC} == int{LWTUNNEL_IP6_SRC} && int{LWTUNNEL_IP_FLAGS} == int{LWTUNNEL_IP6_FLAGS} &&
              int{LWTUNNEL_IP_MAX} == int{LWTUNNEL_IP6_MAX});

bool is_ipv6(const cni::IpAddress& address) { return address.family == cni::Family::ipv6; }

/// Receivers drop IPv6 packets without a UDP checksum (RFC 8200, section 8.1), and the kernel counts them as
/// Udp6InCsumErrors. IPv4 packets need none.
void put_tunnel(nl_msg* message, const wiring::TunnelEnds& ends) {
  const std::uint16_t type = is_ipv6(ends.remote) ? LWTUNNEL_ENCAP_IP6 : LWTUNNEL_ENCAP_IP;
  nla_put_u16(message, NHA_ENCAP_TYPE, type);
  nlattr* encapsulation = nla_nest_start(message, NHA_ENCAP);
  nla_put_u64(message, LWTUNNEL_IP_ID, htobe64(ends.vni));
  put_address(message, LWTUNNEL_IP_DST, ends.remote);
  if (ends.local) put_address(message, LWTUNNEL_IP_SRC, *ends.local);
  if (is_ipv6(ends.remote)) nla_put_u16(message, LWTUNNEL_IP6_FLAGS, htons(with_checksum));
  nla_nest_end(message, encapsulation);
}

/// nullopt for a tunnel of another kind, and without the checksum that it needs.
std::optional<wiring::TunnelEnds> find_tunnel_ends(const nlattr* type, nlattr* encapsulation) {
  const auto number = number_in<std::uint16_t>(type);
  if (encapsulation == nullptr || (number != LWTUNNEL_ENCAP_IP && number != LWTUNNEL_ENCAP_IP6)) return std::nullopt;
  const auto family = number == LWTUNNEL_ENCAP_IP ? cni::Family::ipv4 : cni::Family::ipv6;
  std::array<nlattr*, LWTUNNEL_IP_MAX + 1> attributes{};
  if (nla_parse_nested(attributes.data(), LWTUNNEL_IP_MAX, encapsulation, nullptr) < 0) return std::nullopt;
  const auto remote = find_address(attributes[LWTUNNEL_IP_DST], family);
  const auto flags = ntohs(number_in<std::uint16_t>(attributes[LWTUNNEL_IP_FLAGS]));
  if (!remote || (family == cni::Family::ipv6 && (flags & with_checksum) == 0)) return std::nullopt;
  auto local = find_address(attributes[LWTUNNEL_IP_SRC], family);
  if (local && cni::is_unspecified(*local)) local.reset();
  const auto id = be64toh(number_in<std::uint64_t>(attributes[LWTUNNEL_IP_ID]));
  return wiring::TunnelEnds{.local = local, .remote = *remote, .vni = static_cast<std::uint32_t>(id)};
}

std::string name_of(std::uint32_t id) { return "next hop " + wiring::next_hop_id_text(id); }

rtmsg header_of(const cni::Prefix& prefix) {
  rtmsg header{};
  header.rtm_family = static_cast<std::uint8_t>(kernel_family(prefix.address.family));
  header.rtm_dst_len = prefix.length;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = node_route_protocol;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  return header;
}

Message route_message(const wiring::NetworkRoute& route, int flags) {
  auto message = new_message(RTM_NEWROUTE, header_of(route.prefix), NLM_F_CREATE | flags);
  put_address(message.get(), RTA_DST, route.prefix.address);
  put_number(message.get(), RTA_NH_ID, route.route.next_hop);
  if (route.route.source) put_address(message.get(), RTA_PREFSRC, *route.route.source);
  return message;
}

Message unreachable_message(int type, const cni::Prefix& prefix, int flags) {
  auto header = header_of(prefix);
  header.rtm_type = RTN_UNREACHABLE;
  auto message = new_message(type, header, flags);
  put_address(message.get(), RTA_DST, prefix.address);
  put_number(message.get(), RTA_PRIORITY, largest_metric);
  return message;
}

std::string text_of(const cni::Prefix& prefix) { return "route " + cni::to_string(prefix); }

const std::vector<int> absent_route_errors{ESRCH, ENOENT};

}  // namespace

NetlinkRequest put_next_hop(const wiring::NextHopObject& object, std::uint32_t device_index) {
  nhmsg header{};
  header.nh_family = static_cast<unsigned char>(kernel_family(object.hop.family));
  header.nh_protocol = node_route_protocol;
  auto message = new_message(RTM_NEWNEXTHOP, header, NLM_F_CREATE | NLM_F_REPLACE);
  put_number(message.get(), NHA_ID, object.id);
  put_number(message.get(), NHA_OIF, device_index);
  if (object.hop.gateway) put_address(message.get(), NHA_GATEWAY, *object.hop.gateway);
  if (object.hop.tunnel) put_tunnel(message.get(), *object.hop.tunnel);
  return {std::move(message), "set " + name_of(object.id) + ' ' + wiring::to_string(object.hop)};
}

/// The kernel requires that all fields of the header are 0 (nh_valid_get_del_req() in net/ipv4/nexthop.c).
NetlinkRequest delete_next_hop(std::uint32_t id) {
  auto message = new_message(RTM_DELNEXTHOP, nhmsg{});
  put_number(message.get(), NHA_ID, id);
  return {std::move(message), "delete " + name_of(id), {ENOENT}};
}

/// Kernels without next hop objects (before 5.3) do not know the message.
NetlinkRequest list_next_hops() { return {new_message(RTM_GETNEXTHOP, nhmsg{}), "list next hops", {EOPNOTSUPP}}; }

std::optional<FoundNextHop> find_next_hop(const std::string& message) {
  auto* whole = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  std::array<nlattr*, NHA_MAX + 1> attributes{};
  if (whole->nlmsg_type != RTM_NEWNEXTHOP) return std::nullopt;
  if (nlmsg_parse(whole, sizeof(nhmsg), attributes.data(), NHA_MAX, nullptr) < 0) return std::nullopt;
  const auto& header = *static_cast<const nhmsg*>(nlmsg_data(whole));
  const auto family = find_family(header.nh_family);
  if (!family) return std::nullopt;
  FoundNextHop found{.object = {.id = number_in<std::uint32_t>(attributes[NHA_ID]), .hop = {.family = *family}},
                     .protocol = header.nh_protocol,
                     .device_index = number_in<std::uint32_t>(attributes[NHA_OIF])};
  found.object.hop.gateway = find_address(attributes[NHA_GATEWAY], *family);
  found.object.hop.tunnel = find_tunnel_ends(attributes[NHA_ENCAP_TYPE], attributes[NHA_ENCAP]);
  return found;
}

NetlinkRequest add_network_route(const wiring::NetworkRoute& route) {
  return {route_message(route, NLM_F_EXCL), "add " + text_of(route.prefix)};
}

NetlinkRequest replace_network_route(const wiring::NetworkRoute& route) {
  return {route_message(route, NLM_F_REPLACE), "replace " + text_of(route.prefix)};
}

/// The metric distinguishes it from the unreachable route of the same prefix; IPv4 compares the type instead.
NetlinkRequest delete_network_route(const wiring::NetworkRoute& route) {
  auto header = header_of(route.prefix);
  header.rtm_scope = RT_SCOPE_NOWHERE;  // matches any scope
  auto message = new_message(RTM_DELROUTE, header);
  put_address(message.get(), RTA_DST, route.prefix.address);
  if (is_ipv6(route.prefix.address)) put_number(message.get(), RTA_PRIORITY, default_ipv6_metric);
  return {std::move(message), "delete " + text_of(route.prefix), absent_route_errors};
}

NetlinkRequest put_unreachable_route(const wiring::UnreachableRoute& route) {
  return {unreachable_message(RTM_NEWROUTE, route.prefix, NLM_F_CREATE | NLM_F_REPLACE),
          "add unreachable " + text_of(route.prefix)};
}

NetlinkRequest delete_unreachable_route(const wiring::UnreachableRoute& route) {
  return {unreachable_message(RTM_DELROUTE, route.prefix, 0), "delete unreachable " + text_of(route.prefix),
          absent_route_errors};
}

NetlinkRequest list_node_routes(cni::Family family) {
  rtmsg filter{};
  filter.rtm_family = static_cast<std::uint8_t>(kernel_family(family));
  filter.rtm_protocol = node_route_protocol;
  auto message = new_message(RTM_GETROUTE, filter);
  put_number(message.get(), RTA_TABLE, RT_TABLE_MAIN);
  return {std::move(message), "list routes between nodes", {ENOENT, EAFNOSUPPORT, EOPNOTSUPP}};
}

/// Kernels without the filter list all routes.
void read_node_route(const std::string& message, wiring::NodeNetwork& network) {
  auto* whole = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  std::array<nlattr*, RTA_MAX + 1> attributes{};
  if (whole->nlmsg_type != RTM_NEWROUTE) return;
  if (nlmsg_parse(whole, sizeof(rtmsg), attributes.data(), RTA_MAX, nullptr) < 0) return;
  const auto& header = *static_cast<const rtmsg*>(nlmsg_data(whole));
  const auto family = find_family(header.rtm_family);
  if (!family || header.rtm_protocol != node_route_protocol) return;
  if (number_in<std::uint32_t>(attributes[RTA_TABLE], header.rtm_table) != RT_TABLE_MAIN) return;
  const auto address = find_address(attributes[RTA_DST], *family);
  if (!address || header.rtm_dst_len > cni::address_length(*family)) return;
  const cni::Prefix prefix{*address, header.rtm_dst_len};
  if (header.rtm_type == RTN_UNREACHABLE) {
    network.unreachable.insert(prefix);
  } else {
    network.routes[prefix] = {.next_hop = number_in<std::uint32_t>(attributes[RTA_NH_ID]),
                              .source = find_address(attributes[RTA_PREFSRC], *family)};
  }
}

}  // namespace kernel
