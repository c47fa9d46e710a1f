#include "plugin/vethctl/explain/commands.hpp"

#include "plugin/vethctl/explain/end_commands.hpp"
#include "plugin/vethctl/explain/ovs_commands.hpp"
#include "plugin/vethctl/explain/rule_commands.hpp"
#include "plugin/vethctl/explain/traffic_commands.hpp"
#include "plugin/wiring/port_vlans.hpp"

#include <algorithm>

namespace explain {
namespace {

/// The commands for one wiring, in the order in which they can be run.
class WiringCommands {
 public:
  WiringCommands(const wiring::Wiring& wiring, const Place& place)
      : wiring_(wiring),
        place_(place),
        container_{.netns = {place.netns}, .name = wiring.container.name},
        host_{.netns = {wiring.peer_netns}, .name = wiring.host.name} {}

  Commands all() {
    if (wiring_.bridge) add(bridge_commands(wiring_));
    create_pair();
    add(ifb_commands(wiring_));
    if (is_routed()) add(forwarding_commands(wiring_));
    configure_host_link();
    configure_container();
    configure_host();
    if (wiring_.ovs_port) add(ovs_commands(wiring_, wiring_.bridge ? host_ : container_));
    for (const auto& neighbour : wiring_.container.neighbours) add(set_neighbour(container_, neighbour));
    add(rule_commands(wiring_, place_.node_instance));
    const bool is_port = wiring_.bridge || wiring_.ovs_port;
    if (is_port && !wiring_.leave_down) announce_mac();
    return std::move(commands_);
  }

 private:
  void add(std::string command) { commands_.push_back(std::move(command)); }
  void add(Commands commands) { append(commands_, std::move(commands)); }

  bool is_routed() const { return wiring::is_routed(wiring_); }

  static std::string end_text(const wiring::End& end, const std::string& mtu) {
    return word(end.name) + " address " + cni::to_string(end.mac) + " mtu " + mtu;
  }

  /// Both ends are created in their namespaces: it is faster than moving them.
  void create_pair() {
    const auto mtu = std::to_string(wiring_.mtu);
    const std::string kind = wiring_.pair_kind == cni::PairKind::veth ? "veth peer " : "netkit mode l2 peer ";
    add(host_.netns.ip("link add " + end_text(wiring_.host, mtu) + " type " + kind + end_text(wiring_.container, mtu) +
                       " netns " + container_.netns.name()));
    add(set_alias(host_, wiring_.attachment));
    add(set_link(host_, "addrgenmode none"));
    if (wiring_.big_tcp) {
      add(set_link(host_, wiring::to_string(*wiring_.big_tcp)));
      add(set_link(container_, wiring::to_string(*wiring_.big_tcp)));
    }
    if (!wiring_.peer_netns.empty()) add(set_alias(container_, wiring_.attachment));
  }

  void set(const Device& device, const std::string& setting, const char* value) {
    add(device.netns.sysctl(setting, value));
  }

  /// A container must not be able to add routes to the host by router advertisements (CVE-2020-10749).
  void configure_host_link() {
    if (wiring_.bridge) add(port_commands(wiring_));
    if (is_routed()) set(host_, ipv4_setting(host_.name, "forwarding"), "1");
    const bool is_port = wiring_.bridge || wiring_.ovs_port;
    if (!is_port) set(host_, ipv4_setting(host_.name, "arp_notify"), "1");
    if (wiring_.peer_netns.empty()) set(host_, ipv6_setting(host_.name, "accept_ra"), "0");
    if (is_port) return;
    const bool has_ipv6 = wiring::has_ipv6(wiring_.container) || wiring::has_ipv6(wiring_.host);
    if (has_ipv6) set(host_, ipv6_setting(host_.name, "ndisc_notify"), "1");
    if (wiring_.forward_ipv6 || wiring::has_ipv6(wiring_.host))
      set(host_, ipv6_setting(host_.name, "disable_ipv6"), "0");
  }

