#include "plugin/kernel/node_network_monitor.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/kernel/next_hops.hpp"
#include "plugin/posix/system_error.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

namespace kernel {
namespace {

constexpr std::size_t notification_buffer_bytes = 65536;

constexpr std::array groups{RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                            RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_NEXTHOP};

/// Room for the notifications of a few thousand changes. SO_RCVBUFFORCE needs CAP_NET_ADMIN in the initial user
/// namespace. Without the room, notifications are lost, which has_changed() reports.
void enlarge_receive_buffer(int file) {
  const int wanted = 1 << 20;
  if (::setsockopt(file, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) == 0) return;
  ::setsockopt(file, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
}

/// A socket without an address receives no notifications (do_one_broadcast() in net/netlink/af_netlink.c).
void bind_to_any_port(int file) {
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    posix::throw_errno("bind a netlink socket");
}

/// Kernels before 5.3 have no next hop objects, and no group for them.
void join_groups(int file) {
  for (const int group : groups) {
    if (::setsockopt(file, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) == 0) continue;
    if (group != RTNLGRP_NEXTHOP) posix::throw_errno("receive notifications of the kernel");
  }
}

/// In the network namespace of the socket; empty: none. The ioctl works on a socket of any family.
std::string interface_name(int file, std::uint32_t index) {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(index);  // NOLINT(cppcoreguidelines-pro-type-union-access)
  if (::ioctl(file, SIOCGIFNAME, &request) < 0) return {};
  return {&request.ifr_name[0],
          ::strnlen(&request.ifr_name[0], IFNAMSIZ)};  // NOLINT(cppcoreguidelines-pro-type-union-access)
}

/// Another program that replaces a route of this one causes a notification only about the new route.
bool is_relevant_route(nlmsghdr* message) {
  if (nlmsg_valid_hdr(message, sizeof(rtmsg)) == 0) return false;
  const auto& header = *static_cast<const rtmsg*>(nlmsg_data(message));
  if (header.rtm_protocol == node_route_protocol) return true;
  const bool replaces = message->nlmsg_type == RTM_NEWROUTE && (message->nlmsg_flags & NLM_F_REPLACE) != 0;
  return replaces && header.rtm_table == RT_TABLE_MAIN;
}

bool is_relevant_next_hop(nlmsghdr* message) {
  return wiring::is_own_next_hop(number_in<std::uint32_t>(nlmsg_find_attr(message, sizeof(nhmsg), NHA_ID)));
}

}  // namespace

NodeNetworkMonitor::NodeNetworkMonitor()
    : file_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)),
      buffer_(std::make_unique_for_overwrite<char[]>(notification_buffer_bytes)) {
  if (!file_) posix::throw_errno("open a netlink socket");
  enlarge_receive_buffer(file_.get());
  bind_to_any_port(file_.get());
  join_groups(file_.get());
}

void NodeNetworkMonitor::ignore(std::uint32_t port) {
  constexpr std::size_t most = 16;
  ignored_.push_back(port);
  if (ignored_.size() > most) ignored_.pop_front();
}

bool NodeNetworkMonitor::is_own(const nlmsghdr* message) const {
  return message->nlmsg_pid != 0 && std::ranges::find(ignored_, message->nlmsg_pid) != ignored_.end();
}

bool NodeNetworkMonitor::is_relevant_device(const std::string& name) const {
  return name == wiring::gpe_device || name == wiring::vxlan_device || devices_.contains(name);
}

bool NodeNetworkMonitor::is_relevant(nlmsghdr* message) const {
  if (is_own(message)) return false;
  switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return is_relevant_device(text_in(nlmsg_find_attr(message, sizeof(ifinfomsg), IFLA_IFNAME)));
    case RTM_NEWADDR:
    case RTM_DELADDR:
      if (nlmsg_valid_hdr(message, sizeof(ifaddrmsg)) == 0) return false;
      return is_relevant_device(
          interface_name(file_.get(), static_cast<const ifaddrmsg*>(nlmsg_data(message))->ifa_index));
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return is_relevant_route(message);
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP:
      return is_relevant_next_hop(message);
    default:
      return false;
  }
}

bool NodeNetworkMonitor::has_changed() {
  bool changed = false;
  for (;;) {
    const auto received = ::recv(file_.get(), buffer_.get(), notification_buffer_bytes, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && errno == ENOBUFS) {
      changed = true;
      continue;
    }
    if (received < 0 && errno == EAGAIN) return changed;
    if (received < 0) posix::throw_errno("receive notifications of the kernel");
    auto rest = static_cast<int>(received);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer_.get()); nlmsg_ok(message, rest) != 0;
         message = nlmsg_next(message, &rest)) {
      changed = changed || is_relevant(message);
    }
  }
}

}  // namespace kernel
