#include "plugin/verbs/answer.hpp"

#include <algorithm>

namespace verbs {
namespace {

cni::Interface interface_of(const wiring::End& end, std::uint32_t mtu) {
  cni::Interface interface;
  interface.name = end.name;
  interface.mac = cni::to_string(end.mac);
  interface.mtu = mtu;
  return interface;
}

const cni::Dns& dns_of(const cni::Request& request, const cni::Lease& lease) {
  if (request.config.wishes.dns) return *request.config.wishes.dns;
  return request.config.dns ? *request.config.dns : lease.dns;
}

bool is_ours(const cni::Interface& interface, const cni::Request& request) {
  return interface.name == request.attachment.interface && !interface.sandbox.empty();
}

bool is_gateway(const cni::Lease& lease, const cni::IpAddress& address) {
  return std::any_of(lease.addresses.begin(), lease.addresses.end(),
                     [&](const cni::LeasedAddress& leased) { return leased.gateway == address; });
}

}  // namespace

cni::Result answer(const cni::Request& request, const wiring::Wiring& wiring, const cni::Lease& lease) {
  auto result = request.config.previous.value_or(cni::Result{});
  result.interfaces.push_back(interface_of(wiring.host, wiring.mtu));
  result.interfaces.push_back(interface_of(wiring.container, wiring.mtu));
  result.interfaces.back().sandbox = request.netns;
  const auto container = static_cast<std::uint32_t>(result.interfaces.size() - 1);
  for (const auto& leased : lease.addresses) {
    result.addresses.push_back({.interface = container, .address = leased.address, .gateway = leased.gateway});
  }
  result.routes.insert(result.routes.end(), lease.routes.begin(), lease.routes.end());
  if (const auto& dns = dns_of(request, lease); dns != cni::Dns{}) result.dns = dns;
  return result;
}

const cni::Interface* find_container_interface(const cni::Result& result, const cni::Request& request) {
  const auto found = std::find_if(result.interfaces.begin(), result.interfaces.end(),
                                  [&](const cni::Interface& interface) { return is_ours(interface, request); });
  return found == result.interfaces.end() ? nullptr : &*found;
}

cni::Lease lease_of(const cni::Result& result, const cni::Request& request) {
  cni::Lease lease;
  for (const auto& given : result.addresses) {
    const bool is_told = given.interface && *given.interface < result.interfaces.size();
    if (is_told && !is_ours(result.interfaces[*given.interface], request)) continue;
    lease.addresses.push_back({given.address, given.gateway});
  }
  for (const auto& route : result.routes) {
    if (!route.gateway || is_gateway(lease, *route.gateway)) lease.routes.push_back(route);
  }
  lease.dns = result.dns;
  return lease;
}

}  // namespace verbs
