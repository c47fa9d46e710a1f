#include "plugin/wiring/node_changes.hpp"

#include <utility>

namespace wiring {
namespace {

using Action = NodeChange::Action;
using Changes = std::vector<NodeChange>;

TunnelDevice device_of(const std::string& name, const NodeTunnel& tunnel) {
  return {.name = name,
          .tunnel = {.encapsulation = tunnel.encapsulation,
                     .port = tunnel.port,
                     .mtu = tunnel.mtu,
                     .mac = tunnel.mac,
                     .is_up = tunnel.is_up}};
}

/// The kernel cannot change these of an existing device.
bool is_same_device(const NodeTunnel& left, const NodeTunnel& right) {
  return left.encapsulation == right.encapsulation && left.port == right.port;
}

const NodeTunnel& tunnel_in(const NodeNetwork& network, const std::string& device) {
  static const NodeTunnel none;
  const auto found = network.tunnels.find(device);
  return found == network.tunnels.end() ? none : found->second;
}

/// The kernel removes these together with a device.
void erase_device(NodeNetwork& network, const std::string& device) {
  network.tunnels.erase(device);
  std::erase_if(network.next_hops, [&](const auto& each) { return each.second.device == device; });
  std::erase_if(network.routes, [&](const auto& each) {
    return each.second.next_hop != 0 && !network.next_hops.contains(each.second.next_hop);
  });
}

/// Removes devices that have to be created again, from the kernel and from `observed`.
void remove_unusable_devices(const NodeNetwork& wanted, NodeNetwork& observed, Changes& changes) {
  for (const auto& [name, tunnel] : wanted.tunnels) {
    const auto found = observed.tunnels.find(name);
    if (found == observed.tunnels.end() || is_same_device(tunnel, found->second)) continue;
    changes.push_back({Action::remove, device_of(name, found->second)});
    erase_device(observed, name);
  }
}

void put_filter(const NodeNetwork& wanted, const NodeNetwork& observed, Changes& changes) {
  if (!wanted.filter || wanted.filter == observed.filter) return;
  if (!observed.filter || observed.filter->ports != wanted.filter->ports) {
    changes.push_back({observed.filter ? Action::replace : Action::add, *wanted.filter});
    return;
  }
  for (const auto& node : wanted.filter->nodes) {
    if (!observed.filter->nodes.contains(node)) changes.push_back({Action::add, FilterNode{node}});
  }
}

void put_devices(const NodeNetwork& wanted, const NodeNetwork& observed, Changes& changes) {
  for (const auto& [name, tunnel] : wanted.tunnels) {
    const auto found = observed.tunnels.find(name);
    auto device = device_of(name, tunnel);
    if (found == observed.tunnels.end()) {
      changes.push_back({Action::add, std::move(device)});
    } else if (device_of(name, found->second) != device) {
      changes.push_back({Action::replace, std::move(device)});
    }
  }
}

void put_addresses(const NodeNetwork& wanted, const NodeNetwork& observed, Changes& changes) {
  for (const auto& [name, tunnel] : wanted.tunnels) {
    const auto& present = tunnel_in(observed, name);
    for (const auto& address : tunnel.addresses) {
      if (!present.addresses.contains(address)) changes.push_back({Action::add, TunnelAddress{name, address}});
    }
  }
}

/// Adds what `present` does not contain, and replaces what has another value.
template <class Map, class ObjectOf>
void put_values(const Map& wanted, const Map& present, Changes& changes, ObjectOf object_of) {
  for (const auto& [key, value] : wanted) {
    const auto found = present.find(key);
    if (found == present.end()) {
      changes.push_back({Action::add, object_of(key, value)});
    } else if (found->second != value) {
      changes.push_back({Action::replace, object_of(key, value)});
    }
  }
}

template <class Map, class ObjectOf>
void remove_values(const Map& wanted, const Map& present, Changes& changes, ObjectOf object_of) {
  for (const auto& [key, value] : present) {
    if (!wanted.contains(key)) changes.push_back({Action::remove, object_of(key, value)});
  }
}

auto neighbour_of(const std::string& device) {
  return [device](const cni::IpAddress& address, const cni::MacAddress& mac) {
    return TunnelNeighbour{device, address, mac};
  };
}

NextHopObject next_hop_object(std::uint32_t id, const NextHop& hop) { return {id, hop}; }
NetworkRoute network_route(const cni::Prefix& prefix, const NodeRoute& route) { return {prefix, route}; }

void put_routes(const NodeNetwork& wanted, const NodeNetwork& observed, Changes& changes) {
  for (const auto& [name, tunnel] : wanted.tunnels) {
    put_values(tunnel.neighbours, tunnel_in(observed, name).neighbours, changes, neighbour_of(name));
  }
  put_values(wanted.next_hops, observed.next_hops, changes, next_hop_object);
  put_values(wanted.routes, observed.routes, changes, network_route);
  for (const auto& prefix : wanted.unreachable) {
    if (!observed.unreachable.contains(prefix)) changes.push_back({Action::add, UnreachableRoute{prefix}});
  }
}

/// The kernel would remove the routes of a next hop together with it, but walks all routes for each next hop.
void remove_routes(const NodeNetwork& wanted, const NodeNetwork& observed, Changes& changes) {
  remove_values(wanted.routes, observed.routes, changes, network_route);
  for (const auto& prefix : observed.unreachable) {
    if (!wanted.unreachable.contains(prefix)) changes.push_back({Action::remove, UnreachableRoute{prefix}});
  }
  remove_values(wanted.next_hops, observed.next_hops, changes, next_hop_object);
}

void remove_devices(const NodeNetwork& wanted, const NodeNetwork& observed, Changes& changes) {
  for (const auto& [name, tunnel] : observed.tunnels) {
    if (!wanted.tunnels.contains(name)) {
      changes.push_back({Action::remove, device_of(name, tunnel)});
      continue;
    }
    const auto& present = tunnel_in(wanted, name);
    remove_values(present.neighbours, tunnel.neighbours, changes, neighbour_of(name));
    for (const auto& address : tunnel.addresses) {
      if (!present.addresses.contains(address)) changes.push_back({Action::remove, TunnelAddress{name, address}});
    }
  }
}

void remove_filter(const NodeNetwork& wanted, const NodeNetwork& observed, Changes& changes) {
  if (!observed.filter) return;
  if (!wanted.filter) {
    changes.push_back({Action::remove, *observed.filter});
    return;
  }
  if (observed.filter->ports != wanted.filter->ports) return;  // replaced with all nodes
  for (const auto& node : observed.filter->nodes) {
    if (!wanted.filter->nodes.contains(node)) changes.push_back({Action::remove, FilterNode{node}});
  }
}

NodeNetwork network_with(const NodeObject& object) {
  NodeNetwork network;
  if (const auto* device = std::get_if<TunnelDevice>(&object)) network.tunnels[device->name] = device->tunnel;
  if (const auto* hop = std::get_if<NextHopObject>(&object)) network.next_hops[hop->id] = hop->hop;
  if (const auto* route = std::get_if<NetworkRoute>(&object)) network.routes[route->prefix] = route->route;
  if (const auto* route = std::get_if<UnreachableRoute>(&object)) network.unreachable.insert(route->prefix);
  if (const auto* filter = std::get_if<TunnelFilter>(&object)) network.filter = *filter;
  return network;
}

std::string text_of(const NodeObject& object) {
  if (const auto* address = std::get_if<TunnelAddress>(&object))
    return "address " + cni::to_string(address->address) + " dev " + address->device;
  if (const auto* neighbour = std::get_if<TunnelNeighbour>(&object))
    return "neighbour " + cni::to_string(neighbour->address) + " lladdr " + cni::to_string(neighbour->mac) + " dev " +
           neighbour->device;
  if (const auto* node = std::get_if<FilterNode>(&object)) return "node " + cni::to_string(node->address);
  if (const auto* filter = std::get_if<TunnelFilter>(&object))
    return "filter of tunnel packets, " + std::to_string(filter->nodes.size()) + " nodes";
  auto text = to_string(network_with(object));
  if (!text.empty()) text.pop_back();
  return text;
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::add:
      return "add ";
    case Action::replace:
      return "replace ";
    case Action::remove:
      return "remove ";
  }
  return "";
}

}  // namespace

std::vector<NodeChange> difference(const NodeNetwork& wanted, NodeNetwork observed) {
  Changes changes;
  put_filter(wanted, observed, changes);
  remove_unusable_devices(wanted, observed, changes);
  put_devices(wanted, observed, changes);
  put_addresses(wanted, observed, changes);
  put_routes(wanted, observed, changes);
  remove_routes(wanted, observed, changes);
  remove_devices(wanted, observed, changes);
  remove_filter(wanted, observed, changes);
  return changes;
}

std::string to_string(const NodeChange& change) {
  return std::string{to_string(change.action)} + text_of(change.object);
}

}  // namespace wiring
