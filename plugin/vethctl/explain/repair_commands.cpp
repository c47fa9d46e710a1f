#include "plugin/vethctl/explain/commands.hpp"
#include "plugin/vethctl/explain/end_commands.hpp"
#include "plugin/vethctl/explain/ovs_commands.hpp"
#include "plugin/vethctl/explain/rule_commands.hpp"
#include "plugin/vethctl/explain/traffic_commands.hpp"

#include <algorithm>
#include <utility>

namespace explain {
namespace {

using wiring::Difference;
using wiring::Kind;
using wiring::Side;

/// The order of the groups: an interface needs its name and its state before it can have addresses, and addresses
/// before routes.
enum class Step { link, traffic, address, route, setting, ovs, rules, none };

Step step_of(const Difference& difference) {
  switch (difference.kind) {
    case Kind::name:
    case Kind::alias:
    case Kind::mtu:
    case Kind::big_tcp:
    case Kind::down:
    case Kind::master:
    case Kind::hairpin:
    case Kind::isolation:
    case Kind::vlans:
      return difference.side == Side::ifb ? Step::traffic : Step::link;
    case Kind::promiscuous:
      return difference.side == Side::bridge ? Step::link : Step::none;
    case Kind::missing:
      if (difference.side == Side::ifb) return Step::traffic;
      return difference.side == Side::bridge ? Step::link : Step::none;
    case Kind::rate_limit:
    case Kind::redirection:
    case Kind::source_check:
    case Kind::loopback_guard:
      return Step::traffic;
    case Kind::address:
    case Kind::gateway:
      return Step::address;
    case Kind::route:
    case Kind::loopback_route:
      return Step::route;
    case Kind::ipv4_forwarding:
    case Kind::ipv6_forwarding:
    case Kind::route_localnet:
    case Kind::sysctl:
    case Kind::checksum_offload:
      return Step::setting;
    case Kind::rule:
      return Step::rules;
    default:
      return wiring::is_of_ovs(difference) ? Step::ovs : Step::none;
  }
}

/// The text of a route in a difference.
std::string route_text(const wiring::Route& route) {
  return cni::to_string(route.destination) + (route.gateway ? " via " + cni::to_string(*route.gateway) : "");
}

class RepairCommands {
 public:
  RepairCommands(const wiring::Wiring& wiring, const Place& place)
      : wiring_(wiring),
        place_(place),
        container_{.netns = {place.netns}, .name = wiring.container.name},
        host_{.netns = {wiring.peer_netns}, .name = wiring.host.name} {}

  Commands all(std::vector<Difference> differences) {
    std::ranges::stable_sort(differences, {}, step_of);
    for (const auto& difference : differences) add(difference);
    return std::move(commands_);
  }

 private:
  void add(const Difference& difference) {
    commands_.push_back("# " + wiring::to_string(difference));
    switch (step_of(difference)) {
      case Step::link:
        return add_link(difference);
      case Step::traffic:
        return add_once(is_traffic_done_, [&] { restore_traffic(); });
      case Step::address:
        return add_address_of(difference);
      case Step::route:
        return add_route_of(difference);
      case Step::setting:
        return add_setting(difference);
      case Step::ovs:
        return add_once(is_ovs_done_,
                        [&] { append(commands_, ovs_repair_commands(wiring_, wiring_.bridge ? host_ : container_)); });
      case Step::rules:
        return add_once(are_rules_done_, [&] { append(commands_, rule_commands(wiring_, place_.node_instance)); });
      case Step::none:
        commands_.emplace_back("#   is not restored by vethctl repair");
    }
  }

  void add_once(bool& is_done, const auto& act) {
    if (!std::exchange(is_done, true)) act();
  }

  Device device_of(const Difference& difference) const {
    if (difference.side == Side::container) return container_;
    return difference.side == Side::host ? host_ : Device{.name = difference.object};
  }

  const wiring::End& end_of(const Difference& difference) const {
    return difference.side == Side::container ? wiring_.container : wiring_.host;
  }