  void configure_container() {
    if (wiring::has_ipv6(wiring_.container)) {
      set(container_, ipv6_setting(container_.name, "ndisc_notify"), "1");
      set(container_, ipv6_setting(container_.name, "disable_ipv6"), "0");
    }
    set(container_, ipv4_setting(container_.name, "arp_notify"), "1");
    if (!wiring_.enable_dad) add(set_link(container_, "addrgenmode none"));
    if (wiring_.tuning) tune(*wiring_.tuning);
    if (!wiring_.leave_down) add(bring_up(container_));
    for (const auto& address : wiring_.container.addresses) add(add_address(container_, address, wiring_.enable_dad));
    for (const auto& route : wiring_.container.routes) add(add_route(container_, route));
    if (!wiring_.tuning) return;
    for (const auto& sysctl : wiring_.tuning->sysctls) add(container_.netns.sysctl(sysctl.path, sysctl.value));
  }

  void tune(const wiring::Tuning& tuning) {
    if (tuning.tx_queue_length) add(set_link(container_, "txqueuelen " + std::to_string(*tuning.tx_queue_length)));
    if (tuning.promiscuous) add(set_link(container_, "promisc on"));
    if (tuning.all_multicast) add(set_link(container_, "allmulticast on"));
  }

  /// The filters exist before the first packet arrives.
  void configure_host() {
    add(rate_limit_commands(wiring_));
    add(filter_commands(wiring_));
    add(bring_up(host_));
    if (wiring_.bridge && wiring::has_vlans(*wiring_.bridge)) add(vlan_commands(host_.name, *wiring_.bridge));
    for (const auto& gateway : wiring_.host_gateways) add(add_host_gateway(gateway));
    for (const auto& address : wiring_.host.addresses) add(add_address(host_, address, false));
    open_loopback();
    for (const auto& route : wiring_.host.routes) add(add_route(host_, route));
    for (const auto& neighbour : wiring_.host.neighbours) add(set_neighbour(host_, neighbour));
  }

  static std::string add_host_gateway(const cni::IpAddress& gateway) {
    return "ip address replace " + cni::to_string(cni::host_prefix(gateway)) + " dev lo nodad noprefixroute";
  }

  /// arp_notify=3 on a bridge shows the plugin that route_localnet is its own.
  void open_loopback() {
    const Device device{.name = wiring::host_side_interface(wiring_)};
    if (wiring::maps_loopback(wiring_, cni::Family::ipv4)) {
      set(device, ipv4_setting(device.name, "route_localnet"), "1");
      if (wiring_.bridge) set(device, ipv4_setting(device.name, "arp_notify"), "3");
    }
    if (wiring::maps_loopback(wiring_, cni::Family::ipv6)) add(add_loopback_route(device.name));
  }

  /// Setting the same MAC again makes the kernel announce it.
  void announce_mac() { add(set_link(container_, "address " + cni::to_string(wiring_.container.mac))); }

  const wiring::Wiring& wiring_;
  const Place& place_;
  Device container_;
  Device host_;
  Commands commands_{};
};

}  // namespace

Commands commands(const wiring::Wiring& wiring, const Place& place) { return WiringCommands{wiring, place}.all(); }

Commands removal_commands(const wiring::Wiring& wiring) {
  Commands commands;
  if (wiring.ovs_port) commands.push_back(ovs_removal(wiring));
  append(commands, rule_removal_commands(wiring));
  if (!wiring.accepted_sources.empty()) commands.push_back(filter_removal(wiring));
  commands.push_back(Namespace{wiring.peer_netns}.ip("link del dev " + word(wiring.host.name)));
  if (wiring.egress_limit) commands.push_back("ip link del dev " + wiring::ifb_name(wiring));
  for (const auto& gateway : wiring.host_gateways) {
    commands.push_back("# unless another attachment needs it: ip address del " +
                       cni::to_string(cni::host_prefix(gateway)) + " dev lo");
  }
  return commands;
}

}  // namespace explain
