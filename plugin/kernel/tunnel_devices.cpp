#include "plugin/kernel/tunnel_devices.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace kernel {
namespace {

using wiring::Encapsulation;

void put_kind(nl_msg* message, const wiring::NodeTunnel& tunnel) {
  nlattr* info = nla_nest_start(message, IFLA_LINKINFO);
  put_text(message, IFLA_INFO_KIND, "vxlan");
  nlattr* data = nla_nest_start(message, IFLA_INFO_DATA);
  nla_put_u8(message, IFLA_VXLAN_COLLECT_METADATA, 1);
  nla_put_u8(message, IFLA_VXLAN_LEARNING, 0);
  nla_put_u16(message, IFLA_VXLAN_PORT, htons(tunnel.port));
  if (tunnel.encapsulation == Encapsulation::gpe) nla_put_flag(message, IFLA_VXLAN_GPE);
  nla_nest_end(message, data);
  nla_nest_end(message, info);
}

using KindAttributes = std::array<nlattr*, IFLA_VXLAN_MAX + 1>;

bool read_kind(nlmsghdr* header, KindAttributes& attributes) {
  nlattr* info = nlmsg_find_attr(header, sizeof(ifinfomsg), IFLA_LINKINFO);
  nlattr* data = find_nested(info, IFLA_INFO_DATA);
  return data != nullptr && nla_parse_nested(attributes.data(), IFLA_VXLAN_MAX, data, nullptr) >= 0;
}

}  // namespace

NetlinkRequest create_tunnel(const wiring::TunnelDevice& device) {
  auto message = new_message(RTM_NEWLINK, ifinfomsg{}, NLM_F_CREATE | NLM_F_EXCL);
  put_text(message.get(), IFLA_IFNAME, device.name);
  put_number(message.get(), IFLA_MTU, device.tunnel.mtu);
  if (device.tunnel.mac) put_mac(message.get(), IFLA_ADDRESS, *device.tunnel.mac);
  put_kind(message.get(), device.tunnel);
  return {std::move(message), "create tunnel device " + text::quoted(device.name)};
}

std::optional<FoundTunnel> find_tunnel(const std::string& message) {
  const auto link = find_link(message);
  KindAttributes attributes{};
  if (!link || link->kind != "vxlan") return std::nullopt;
  if (!read_kind(const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data())), attributes))
    return std::nullopt;
  if (number_in<std::uint8_t>(attributes[IFLA_VXLAN_COLLECT_METADATA]) == 0) return std::nullopt;
  const bool is_gpe = attributes[IFLA_VXLAN_GPE] != nullptr;
  FoundTunnel found{.index = link->index, .device = {.name = link->name}};
  found.device.tunnel = {.encapsulation = is_gpe ? Encapsulation::gpe : Encapsulation::vxlan,
                         .port = ntohs(number_in<std::uint16_t>(attributes[IFLA_VXLAN_PORT])),
                         .mtu = link->mtu,
                         .is_up = link->is_up};
  if (!is_gpe) found.device.tunnel.mac = link->mac;
  return found;
}

std::uint32_t with_mtu_of_tunnels(NetlinkSocket& socket, std::uint32_t mtu) {
  std::vector<NetlinkRequest> queries;
  for (const char* name : {wiring::gpe_device, wiring::vxlan_device}) queries.push_back(get_link(name));
  for (const auto& message : socket.send_or_throw(queries)) {
    if (const auto found = find_tunnel(message)) mtu = std::min(mtu, found->device.tunnel.mtu);
  }
  return mtu;
}

NetlinkRequest list_neighbours(const std::string& device, std::uint32_t index) {
  auto message = new_message(RTM_GETNEIGH, ndmsg{});
  put_number(message.get(), NDA_IFINDEX, index);
  return {std::move(message), "list neighbours of " + text::quoted(device)};
}

void read_neighbour(const std::string& message, wiring::NodeTunnel& tunnel) {
  auto* whole = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  std::array<nlattr*, NDA_MAX + 1> attributes{};
  if (whole->nlmsg_type != RTM_NEWNEIGH) return;
  if (nlmsg_parse(whole, sizeof(ndmsg), attributes.data(), NDA_MAX, nullptr) < 0) return;
  const auto& header = *static_cast<const ndmsg*>(nlmsg_data(whole));
  const auto family = find_family(header.ndm_family);
  const auto address = family ? find_address(attributes[NDA_DST], *family) : std::nullopt;
  cni::MacAddress mac;
  const bool has_mac = read_bytes(attributes[NDA_LLADDR], mac.bytes.data(), mac.bytes.size());
  if (address && has_mac && (header.ndm_state & NUD_PERMANENT) != 0) tunnel.neighbours[*address] = mac;
}

NetlinkRequest delete_neighbour(const wiring::TunnelNeighbour& neighbour, std::uint32_t index) {
  ndmsg header{};
  header.ndm_family = static_cast<std::uint8_t>(kernel_family(neighbour.address.family));
  header.ndm_ifindex = static_cast<int>(index);
  auto message = new_message(RTM_DELNEIGH, header);
  put_address(message.get(), NDA_DST, neighbour.address);
  return {std::move(message), "delete neighbour " + cni::to_string(neighbour.address), {ENOENT}};
}

}  // namespace kernel
