#include "plugin/wiring/wire.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/wiring/bridged.hpp"
#include "plugin/wiring/masquerade.hpp"
#include "plugin/wiring/netns_to_netns.hpp"
#include "plugin/wiring/point_to_point.hpp"
#include "plugin/wiring/port_mapping.hpp"
#include "plugin/wiring/source_address.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace wiring {

cni::Lease complete(const cni::Request& request, cni::Lease lease) {
  if (request.config.mode != cni::Mode::bridge) return lease;
  return with_bridge_gateways(request.config.bridge, std::move(lease));
}

namespace {

Wiring lay(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  switch (request.config.mode) {
    case cni::Mode::ptp:
      return point_to_point(request, lease, mtu);
    case cni::Mode::bridge:
      return bridged(request, lease, mtu);
    case cni::Mode::netns:
      return netns_to_netns(request, lease, mtu);
  }
  return {};
}

[[noreturn]] void refuse(std::string_view key) {
  throw cni::Error{
      cni::ErrorCode::invalid_config,
      std::string{key} + ": mode \"netns\" leaves nothing on the host, whose address or ports could be used",
      "leave it out, or use mode \"ptp\" or \"bridge\""};
}

std::optional<RateLimit> limit_of(const std::optional<cni::Rate>& rate, std::uint32_t mtu) {
  return rate ? std::optional{rate_limit(*rate, mtu)} : std::nullopt;
}

/// The addresses would vanish when IPv6 is switched off.
void refuse_contradiction(const Wiring& wiring) {
  if (!has_ipv6(wiring.container) || !disables_ipv6(*wiring.tuning, wiring.container.name)) return;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "/sysctl: disable_ipv6 contradicts the IPv6 addresses that the container gets"};
}

/// The kernel refuses a source that duplicate address detection has not cleared yet.
void choose_sources(Wiring& wiring) {
  if (wiring.enable_dad) return;
  choose_ipv6_sources(wiring.container);
  if (!wiring.peer_netns.empty()) choose_ipv6_sources(wiring.host);
}

}  // namespace

Wiring wire(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  const auto& config = request.config;
  auto wiring = lay(request, lease, mtu);
  choose_sources(wiring);
  if (config.mode == cni::Mode::netns && config.source_nat.masquerade) refuse("/ipMasq");
  if (config.mode == cni::Mode::netns && !config.wishes.port_mappings.empty()) refuse("/portMappings");
  wiring.masquerades = masquerades(config.source_nat, lease);
  wiring.host_ports = host_ports(config, lease);
  wiring.ingress_limit = limit_of(config.bandwidth.ingress, mtu);
  wiring.egress_limit = limit_of(config.bandwidth.egress, mtu);
  wiring.tuning = tuning_of(request);
  if (wiring.tuning) refuse_contradiction(wiring);
  return wiring;
}

}  // namespace wiring
