#include "plugin/kernel/links.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/big_tcp.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <initializer_list>

namespace kernel {
namespace {

ifinfomsg link_header(std::uint32_t index) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = static_cast<int>(index);
  return header;
}

Message link_message(int type, std::uint32_t index) { return new_message(type, link_header(index)); }

Message up_message(std::uint32_t index, unsigned flags) {
  auto header = link_header(index);
  header.ifi_flags = flags;
  header.ifi_change = IFF_UP;
  return new_message(RTM_SETLINK, header);
}

struct Ipv4Setting {
  int number = 0;  ///< IPV4_DEVCONF_*
  std::int32_t value = 1;
};

/// Values of arp_notify that show what this plugin has done to a bridge. For the kernel, any value but 0 means on
/// (IN_DEV_MAXCONF() in include/linux/inetdevice.h); other software writes 1.
constexpr std::int32_t mac_is_fixed = 2;
constexpr std::int32_t mac_is_fixed_and_route_localnet_set = 3;

/// Sets IPv4 settings of an interface, as its sysctl files do.
void put_ipv4_settings(nl_msg* message, std::initializer_list<Ipv4Setting> values) {
  nlattr* families = nla_nest_start(message, IFLA_AF_SPEC);
  nlattr* ipv4 = nla_nest_start(message, AF_INET);
  nlattr* settings = nla_nest_start(message, IFLA_INET_CONF);
  for (const auto& [number, value] : values) put_number(message, number, static_cast<std::uint32_t>(value));
  nla_nest_end(message, settings);
  nla_nest_end(message, ipv4);
  nla_nest_end(message, families);
}

cni::MacAddress mac_of(const nlattr* attribute) {
  cni::MacAddress mac;
  const bool fits = attribute != nullptr && nla_len(attribute) == static_cast<int>(mac.bytes.size());
  if (fits) std::memcpy(mac.bytes.data(), nla_data(attribute), mac.bytes.size());
  return mac;
}

/// IFLA_INET_CONF and IFLA_INET6_CONF are arrays of numbers, in the order of the kernel's enumeration.
std::int32_t setting_of(const nlattr* settings, int number) {
  const int position = number * static_cast<int>(sizeof(std::int32_t));
  std::int32_t value = 0;
  if (settings == nullptr || nla_len(settings) < position + static_cast<int>(sizeof value)) return value;
  std::memcpy(&value, static_cast<const char*>(nla_data(settings)) + position, sizeof value);
  return value;
}

std::int32_t ipv6_setting_of(nlattr* families, int number) {
  return setting_of(find_nested(find_nested(families, AF_INET6), IFLA_INET6_CONF), number);
}

/// IPV4_DEVCONF_* begin at 1.
std::int32_t ipv4_setting_of(nlattr* families, int number) {
  return setting_of(find_nested(find_nested(families, AF_INET), IFLA_INET_CONF), number - 1);
}

std::uint8_t byte_of(const nlattr* attribute) { return number_in<std::uint8_t>(attribute); }

BridgePort read_port(nlattr* data) {
  std::array<nlattr*, IFLA_BRPORT_MAX + 1> attributes{};
  nla_parse_nested(attributes.data(), IFLA_BRPORT_MAX, data, nullptr);
  const auto state = byte_of(attributes[IFLA_BRPORT_STATE]);
  return {.is_closed = state == BR_STATE_DISABLED || state == BR_STATE_BLOCKING,
          .hairpin = byte_of(attributes[IFLA_BRPORT_MODE]) != 0,
          .isolated = byte_of(attributes[IFLA_BRPORT_ISOLATED]) != 0};
}

void read_bridge(nlattr* data, Link& link) {
  std::array<nlattr*, IFLA_BR_MAX + 1> attributes{};
  nla_parse_nested(attributes.data(), IFLA_BR_MAX, data, nullptr);
  link.filters_vlans = byte_of(attributes[IFLA_BR_VLAN_FILTERING]) != 0;
  link.default_vlan = number_in<std::uint16_t>(attributes[IFLA_BR_VLAN_DEFAULT_PVID]);
}

void read_kind(nlattr* info, Link& link) {
  std::array<nlattr*, IFLA_INFO_MAX + 1> attributes{};
  if (info == nullptr || nla_parse_nested(attributes.data(), IFLA_INFO_MAX, info, nullptr) < 0) return;
  link.kind = text_in(attributes[IFLA_INFO_KIND]);
  nlattr* own = attributes[IFLA_INFO_DATA];
  if (link.kind == "bridge" && own != nullptr) read_bridge(own, link);
  if (text_in(attributes[IFLA_INFO_SLAVE_KIND]) != "bridge") return;
  if (nlattr* data = attributes[IFLA_INFO_SLAVE_DATA]) link.port = read_port(data);
}

}  // namespace

