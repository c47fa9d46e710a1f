#include "plugin/vethctl/explain/end_commands.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/wiring/port_vlans.hpp"

#include <algorithm>

namespace explain {
namespace {

bool is_ipv6(const cni::IpAddress& address) { return address.family == cni::Family::ipv6; }

std::string family_option(const cni::IpAddress& address) { return is_ipv6(address) ? "-6 " : "-4 "; }

/// "default" for a prefix of length 0.
std::string destination_text(const cni::Prefix& prefix) {
  return prefix.length == 0 ? "default" : cni::to_string(prefix);
}

void add_number(std::string& text, const char* name, const auto& number) {
  if (number) text += ' ' + std::string{name} + ' ' + std::to_string(*number);
}

/// The kernel appends an IPv4 route behind those of the same metric; an IPv6 route with the same metric would become
/// part of a multipath route.
const char* route_verb(const wiring::Route& route) {
  return route.exclusive || is_ipv6(route.destination.address) ? "add" : "append";
}

std::string add_vlans(const std::string& port, const wiring::PortVlanRange& range) {
  const auto& [id, is_pvid, is_untagged] = range.first;
  return "bridge vlan add dev " + word(port) + " vid " + std::to_string(id) +
         (range.last == id ? "" : '-' + std::to_string(range.last)) + (is_pvid ? " pvid" : "") +
         (is_untagged ? " untagged" : "");
}

std::string unless_exists(const std::string& interface, const std::string& command) {
  return "ip link show dev " + word(interface) + " > /dev/null 2>&1 || " + command;
}

std::string on_off(const char* name, bool value) { return std::string{" "} + name + (value ? " on" : " off"); }

/// The interface in the VLAN of the ports, which has the gateways: an end of a pair whose other end is a port.
Commands vlan_gateway_commands(const wiring::Wiring& wiring) {
  const auto& bridge = *wiring.bridge;
  const auto name = wiring::gateway_interface(bridge);
  const auto port = wiring::gateway_port(bridge);
  const auto mtu = std::to_string(wiring.mtu);
  const Device device{.name = name};
  Commands commands{unless_exists(name, "ip link add name " + word(name) + " mtu " + mtu + " type veth peer name " +
                                            word(port) + " mtu " + mtu),
                    set_link({.name = port}, "master " + word(bridge.name))};
  append(commands, vlan_commands(port, {.name = bridge.name, .vlan = bridge.vlan}));
  append(commands,
         {bring_up({.name = port}), Namespace{}.sysctl(ipv6_setting(name, "accept_ra"), "0"), bring_up(device)});
  return commands;
}

Commands gateway_commands(const wiring::Wiring& wiring) {
  const auto& bridge = *wiring.bridge;
  const auto name = wiring::gateway_interface(bridge);
  const Namespace host;
  Commands commands;
  if (name != bridge.name) append(commands, vlan_gateway_commands(wiring));
  append(commands, forwarding_commands(wiring));
  if (wiring.forward_ipv6) commands.push_back(host.sysctl(ipv6_setting(name, "disable_ipv6"), "0"));
  for (const auto& gateway : bridge.gateways) {
    auto command = add_address({.name = name}, {.prefix = gateway}, false);
    commands.push_back(command.replace(command.find(" add "), 5, " replace "));
  }
  commands.push_back(host.sysctl(ipv4_setting(name, "forwarding"), "1"));
  return commands;
}

}  // namespace

std::string set_link(const Device& device, const std::string& arguments) {
  return device.netns.ip("link set dev " + word(device.name) + ' ' + arguments);
}

std::string bring_up(const Device& device) { return set_link(device, "up"); }

std::string set_alias(const Device& device, const cni::Attachment& attachment) {
  return set_link(device, "alias " + word(cni::alias_of(attachment)));
}

std::string add_address(const Device& device, const wiring::Address& address, bool enable_dad) {
  constexpr unsigned longest_with_broadcast = 30;  // RFC 3021
  const auto& prefix = address.prefix;
  auto text = "address add " + cni::to_string(prefix);
  if (!is_ipv6(prefix.address) && prefix.length <= longest_with_broadcast) text += " brd +";
  text += " dev " + word(device.name);
  if (is_ipv6(prefix.address) && !enable_dad) text += " nodad";
  if (!address.prefix_route) text += " noprefixroute";
  return device.netns.ip(text);
}

std::string add_route(const Device& device, const wiring::Route& route) {
  auto text = family_option(route.destination.address) + "route " + route_verb(route) + ' ' +
              destination_text(route.destination);
  if (route.gateway) text += " via " + cni::to_string(*route.gateway);
  text += " dev " + word(device.name) + " proto " + std::to_string(kernel::route_protocol);
  if (route.source) text += " src " + cni::to_string(*route.source);
  add_number(text, "table", route.table);
  add_number(text, "metric", route.priority);
  add_number(text, "mtu", route.mtu);
  add_number(text, "advmss", route.advmss);
  add_number(text, "scope", route.scope);
  return device.netns.ip(text);
}

std::string set_neighbour(const Device& device, const wiring::Neighbour& neighbour) {
  return device.netns.ip("neighbour replace " + cni::to_string(neighbour.address) + " lladdr " +
                         cni::to_string(neighbour.mac) + " dev " + word(device.name) + " nud " +
                         (neighbour.is_permanent ? "permanent" : "reachable") + " extern_learn");
}

std::string add_loopback_route(const std::string& interface) {
  return "ip -6 route replace local ::1 dev " + word(interface) + " table local proto " +
         std::to_string(kernel::route_protocol) + " metric 2048";
}

/// Otherwise the kernel would ignore router advertisements. Ends and ifbs of attachments do not need them: the ends
/// have accept_ra=0.
std::string keep_router_advertisements() {
  return "[ \"$(cat /proc/sys/net/ipv6/conf/all/forwarding)\" = 1 ] || "
         "for file in /proc/sys/net/ipv6/conf/*/accept_ra; do\n"
         "  case $file in */all/* | */lo/* | */ifb*) continue ;; esac\n"
         "  if [ \"$(cat \"$file\")\" = 1 ]; then echo 2 > \"$file\"; fi\n"
         "done";
}

Commands forwarding_commands(const wiring::Wiring& wiring) {
  const Namespace host;
  Commands commands;
  if (wiring.forward_ipv4) commands.push_back(host.sysctl("net/ipv4/ip_forward", "1"));
  if (!wiring.forward_ipv6) return commands;
  commands.push_back(keep_router_advertisements());
  commands.push_back(host.sysctl("net/ipv6/conf/all/forwarding", "1"));
  return commands;
}

/// A bridge without an explicit MAC would take the smallest one of its ports. arp_notify=2 shows the plugin that the
/// MAC is fixed.
Commands bridge_commands(const wiring::Wiring& wiring) {
  const auto& bridge = *wiring.bridge;
  const auto name = word(bridge.name);
  const Device device{.name = bridge.name};
  const std::string filtering = wiring::has_vlans(bridge) ? " vlan_filtering 1" : "";
  Commands commands{unless_exists(bridge.name, "ip link add name " + name + " mtu " + std::to_string(wiring.mtu) +
                                                   " type bridge" + filtering),
                    device.netns.sysctl(ipv6_setting(bridge.name, "accept_ra"), "0"), bring_up(device)};
  if (wiring.big_tcp) commands.push_back(set_link(device, wiring::to_string(*wiring.big_tcp)));
  if (bridge.promiscuous) commands.push_back(set_link(device, "promisc on"));
  if (!bridge.gateways.empty()) append(commands, gateway_commands(wiring));
  append(commands, {set_link(device, "address \"$(ip -br link show dev " + name + " | awk '{ print $3 }')\""),
                    device.netns.sysctl(ipv4_setting(bridge.name, "arp_notify"), "2"),
                    device.netns.sysctl(ipv6_setting(bridge.name, "ndisc_notify"), "1")});
  return commands;
}

Commands port_commands(const wiring::Wiring& wiring) {
  const auto& bridge = *wiring.bridge;
  Commands commands{set_link({.name = wiring.host.name}, "master " + word(bridge.name))};
  if (bridge.hairpin || bridge.isolated) {
    commands.push_back("bridge link set dev " + word(wiring.host.name) + on_off("hairpin", bridge.hairpin) +
                       on_off("isolated", bridge.isolated));
  }
  return commands;
}

Commands vlan_commands(const std::string& port, const wiring::Bridge& bridge) {
  constexpr std::uint16_t default_vlan = 1;  // vlan_default_pvid of a new bridge
  Commands commands;
  if (!bridge.keep_default_vlan) commands.push_back("bridge vlan del dev " + word(port) + " vid 1");
  for (const auto& range : wiring::ranges_of(wiring::port_vlans(bridge, default_vlan))) {
    commands.push_back(add_vlans(port, range));
  }
  return commands;
}

}  // namespace explain
