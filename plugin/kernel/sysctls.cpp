#include "plugin/kernel/sysctls.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/posix/files.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <fcntl.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

namespace kernel {
namespace {

std::string ipv6_file(const std::string& interface, const char* setting) {
  return "/proc/sys/net/ipv6/conf/" + interface + '/' + setting;
}

std::set<std::string> interfaces_with_advertised_routes(NetlinkSocket& socket) {
  std::set<std::string> names;
  for (const auto& message : socket.dump(list_advertised_routes())) {
    const auto found = find_route(message);
    std::array<char, IF_NAMESIZE> name{};
    if (found && ::if_indextoname(found->device_index, name.data()) != nullptr) names.insert(name.data());
  }
  return names;
}

void keep_taking_router_advertisements(const std::string& interface) {
  constexpr std::size_t longest_number = 32;
  const auto file = ipv6_file(interface, "accept_ra");
  const auto value = posix::find_content(AT_FDCWD, file, longest_number);
  if (value && value->starts_with('1')) posix::write_value(file, "2");
}

}  // namespace

void ignore_router_advertisements(const std::string& interface) {
  posix::write_value(ipv6_file(interface, "accept_ra"), "0");
}

bool has_advertised_routes(std::uint32_t interface_index, NetlinkSocket& socket) {
  return std::ranges::any_of(socket.dump(list_advertised_routes()), [&](const std::string& message) {
    const auto found = find_route(message, interface_index);
    return found && found->device_index == interface_index;
  });
}

void announce_mac_to_ipv6(const std::string& interface) {
  posix::write_value(ipv6_file(interface, "ndisc_notify"), "1");
}

void enable_ipv6(const std::string& interface) { posix::write_value(ipv6_file(interface, "disable_ipv6"), "0"); }

void enable_forwarding(cni::Family family, NetlinkSocket& socket) {
  if (family == cni::Family::ipv4) {
    posix::write_value("/proc/sys/net/ipv4/ip_forward", "1");
    return;
  }
  for (const auto& interface : interfaces_with_advertised_routes(socket)) keep_taking_router_advertisements(interface);
  posix::write_value(ipv6_file("all", "forwarding"), "1");
}

NetlinkRequest ask_forwarding(cni::Family family) {
  const netconfmsg header{.ncm_family = static_cast<std::uint8_t>(kernel_family(family))};
  auto message = new_message(RTM_GETNETCONF, header);
  put_number(message.get(), NETCONFA_IFINDEX, static_cast<std::uint32_t>(NETCONFA_IFINDEX_ALL));
  return {std::move(message), "ask whether the host forwards packets", {EAFNOSUPPORT, EOPNOTSUPP}};
}

std::optional<Forwarding> find_forwarding(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWNETCONF || nlmsg_valid_hdr(header, sizeof(netconfmsg)) == 0) return std::nullopt;
  const auto family = find_family(static_cast<const netconfmsg*>(nlmsg_data(header))->ncm_family);
  const nlattr* forwarding = nlmsg_find_attr(header, sizeof(netconfmsg), NETCONFA_FORWARDING);
  if (!family || forwarding == nullptr) return std::nullopt;
  return Forwarding{*family, number_in<std::uint32_t>(forwarding) != 0};
}

}  // namespace kernel