NetlinkRequest create_ifb(const std::string& name, const cni::MacAddress& mac, std::uint32_t mtu) {
  auto message = new_message(RTM_NEWLINK, link_header(0), NLM_F_CREATE | NLM_F_EXCL);
  put_text(message.get(), IFLA_IFNAME, name);
  put_mac(message.get(), IFLA_ADDRESS, mac);
  put_number(message.get(), IFLA_MTU, mtu);
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  put_text(message.get(), IFLA_INFO_KIND, "ifb");
  nla_nest_end(message.get(), info);
  return {std::move(message), "create ifb " + text::quoted(name)};
}

NetlinkRequest set_alias(const std::string& name, const cni::Attachment& attachment) {
  auto message = link_message(RTM_SETLINK, 0);
  put_text(message.get(), IFLA_IFNAME, name);
  put_text(message.get(), IFLA_IFALIAS, cni::alias_of(attachment));
  return {std::move(message), "set the alias of " + text::quoted(name)};
}

NetlinkRequest rename(const Device& device, const std::string& name) {
  auto message = link_message(RTM_SETLINK, device.index);
  put_text(message.get(), IFLA_IFNAME, name);
  return {std::move(message), "rename " + text::quoted(device.name) + " to " + text::quoted(name)};
}

NetlinkRequest configure_next_hop(const std::string& name) {
  auto message = link_message(RTM_SETLINK, 0);
  put_text(message.get(), IFLA_IFNAME, name);
  put_ipv4_settings(message.get(), {{IPV4_DEVCONF_FORWARDING}, {IPV4_DEVCONF_ARP_NOTIFY}});
  return {std::move(message), "set IPv4 forwarding and arp_notify of " + text::quoted(name)};
}

NetlinkRequest set_route_localnet(const std::string& name, bool enabled) {
  auto message = link_message(RTM_SETLINK, 0);
  put_text(message.get(), IFLA_IFNAME, name);
  put_ipv4_settings(message.get(), {{IPV4_DEVCONF_ROUTE_LOCALNET, static_cast<std::int32_t>(enabled)}});
  return {std::move(message), "set route_localnet of " + text::quoted(name)};
}

NetlinkRequest set_route_localnet_of_bridge(const std::string& name) {
  auto message = link_message(RTM_SETLINK, 0);
  put_text(message.get(), IFLA_IFNAME, name);
  put_ipv4_settings(message.get(),
                    {{IPV4_DEVCONF_ROUTE_LOCALNET}, {IPV4_DEVCONF_ARP_NOTIFY, mac_is_fixed_and_route_localnet_set}});
  return {std::move(message), "set route_localnet and arp_notify of " + text::quoted(name)};
}

NetlinkRequest set_arp_notify(const std::string& name) {
  auto message = link_message(RTM_SETLINK, 0);
  put_text(message.get(), IFLA_IFNAME, name);
  put_ipv4_settings(message.get(), {{IPV4_DEVCONF_ARP_NOTIFY}});
  return {std::move(message), "set arp_notify of " + text::quoted(name)};
}

