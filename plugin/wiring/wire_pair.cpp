#include "plugin/wiring/wire_pair.hpp"

#include "plugin/cni/error.hpp"

#include <algorithm>

namespace wiring {
namespace {

constexpr std::uint8_t link_local_prefix_length = 64;

[[noreturn]] void reject(const std::string& message) { throw cni::Error{cni::ErrorCode::invalid_config, message}; }

void check_leased(const cni::LeasedAddress& leased) {
  check_address(leased.address);
  const auto text = "address " + cni::to_string(leased.address);
  if (!leased.gateway) return;
  const auto gateway = cni::to_string(*leased.gateway);
  if (leased.gateway->family != leased.address.address.family) {
    reject(text + ": the gateway " + gateway + " is of the other address family");
  }
  if (*leased.gateway == leased.address.address) reject(text + " is its own gateway");
}

}  // namespace

bool is_ipv6(const cni::LeasedAddress& leased) { return leased.address.address.family == cni::Family::ipv6; }

Wiring wire_pair(const cni::Request& request, std::uint32_t mtu) {
  const auto tag = cni::tag_of(request.attachment);
  Wiring wiring;
  wiring.attachment = request.attachment;
  wiring.pair_kind = request.config.pair_kind;
  wiring.mtu = mtu;
  wiring.enable_dad = request.config.enable_dad;
  wiring.container.name = request.attachment.interface;
  wiring.container.mac = request.config.requested.mac.value_or(cni::container_mac(tag));
  wiring.host.name = cni::host_interface_name(tag);
  wiring.host.mac = cni::host_mac(tag);
  return wiring;
}

cni::MacAddress mac_on_bridge(const cni::Request& request, const cni::Lease& lease) {
  if (request.config.requested.mac) return *request.config.requested.mac;
  const auto& attachment = request.attachment;
  if (lease.addresses.empty()) return cni::container_mac(cni::tag_of(attachment));
  const auto address = cni::to_string(lease.addresses.front().address.address);
  return cni::container_mac(cni::tag_of({attachment.network, address, {}}));
}

void check_address(const cni::Prefix& prefix) {
  const auto text = "address " + cni::to_string(prefix);
  if (prefix.length == 0) reject(text + ": the prefix length must not be 0");
  const auto& address = prefix.address;
  if (cni::is_unspecified(address) || cni::is_loopback(address) || cni::is_multicast(address)) {
    reject(text + " cannot be assigned to a container");
  }
}

void check_lease(const cni::Lease& lease, std::uint32_t mtu) {
  for (const auto& leased : lease.addresses) check_leased(leased);
  if (mtu < min_ipv6_mtu && std::any_of(lease.addresses.begin(), lease.addresses.end(), is_ipv6)) {
    reject("/mtu: must be at least 1280 for IPv6, not " + std::to_string(mtu));
  }
}

void add_link_local(End& end, std::uint32_t mtu) {
  if (mtu < min_ipv6_mtu) return;
  end.addresses.push_back({{cni::link_local_address(end.mac), link_local_prefix_length}});
}

}  // namespace wiring
