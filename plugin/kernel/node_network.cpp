#include "plugin/kernel/node_network.hpp"

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/neighbours.hpp"
#include "plugin/kernel/next_hops.hpp"
#include "plugin/kernel/node_network_monitor.hpp"
#include "plugin/kernel/tunnel_devices.hpp"
#include "plugin/kernel/tunnel_filter.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace kernel {
namespace {

using Action = wiring::NodeChange::Action;
using Requests = std::vector<NetlinkRequest>;

void observe_tunnel(NetlinkSocket& socket, const std::string& name, wiring::NodeNetwork& network) {
  for (const auto& answer : socket.send_or_throw(get_link(name))) {
    auto found = find_tunnel(answer);
    if (!found) continue;
    auto& tunnel = found->device.tunnel;
    for (const auto& message : socket.dump(list_addresses({name, found->index}))) {
      const auto address = find_interface_address(message);
      if (address && !cni::is_link_local(address->prefix.address)) tunnel.addresses.insert(address->prefix.address);
    }
    if (tunnel.encapsulation == wiring::Encapsulation::vxlan) {
      for (const auto& message : socket.dump(list_neighbours(name, found->index))) read_neighbour(message, tunnel);
    }
    network.tunnels.emplace(name, std::move(tunnel));
  }
}

/// The names of devices by their indexes, each read once.
class DeviceNames {
 public:
  explicit DeviceNames(NetlinkSocket& socket) : socket_(socket) {}

  const std::string& name_of(std::uint32_t index) {
    const auto [place, is_new] = names_.try_emplace(index);
    if (is_new) {
      if (const auto link = first_link(socket_.send_or_throw(get_link(index)))) place->second = link->name;
    }
    return place->second;
  }

 private:
  NetlinkSocket& socket_;
  std::map<std::uint32_t, std::string> names_;
};

void observe_next_hops(NetlinkSocket& socket, wiring::NodeNetwork& network) {
  DeviceNames names{socket};
  for (const auto& message : socket.dump(list_next_hops())) {
    auto found = find_next_hop(message);
    const bool is_own = found && found->protocol == node_route_protocol && wiring::is_own_next_hop(found->object.id);
    if (!is_own) continue;
    found->object.hop.device = names.name_of(found->device_index);
    network.next_hops.emplace(found->object.id, std::move(found->object.hop));
  }
}

/// Changes with their requests. The requests are sent together when they are complete.
class Changer {
 public:
  explicit Changer(NodeNetworkMonitor* monitor) : monitor_(monitor), route_(NETLINK_ROUTE) {
    if (monitor_ != nullptr) monitor_->ignore(port_of(route_));
  }

  void add(const wiring::NodeChange& change) {
    if (!std::holds_alternative<wiring::FilterNode>(change.object)) change_nodes();
    current_ = &change;
    try {
      std::visit([&](const auto& object) { prepare(object); }, change.object);
    } catch (const std::system_error& error) {
      const bool is_gone_already = action() == Action::remove && error.code().value() == ENODEV;
      if (!is_gone_already) failed_.push_back({change, error});
    }
  }

  std::vector<FailedChange> finish() {
    send();
    change_nodes();
    return std::move(failed_);
  }

 private:
  Action action() const { return current_->action; }

  void queue(NetlinkRequest request) {
    requests_.push_back(std::move(request));
    causes_.push_back(current_);
  }

