#include "plugin/kernel/unused_bridge.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/observer.hpp"

#include <linux/netlink.h>

#include <algorithm>

namespace kernel {
namespace {

bool has_port(const Link& bridge, NetlinkSocket& socket) {
  return std::ranges::any_of(socket.dump(list_ports(bridge.index)), [&](const std::string& message) {
    const auto link = find_link(message);
    return link && link->master_index == bridge.index;
  });
}

bool has_address(const Link& bridge, NetlinkSocket& socket) {
  return std::ranges::any_of(observe_addresses(socket, bridge.name, bridge.index),
                             [](const cni::Prefix& prefix) { return !cni::is_link_local(prefix.address); });
}

}  // namespace

bool remove_unused_bridge(const std::string& name) {
  NetlinkSocket socket{NETLINK_ROUTE};
  const auto bridge = first_link(socket.send_or_throw(get_link(name)));
  if (!bridge || bridge->kind != "bridge" || has_port(*bridge, socket) || has_address(*bridge, socket)) return false;
  socket.send_or_throw(delete_link(bridge->index, bridge->name));
  return true;
}

}  // namespace kernel
