#include "plugin/veth_node/kernel_network.hpp"

#include "plugin/http/socket_address.hpp"
#include "plugin/kernel/node_network.hpp"
#include "plugin/kernel/underlay.hpp"
#include "plugin/node/plan.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace veth_node {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds time_between_observations{50};

/// RFC 5737 and RFC 3849: packets to them take the default routes.
std::vector<cni::IpAddress> addresses_of_no_host() {
  return {*cni::find_address("192.0.2.1"), *cni::find_address("2001:db8::1")};
}

/// The source address of packets to this address; nullopt: there is no route to it. connect() of a UDP socket only
/// looks the route up.
std::optional<cni::IpAddress> find_source(const cni::IpAddress& destination) {
  constexpr std::uint16_t any_port = 9;
  const auto target = http::socket_address({.address = destination, .port = any_port});
  const posix::FileDescriptor socket{::socket(target.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket || ::connect(socket.get(), target.get(), target.size) < 0) return std::nullopt;
  sockaddr_in6 own{};
  socklen_t size = sizeof own;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size) < 0) {  // NOLINT(*-reinterpret-cast)
    return std::nullopt;
  }
  if (own.sin6_family == AF_INET6) return cni::from_bytes(cni::Family::ipv6, &own.sin6_addr.s6_addr[0]);
  sockaddr_in ipv4{};
  std::memcpy(&ipv4, &own, sizeof ipv4);
  std::array<std::uint8_t, sizeof ipv4.sin_addr> bytes;
  std::memcpy(bytes.data(), &ipv4.sin_addr, bytes.size());
  return cni::from_bytes(cni::Family::ipv4, bytes.data());
}

/// The addresses of all other nodes.
std::vector<cni::IpAddress> addresses_of_others(const cluster::Directory& directory, const std::string& node) {
  std::vector<cni::IpAddress> addresses;
  for (const auto& [name, other] : directory.nodes) {
    if (name != node) std::ranges::copy(other.addresses, std::back_inserter(addresses));
  }
  return addresses;
}

std::vector<std::string> texts_of(const std::vector<kernel::FailedChange>& failed) {
  std::vector<std::string> texts;
  for (const auto& [change, error] : failed) texts.push_back("cannot " + to_string(change) + ": " + error.what());
  return texts;
}

}  // namespace

std::vector<cni::IpAddress> own_addresses() {
  std::vector<cni::IpAddress> addresses;
  for (const auto& destination : addresses_of_no_host()) {
    const auto source = find_source(destination);
    if (source && !cni::is_loopback(*source) && !cni::is_link_local(*source)) addresses.push_back(*source);
  }
  return addresses;
}

NetworkState read_network_state(const cluster::Directory& directory, const std::string& node,
                                const node::Settings& settings) {
  auto underlay = kernel::read_underlay(addresses_of_others(directory, node));
  NetworkState state{.observed = kernel::observe_node_network(), .underlay_mtu = underlay.mtu};
  underlay.next_hops = state.observed.next_hops;
  state.wanted = node::plan(directory, node, underlay, settings);
  return state;
}

KernelNetwork::KernelNetwork(std::string node, node::Settings settings) : node_(std::move(node)), settings_(settings) {}

std::vector<cni::IpAddress> KernelNetwork::addresses() { return own_addresses(); }

/// Of the devices of the default routes.
bool KernelNetwork::prefers_vxlan() {
  return node::prefers_vxlan(settings_, kernel::read_underlay(addresses_of_no_host()));
}

std::vector<std::string> KernelNetwork::sync(const cluster::Directory& directory) {
  const bool is_old = steady_clock::now() - observed_at_ > time_between_observations;
  if (!known_ || is_old) {
    observe(directory);
  } else {
    read_new_addresses(directory);
  }
  underlay_.next_hops = known_->next_hops;
  auto wanted = node::plan(directory, node_, underlay_, settings_);
  underlay_.next_hops.clear();
  const auto failed = kernel::apply(wiring::difference(wanted, *std::exchange(known_, std::nullopt)), &monitor_);
  std::set<std::string> devices;
  for (const auto& [id, hop] : wanted.next_hops) devices.insert(hop.device);
  monitor_.watch_devices(std::move(devices));
  if (failed.empty()) known_ = std::move(wanted);
  return texts_of(failed);
}

bool KernelNetwork::has_changed() {
  const bool is_changed = monitor_.has_changed();
  if (is_changed) known_.reset();
  return is_changed;
}

void KernelNetwork::observe(const cluster::Directory& directory) {
  const auto addresses = addresses_of_others(directory, node_);
  underlay_ = kernel::read_underlay(addresses);
  asked_ = {addresses.begin(), addresses.end()};
  known_ = kernel::observe_node_network();
  observed_at_ = steady_clock::now();
}

void KernelNetwork::read_new_addresses(const cluster::Directory& directory) {
  auto addresses = addresses_of_others(directory, node_);
  std::erase_if(addresses, [&](const cni::IpAddress& address) { return !asked_.insert(address).second; });
  if (addresses.empty()) return;
  auto read = kernel::read_underlay(addresses);
  underlay_.on_link.merge(read.on_link);
  underlay_.mtu = std::min(underlay_.mtu, read.mtu);
}

}  // namespace veth_node