  /// The kernel gives a socket its port at the first use.
  static std::uint32_t port_of(const NetlinkSocket& socket) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    ::bind(socket.file(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(socket.file(), reinterpret_cast<sockaddr*>(&address), &size);
    return address.nl_pid;
  }

  NetlinkSocket& netfilter() {
    if (!netfilter_) netfilter_.emplace(NETLINK_NETFILTER);
    return *netfilter_;
  }

  void send() {
    if (requests_.empty()) return;
    const auto answers = route_.send(requests_);
    for (const auto& refusal : answers.refusals) {
      failed_.push_back({*causes_[refusal.request], refusal_error(refusal, requests_)});
    }
    requests_.clear();
    causes_.clear();
  }

  std::uint32_t index_of(const std::string& device) {
    const auto [place, is_new] = indexes_.try_emplace(device);
    if (is_new || place->second == 0) {
      const auto link = first_link(route_.send_or_throw(get_link(device)));
      if (!link) throw posix::system_error(ENODEV, "find device \"" + device + '"');
      place->second = link->index;
    }
    return place->second;
  }

  void prepare(const wiring::TunnelDevice& device) {
    send();
    indexes_.erase(device.name);
    if (action() == Action::add) route_.send_or_throw(create_tunnel(device));
    const auto index = index_of(device.name);
    if (action() == Action::remove) {
      queue(delete_link(index, device.name));
      send();
      indexes_.erase(device.name);
    } else {
      configure(device, index);
    }
  }

  /// The node may disable IPv6 for new interfaces. Next hop objects of the family need it on their device.
  void configure(const wiring::TunnelDevice& device, std::uint32_t index) {
    queue(disable_address_generation(device.name));
    queue(set_mtu({device.name, index}, device.tunnel.mtu));
    if (device.tunnel.mac) queue(set_mac({device.name, index}, *device.tunnel.mac));
    queue(bring_up(index, device.name));
    send();
    const auto link = first_link(route_.send_or_throw(get_link(index)));
    if (link && link->is_ipv6_disabled) {
      posix::write_value("/proc/sys/net/ipv6/conf/" + device.name + "/disable_ipv6", "0");
    }
  }

  void prepare(const wiring::TunnelAddress& object) {
    const Device device{object.device, index_of(object.device)};
    const auto prefix = cni::host_prefix(object.address);
    queue(action() == Action::remove ? delete_address(device, prefix) : add_address(device, {.prefix = prefix}, false));
  }

  void prepare(const wiring::TunnelNeighbour& object) {
    const auto index = index_of(object.device);
    if (action() == Action::remove) {
      queue(delete_neighbour(object, index));
    } else {
      queue(
          set_neighbour({object.device, index}, {.address = object.address, .mac = object.mac, .is_permanent = true}));
    }
  }

  void prepare(const wiring::NextHopObject& object) {
    queue(action() == Action::remove ? delete_next_hop(object.id) : put_next_hop(object, index_of(object.hop.device)));
  }

  void prepare(const wiring::NetworkRoute& route) {
    if (action() == Action::add) queue(add_network_route(route));
    if (action() == Action::replace) queue(replace_network_route(route));
    if (action() == Action::remove) queue(delete_network_route(route));
  }

  void prepare(const wiring::UnreachableRoute& route) {
    queue(action() == Action::remove ? delete_unreachable_route(route) : put_unreachable_route(route));
  }

  void prepare(const wiring::TunnelFilter& filter) {
    send();
    if (action() == Action::remove) {
      remove_tunnel_filter(netfilter());
    } else {
      put_tunnel_filter(netfilter(), filter);
    }
  }

  void prepare(const wiring::FilterNode& node) {
    (action() == Action::remove ? removed_ : added_).insert(node.address);
    node_change_ = current_;
  }

  /// All nodes of the filter in a few transactions.
  void change_nodes() {
    if (node_change_ == nullptr) return;
    try {
      change_filter_nodes(netfilter(), added_, removed_);
    } catch (const std::system_error& error) {
      failed_.push_back({*node_change_, error});
    }
    node_change_ = nullptr;
    added_.clear();
    removed_.clear();
  }

  NodeNetworkMonitor* monitor_;
  NetlinkSocket route_;
  std::optional<NetlinkSocket> netfilter_;  ///< opened when it is needed: its close waits for removed objects
  const wiring::NodeChange* current_ = nullptr;
  const wiring::NodeChange* node_change_ = nullptr;
  Requests requests_;
  std::vector<const wiring::NodeChange*> causes_;  ///< of the requests
  std::map<std::string, std::uint32_t> indexes_;   ///< of devices
  std::set<cni::IpAddress> added_;                 ///< nodes of the filter
  std::set<cni::IpAddress> removed_;
  std::vector<FailedChange> failed_;
};

}  // namespace

wiring::NodeNetwork observe_node_network() {
  NetlinkSocket socket{NETLINK_ROUTE};
  NetlinkSocket netfilter{NETLINK_NETFILTER};
  wiring::NodeNetwork network;
  for (const char* name : {wiring::gpe_device, wiring::vxlan_device}) observe_tunnel(socket, name, network);
  observe_next_hops(socket, network);
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    for (const auto& message : socket.dump(list_node_routes(family))) read_node_route(message, network);
  }
  network.filter = observe_tunnel_filter(netfilter);
  return network;
}

std::vector<FailedChange> apply(std::span<const wiring::NodeChange> changes, NodeNetworkMonitor* monitor) {
  Changer changer{monitor};
  for (const auto& change : changes) changer.add(change);
  return changer.finish();
}

}  // namespace kernel