  void add_link(const Difference& difference) {
    const auto device = device_of(difference);
    const auto set = [&](const std::string& arguments) { commands_.push_back(set_link(device, arguments)); };
    switch (difference.kind) {
      case Kind::name:  // an interface must be down to be renamed on kernels before 6.4
        return commands_.push_back(
            host_.netns.ip("link set dev " + word(difference.found) + " name " + word(difference.wanted)));
      case Kind::alias:
        return set("alias " + word(difference.wanted));
      case Kind::mtu:
        return set("mtu " + difference.wanted);
      case Kind::big_tcp:
        return set(difference.wanted);
      case Kind::promiscuous:
        return set("promisc on");
      case Kind::down:
        return set("up");
      case Kind::missing:
        return append(commands_, bridge_commands(wiring_));
      case Kind::vlans:
        return restore_vlans(difference);
      default:
        return add_once(is_port_done_, [&] { append(commands_, port_commands(wiring_)); });
    }
  }

  void restore_vlans(const Difference& difference) {
    auto bridge = *wiring_.bridge;
    if (difference.side == Side::bridge) bridge = {.name = bridge.name, .vlan = bridge.vlan};
    commands_.push_back("bridge vlan del dev " + word(difference.object) + " vid 1-4094");
    append(commands_, vlan_commands(difference.object, bridge));
  }

  /// Limits, redirection and filters depend on each other: all are created again.
  void restore_traffic() {
    const auto host = word(host_.name);
    for (const auto& qdisc : {" root", " ingress"})
      commands_.push_back("tc qdisc del dev " + host + qdisc + " 2> /dev/null || true");
    if (wiring_.egress_limit)
      commands_.push_back("ip link del dev " + wiring::ifb_name(wiring_) + " 2> /dev/null || true");
    append(commands_, ifb_commands(wiring_));
    append(commands_, rate_limit_commands(wiring_));
    append(commands_, filter_commands(wiring_));
  }

  void add_address_of(const Difference& difference) {
    if (difference.kind == Kind::gateway) {
      commands_.push_back("ip address add " + difference.wanted + "/128 dev lo nodad noprefixroute");
      return;
    }
    if (difference.side == Side::bridge) return add_bridge_address(difference);
    const bool enable_dad = wiring_.enable_dad && difference.side == Side::container;
    for (const auto& address : end_of(difference).addresses) {
      if (cni::to_string(address.prefix) == difference.wanted)
        commands_.push_back(add_address(device_of(difference), address, enable_dad));
    }
  }

  void add_bridge_address(const Difference& difference) {
    for (const auto& gateway : wiring_.bridge->gateways) {
      if (cni::to_string(gateway) == difference.wanted)
        commands_.push_back(add_address(device_of(difference), {.prefix = gateway}, false));
    }
  }

  void add_route_of(const Difference& difference) {
    if (difference.kind == Kind::loopback_route) {
      commands_.push_back(add_loopback_route(difference.object));
      return;
    }
    for (const auto& route : end_of(difference).routes) {
      if (route_text(route) == difference.wanted) commands_.push_back(add_route(device_of(difference), route));
    }
  }

  void add_setting(const Difference& difference) {
    const Namespace host;
    if (difference.kind == Kind::sysctl) {
      commands_.push_back(container_.netns.sysctl(difference.object, difference.wanted));
      return;
    }
    if (difference.kind == Kind::checksum_offload) {
      commands_.push_back(disable_checksum_offload(device_of(difference)));
      return;
    }
    if (difference.kind == Kind::route_localnet) {
      commands_.push_back(host.sysctl(ipv4_setting(difference.object, "route_localnet"), "1"));
      return;
    }
    const bool is_ipv4 = difference.kind == Kind::ipv4_forwarding;
    if (!is_ipv4) commands_.push_back(keep_router_advertisements());
    commands_.push_back(host.sysctl(is_ipv4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding", "1"));
  }

  const wiring::Wiring& wiring_;
  const Place& place_;
  Device container_;
  Device host_;
  bool is_traffic_done_ = false;
  bool is_port_done_ = false;
  bool is_ovs_done_ = false;
  bool are_rules_done_ = false;
  Commands commands_{};
};

}  // namespace

Commands commands(const std::vector<Difference>& differences, const wiring::Wiring& wiring, const Place& place) {
  return RepairCommands{wiring, place}.all(differences);
}

}  // namespace explain