NetlinkRequest disable_address_generation(const std::string& name) {
  auto message = link_message(RTM_SETLINK, 0);
  put_text(message.get(), IFLA_IFNAME, name);
  nlattr* families = nla_nest_start(message.get(), IFLA_AF_SPEC);
  nlattr* ipv6 = nla_nest_start(message.get(), AF_INET6);
  nla_put_u8(message.get(), IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  nla_nest_end(message.get(), ipv6);
  nla_nest_end(message.get(), families);
  return {std::move(message), "set address generation of " + text::quoted(name) + " to none", {EAFNOSUPPORT}};
}

NetlinkRequest set_mtu(const Device& device, std::uint32_t mtu) {
  auto message = link_message(RTM_SETLINK, device.index);
  put_number(message.get(), IFLA_MTU, mtu);
  return {std::move(message), "set the MTU of " + text::quoted(device.name) + " to " + std::to_string(mtu)};
}

NetlinkRequest set_mac(const Device& device, const cni::MacAddress& mac) {
  auto message = link_message(RTM_SETLINK, device.index);
  put_mac(message.get(), IFLA_ADDRESS, mac);
  return {std::move(message), "set the MAC of " + text::quoted(device.name)};
}

NetlinkRequest fix_mac(const Device& device, const cni::MacAddress& mac) {
  auto message = link_message(RTM_SETLINK, device.index);
  put_mac(message.get(), IFLA_ADDRESS, mac);
  put_ipv4_settings(message.get(), {{IPV4_DEVCONF_ARP_NOTIFY, mac_is_fixed}});
  return {std::move(message), "set the MAC and arp_notify of " + text::quoted(device.name)};
}

NetlinkRequest bring_up(std::uint32_t index, const std::string& name) {
  return {up_message(index, IFF_UP), "set " + text::quoted(name) + " up"};
}

NetlinkRequest bring_down(std::uint32_t index, const std::string& name) {
  return {up_message(index, 0), "set " + text::quoted(name) + " down"};
}

NetlinkRequest get_link(const std::string& name) {
  auto message = link_message(RTM_GETLINK, 0);
  put_text(message.get(), IFLA_IFNAME, name);
  put_number(message.get(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return {std::move(message), "get link " + text::quoted(name), {ENODEV}};
}

NetlinkRequest get_link(std::uint32_t index) {
  auto message = link_message(RTM_GETLINK, index);
  put_number(message.get(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return {std::move(message), "get link with index " + std::to_string(index), {ENODEV}};
}

NetlinkRequest get_link_with_counters(const std::string& name) {
  auto message = link_message(RTM_GETLINK, 0);
  put_text(message.get(), IFLA_IFNAME, name);
  return {std::move(message), "get counters of " + text::quoted(name), {ENODEV}};
}

NetlinkRequest list_ports(std::uint32_t bridge_index) {
  auto message = link_message(RTM_GETLINK, 0);
  put_number(message.get(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  put_number(message.get(), IFLA_MASTER, bridge_index);
  return {std::move(message), "list the ports of a bridge"};
}

NetlinkRequest list_links() {
  auto message = link_message(RTM_GETLINK, 0);
  put_number(message.get(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return {std::move(message), "list links"};
}

NetlinkRequest list_links(const std::string& kind) {
  auto message = link_message(RTM_GETLINK, 0);
  put_number(message.get(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  nlattr* info = nla_nest_start(message.get(), IFLA_LINKINFO);
  put_text(message.get(), IFLA_INFO_KIND, kind);
  nla_nest_end(message.get(), info);
  return {std::move(message), "list " + kind + " links"};
}

NetlinkRequest delete_link(std::uint32_t index, const std::string& name) {
  return {link_message(RTM_DELLINK, index), "delete link " + text::quoted(name), {ENODEV}};
}

NetlinkRequest put_into_group(std::uint32_t index, const std::string& name, std::uint32_t group) {
  auto message = link_message(RTM_SETLINK, index);
  put_number(message.get(), IFLA_GROUP, group);
  return {std::move(message), "set the link group of " + text::quoted(name), {ENODEV}};
}

NetlinkRequest delete_group(std::uint32_t group) {
  auto message = link_message(RTM_DELLINK, 0);
  put_number(message.get(), IFLA_GROUP, group);
  return {std::move(message), "delete a link group", {ENODEV}};
}

NetlinkRequest probe_cap_net_admin() { return {link_message(RTM_SETLINK, loopback_index), "set link \"lo\""}; }

std::optional<Link> find_link(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWLINK) return std::nullopt;
  std::array<nlattr*, last_link_attribute + 1> attributes{};
  if (nlmsg_parse(header, sizeof(ifinfomsg), attributes.data(), last_link_attribute, nullptr) < 0) return std::nullopt;
  const auto* fixed = static_cast<const ifinfomsg*>(nlmsg_data(header));
  Link link;
  link.index = static_cast<std::uint32_t>(fixed->ifi_index);
  link.peer_index = number_in<std::uint32_t>(attributes[IFLA_LINK]);
  link.name = text_in(attributes[IFLA_IFNAME]);
  link.alias = text_in(attributes[IFLA_IFALIAS]);
  link.mac = mac_of(attributes[IFLA_ADDRESS]);
  link.mtu = number_in<std::uint32_t>(attributes[IFLA_MTU]);
  link.big_tcp = read_big_tcp(attributes);
  link.is_ipv6_disabled = ipv6_setting_of(attributes[IFLA_AF_SPEC], DEVCONF_DISABLE_IPV6) != 0;
  link.forwards_ipv6 = ipv6_setting_of(attributes[IFLA_AF_SPEC], DEVCONF_FORWARDING) != 0;
  link.accepts_router_advertisements = ipv6_setting_of(attributes[IFLA_AF_SPEC], DEVCONF_ACCEPT_RA) == 1;
  link.route_localnet = ipv4_setting_of(attributes[IFLA_AF_SPEC], IPV4_DEVCONF_ROUTE_LOCALNET) != 0;
  const auto arp_notify = ipv4_setting_of(attributes[IFLA_AF_SPEC], IPV4_DEVCONF_ARP_NOTIFY);
  link.has_fixed_mac = arp_notify == mac_is_fixed || arp_notify == mac_is_fixed_and_route_localnet_set;
  link.is_own_route_localnet = link.route_localnet && arp_notify == mac_is_fixed_and_route_localnet_set;
  link.master_index = number_in<std::uint32_t>(attributes[IFLA_MASTER]);
  if (const auto* id = attributes[IFLA_LINK_NETNSID]) link.peer_nsid = number_in(id, NETNSA_NSID_NOT_ASSIGNED);
  read_kind(attributes[IFLA_LINKINFO], link);
  link.tx_queue_length = number_in<std::uint32_t>(attributes[IFLA_TXQLEN]);
  link.is_promiscuous = (fixed->ifi_flags & IFF_PROMISC) != 0;
  link.is_all_multicast = (fixed->ifi_flags & IFF_ALLMULTI) != 0;
  link.is_up = (fixed->ifi_flags & IFF_UP) != 0;
  link.is_running = (fixed->ifi_flags & IFF_RUNNING) != 0;
  link.has_carrier = byte_of(attributes[IFLA_OPERSTATE]) == IF_OPER_UP;
  return link;
}

// A kernel that is older or newer than these headers sends a shorter or a longer structure with the same first fields.
std::optional<Counters> find_counters(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWLINK) return std::nullopt;
  const nlattr* attribute = nlmsg_find_attr(header, sizeof(ifinfomsg), IFLA_STATS64);
  if (attribute == nullptr) return std::nullopt;
  rtnl_link_stats64 stats{};
  const auto size = std::min(sizeof stats, static_cast<std::size_t>(nla_len(attribute)));
  std::memcpy(&stats, nla_data(attribute), size);
  return Counters{.received = {stats.rx_packets, stats.rx_bytes, stats.rx_errors, stats.rx_dropped},
                  .sent = {stats.tx_packets, stats.tx_bytes, stats.tx_errors, stats.tx_dropped}};
}

std::optional<Link> find_link_named(const std::string& name, const std::vector<std::string>& messages) {
  for (const auto& message : messages) {
    auto link = find_link(message);
    if (link && link->name == name) return link;
  }
  return std::nullopt;
}

std::optional<Link> first_link(const std::vector<std::string>& messages) {
  for (const auto& message : messages) {
    if (auto link = find_link(message)) return link;
  }
  return std::nullopt;
}

}  // namespace kernel
