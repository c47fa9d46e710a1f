#include "plugin/kernel/sysctls.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/posix/files.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kernel {
namespace {

constexpr const char* ipv4_forwarding = "/proc/sys/net/ipv4/ip_forward";

std::string ipv6_file(const std::string& interface, const char* setting) {
  return "/proc/sys/net/ipv6/conf/" + interface + '/' + setting;
}

/// nullopt if the file does not exist.
std::optional<std::string> find_value(const std::string& file) {
  constexpr std::size_t longest_number = 32;
  auto value = posix::find_content(AT_FDCWD, file, longest_number);
  if (value && value->ends_with('\n')) value->pop_back();
  return value;
}

bool is_write_protected(const std::system_error& error) {
  const int number = error.code().value();
  return number == EROFS || number == EACCES || number == EPERM;
}

/// The value is not read first, which would cost each ADD four system calls per sysctl.
void write_setting(const std::string& file, const std::string& value) try {
  posix::write_value(file, value);
} catch (const std::system_error& error) {
  if (!is_write_protected(error) || find_value(file) != value) throw;
}

bool has_attachment_alias(const Link& link) { return link.alias.starts_with(cni::alias_start); }

/// The pair of an interface that carries the gateways of a VLAN has no alias; its port has a name that is derived from
/// the name of the interface.
bool is_vlan_gateway_port(const Link& link) {
  std::array<char, IF_NAMESIZE> peer{};
  if (link.kind != "veth" || link.peer_nsid) return false;
  if (::if_indextoname(link.peer_index, peer.data()) == nullptr) return false;
  return link.name == cni::host_interface_name(cni::tag_of_network(peer.data()));
}

bool has_foreign_port(std::uint32_t bridge_index, NetlinkSocket& socket) {
  return std::ranges::any_of(socket.dump(list_ports(bridge_index)), [&](const std::string& message) {
    const auto link = find_link(message);
    return link && link->master_index == bridge_index && !has_attachment_alias(*link) && !is_vlan_gateway_port(*link);
  });
}

bool has_advertised_routes(std::uint32_t interface_index, NetlinkSocket& socket) {
  return std::ranges::any_of(socket.dump(list_advertised_routes()), [&](const std::string& message) {
    const auto found = find_route(message, interface_index);
    return found && found->device_index == interface_index;
  });
}

/// The default is set first, for interfaces that are created after the listing. All interfaces that accept
/// advertisements are changed, since the first advertisement may arrive later, or may contain no route.
void keep_accepting_router_advertisements(NetlinkSocket& socket) {
  const auto by_default = ipv6_file("default", "accept_ra");
  if (find_value(by_default) == "1") write_setting(by_default, "2");
  for (const auto& message : socket.dump(list_links())) {
    const auto link = find_link(message);
    if (!link || !link->accepts_router_advertisements || link->index == loopback_index) continue;
    if (!has_attachment_alias(*link)) write_setting(ipv6_file(link->name, "accept_ra"), "2");
  }
}

/// A port of a bridge or bond does not receive advertisements itself.
bool ignores_router_advertisements(const Link& link) {
  const bool may_receive = link.is_up && link.master_index == 0 && !link.is_ipv6_disabled;
  return may_receive && link.accepts_router_advertisements && link.forwards_ipv6;
}

struct NeededSetting {
  std::string file;
  std::string value;
};

std::vector<NeededSetting> needed_settings(std::span<const cni::Family> forwarded) {
  std::vector<NeededSetting> needed{{ipv6_file("default", "accept_ra"), "0"}};
  for (const auto family : forwarded) {
    if (family == cni::Family::ipv4) {
      needed.push_back({ipv4_forwarding, "1"});
    } else {
      needed.push_back({ipv6_file("default", "disable_ipv6"), "0"});
      needed.push_back({ipv6_file("all", "forwarding"), "1"});
    }
  }
  return needed;
}

void check_writable(const NeededSetting& setting) try {
  posix::find_file(AT_FDCWD, setting.file, O_WRONLY | O_NOFOLLOW);
} catch (const std::system_error& error) {
  if (!is_write_protected(error) || find_value(setting.file) != setting.value) throw;
}

}  // namespace

void disable_accept_ra(const std::string& interface) { write_setting(ipv6_file(interface, "accept_ra"), "0"); }

bool may_need_router_advertisements(std::uint32_t bridge_index, NetlinkSocket& socket) {
  return has_advertised_routes(bridge_index, socket) || has_foreign_port(bridge_index, socket);
}

std::vector<std::string> list_ignoring_router_advertisements(NetlinkSocket& socket) {
  std::vector<std::string> interfaces;
  for (const auto& message : socket.dump(list_links())) {
    const auto link = find_link(message);
    if (!link || link->index == loopback_index || has_attachment_alias(*link)) continue;
    if (ignores_router_advertisements(*link)) interfaces.push_back(link->name);
  }
  return interfaces;
}

void set_ndisc_notify(const std::string& interface) try {
  posix::write_value(ipv6_file(interface, "ndisc_notify"), "1");
} catch (const std::system_error& error) {
  if (error.code().value() != EROFS) throw;
}

void enable_dad(const std::string& interface) { write_setting(ipv6_file(interface, "accept_dad"), "1"); }

void enable_ipv6(const std::string& interface) { write_setting(ipv6_file(interface, "disable_ipv6"), "0"); }

void enable_forwarding(cni::Family family, NetlinkSocket& socket) {
  if (family == cni::Family::ipv4) return write_setting(ipv4_forwarding, "1");
  keep_accepting_router_advertisements(socket);
  write_setting(ipv6_file("all", "forwarding"), "1");
}

std::optional<std::system_error> find_sysctl_error(std::span<const cni::Family> forwarded) try {
  for (const auto& setting : needed_settings(forwarded)) check_writable(setting);
  return std::nullopt;
} catch (const std::system_error& error) {
  return error;
}

NetlinkRequest get_forwarding(cni::Family family) {
  const netconfmsg header{.ncm_family = static_cast<std::uint8_t>(kernel_family(family))};
  auto message = new_message(RTM_GETNETCONF, header);
  put_number(message.get(), NETCONFA_IFINDEX, static_cast<std::uint32_t>(NETCONFA_IFINDEX_ALL));
  return {std::move(message), "get the forwarding state of the host", {EAFNOSUPPORT, EOPNOTSUPP}};
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
