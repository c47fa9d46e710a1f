#include "plugin/kernel/pairs.hpp"

#include "plugin/kernel/big_tcp.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/socket.h>

namespace kernel {
namespace {

// The headers of Debian 12 are older than netkit: enum IFLA_NETKIT_* and enum netkit_mode in
// include/uapi/linux/if_link.h.
constexpr int netkit_peer_info = 1;
constexpr int netkit_mode = 5;
constexpr std::uint32_t netkit_l2 = 0;

Message creation(unsigned flags = 0) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_flags = header.ifi_change = flags;
  return new_message(RTM_NEWLINK, header, NLM_F_CREATE | NLM_F_EXCL);
}

unsigned flags_of(const wiring::Wiring& wiring) {
  const auto tuning = wiring.tuning.value_or(wiring::Tuning{});
  return (wiring.leave_down ? 0U : unsigned{IFF_UP}) | (tuning.promiscuous ? unsigned{IFF_PROMISC} : 0U) |
         (tuning.all_multicast ? unsigned{IFF_ALLMULTI} : 0U);
}

void put_end(nl_msg* message, const wiring::End& end, const wiring::Wiring& wiring) {
  put_text(message, IFLA_IFNAME, end.name);
  put_mac(message, IFLA_ADDRESS, end.mac);
  put_number(message, IFLA_MTU, wiring.mtu);
  if (wiring.big_tcp) put_big_tcp(message, *wiring.big_tcp);
}

void put_container_end(nl_msg* message, const wiring::Wiring& wiring, int netns) {
  put_end(message, wiring.container, wiring);
  if (wiring.tuning && wiring.tuning->tx_queue_length)
    put_number(message, IFLA_TXQLEN, *wiring.tuning->tx_queue_length);
  put_number(message, IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns));
}

/// `put_attributes` adds the attributes of the other end, which follow a header of their own.
void put_other_end(nl_msg* message, int attribute, const auto& put_attributes) {
  nlattr* other = nla_nest_start(message, attribute);
  ifinfomsg header{};
  nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO);
  put_attributes();
  nla_nest_end(message, other);
}

/// `put_data` adds the attributes of the kind.
void put_link_info(nl_msg* message, const std::string& kind, const auto& put_data) {
  nlattr* info = nla_nest_start(message, IFLA_LINKINFO);
  put_text(message, IFLA_INFO_KIND, kind);
  nlattr* data = nla_nest_start(message, IFLA_INFO_DATA);
  put_data();
  nla_nest_end(message, data);
  nla_nest_end(message, info);
}

/// `put_peer` adds the attributes of the other end.
void put_veth(nl_msg* message, const auto& put_peer) {
  put_link_info(message, "veth", [&] { put_other_end(message, VETH_INFO_PEER, put_peer); });
}

std::string creation_of(const wiring::Wiring& wiring, const std::string& kind) {
  return "create " + kind + " pair " + text::quoted(wiring.container.name) + " and " + text::quoted(wiring.host.name);
}

}  // namespace

bool is_pair_kind(std::string_view kind) { return kind == "veth" || kind == "netkit"; }

// The container end is the main device of the message, since only the main device can be created up
// (plugin/kernel/README.md, "Links and namespaces"). Both MACs are explicit, so that udev does not change them
// (MACAddressPolicy in systemd.link(5)).
NetlinkRequest create_veth_pair(const wiring::Wiring& wiring, int container_netns) {
  auto message = creation(flags_of(wiring));
  put_container_end(message.get(), wiring, container_netns);
  put_veth(message.get(), [&] { put_end(message.get(), wiring.host, wiring); });
  return {std::move(message), creation_of(wiring, "veth")};
}

NetlinkRequest create_veth_pair_by_host_end(const wiring::Wiring& wiring, int container_netns) {
  auto message = creation();
  put_end(message.get(), wiring.host, wiring);
  put_veth(message.get(), [&] { put_container_end(message.get(), wiring, container_netns); });
  return {std::move(message), creation_of(wiring, "veth")};
}

NetlinkRequest create_netkit_pair(const wiring::Wiring& wiring, int container_netns) {
  auto message = creation();
  put_end(message.get(), wiring.host, wiring);
  put_link_info(message.get(), "netkit", [&] {
    put_number(message.get(), netkit_mode, netkit_l2);
    put_other_end(message.get(), netkit_peer_info, [&] { put_container_end(message.get(), wiring, container_netns); });
  });
  return {std::move(message), creation_of(wiring, "netkit")};
}

NetlinkRequest set_flags(const Device& container_end, const wiring::Wiring& wiring) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = static_cast<int>(container_end.index);
  header.ifi_flags = header.ifi_change = flags_of(wiring);
  return {new_message(RTM_SETLINK, header), "set the flags of " + text::quoted(container_end.name)};
}

NetlinkRequest create_local_pair(const std::string& name, const std::string& peer, std::uint32_t mtu) {
  auto message = creation();
  put_text(message.get(), IFLA_IFNAME, name);
  put_number(message.get(), IFLA_MTU, mtu);
  put_veth(message.get(), [&] {
    put_text(message.get(), IFLA_IFNAME, peer);
    put_number(message.get(), IFLA_MTU, mtu);
  });
  return {std::move(message), "create veth pair " + text::quoted(name) + " and " + text::quoted(peer)};
}

}  // namespace kernel
