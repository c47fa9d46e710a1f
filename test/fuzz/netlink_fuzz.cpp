// Netlink messages from the kernel: two bytes with the type, followed by the bytes after the header.
#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/firewall.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/next_hops.hpp"
#include "plugin/kernel/nft_objects.hpp"
#include "plugin/kernel/port_vlans.hpp"
#include "plugin/kernel/qdiscs.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/sysctls.hpp"
#include "plugin/kernel/tunnel_devices.hpp"
#include "test/fuzz/input.hpp"

#include <linux/netlink.h>

#include <cstring>

namespace fuzz {
namespace {

std::string make_message(std::string_view text) {
  nlmsghdr header{};
  std::memcpy(&header.nlmsg_type, text.data(), sizeof header.nlmsg_type);
  text.remove_prefix(sizeof header.nlmsg_type);
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + text.size());
  return std::string{reinterpret_cast<const char*>(&header), sizeof header}.append(text);
}

void read_nftables_message(const std::string& message) {
  kernel::find_forward_chain(message);
  kernel::find_rule(message);
  kernel::find_nft_generation(message);
  kernel::find_nft_chain(message);
  kernel::find_nft_set(message);
  kernel::find_nft_rule(message);
  kernel::find_nft_elements(message);
  kernel::family_of(message);
  kernel::generation_of(message);
}

void read_message_between_nodes(const std::string& message) {
  wiring::NodeNetwork network;
  wiring::NodeTunnel tunnel;
  kernel::find_next_hop(message);
  kernel::read_node_route(message, network);
  kernel::find_tunnel(message);
  kernel::read_neighbour(message, tunnel);
}

}  // namespace

void check_input(std::string_view text) {
  if (text.size() < sizeof nlmsghdr{}.nlmsg_type) return;
  const auto message = make_message(text);
  kernel::find_link(message);
  kernel::find_counters(message);
  kernel::find_vlans(message, 1);
  kernel::find_interface_address(message);
  kernel::find_route(message);
  kernel::find_route(message, 1);
  kernel::count_local_routes({message}, 1);
  kernel::find_forwarding(message);
  kernel::find_rate_limit(message);
  kernel::find_redirection(message);
  kernel::find_nsid(message);
  read_nftables_message(message);
  read_message_between_nodes(message);
}

}  // namespace fuzz
