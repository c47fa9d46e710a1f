#include "plugin/wiring/wire.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/wiring/masquerade.hpp"
#include "plugin/wiring/port_mapping.hpp"
#include "plugin/wiring/source_address.hpp"
#include "plugin/wiring/wire_bridge.hpp"
#include "plugin/wiring/wire_netns.hpp"
#include "plugin/wiring/wire_ovs.hpp"
#include "plugin/wiring/wire_ptp.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace wiring {

namespace {

Wiring wire_mode(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  switch (request.config.mode) {
    case cni::Mode::ptp:
      return wire_ptp(request, lease, mtu);
    case cni::Mode::bridge:
      return wire_bridge(request, lease, mtu);
    case cni::Mode::ovs:
      return wire_ovs(request, lease, mtu);
    case cni::Mode::netns:
      return wire_netns(request, lease, mtu);
  }
  return {};
}

[[noreturn]] void reject_in_mode(cni::Mode mode, std::string_view key) {
  const std::string reason = mode == cni::Mode::netns ? "\"netns\", which has no interface on the host"
                                                      : "\"ovs\", in which packets do not pass the routing of the host";
  throw cni::Error{cni::ErrorCode::invalid_config, std::string{key} + ": not supported in mode " + reason,
                   "remove the key, or use mode \"ptp\" or \"bridge\""};
}

/// In these modes the packets of the container bypass nftables.
void reject_rules(const cni::NetworkConfig& config) {
  if (config.mode != cni::Mode::netns && config.mode != cni::Mode::ovs) return;
  if (config.source_nat.masquerade) reject_in_mode(config.mode, "/ipMasq");
  if (!config.requested.port_mappings.empty()) reject_in_mode(config.mode, "/portMappings");
}

std::optional<RateLimit> limit_of(const std::optional<cni::Rate>& rate, std::uint32_t mtu) {
  return rate ? std::optional{rate_limit(*rate, mtu)} : std::nullopt;
}

/// Open vSwitch deletes the ingress qdiscs of its ports, and limits what it receives from them itself.
void limit_egress(const std::optional<RateLimit>& limit, Wiring& wiring) {
  if (limit && wiring.ovs_port) return set_policing(*limit, *wiring.ovs_port);
  wiring.egress_limit = limit;
}

/// The kernel removes the addresses when IPv6 is disabled.
void check_ipv6_enabled(const Wiring& wiring) {
  if (!has_ipv6(wiring.container) || !disables_ipv6(*wiring.tuning, wiring.container.name)) return;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "/sysctl: disable_ipv6 contradicts the IPv6 addresses that the container gets"};
}

/// The kernel rejects a source address for which duplicate address detection has not ended.
void choose_sources(Wiring& wiring) {
  if (wiring.enable_dad) return;
  choose_ipv6_sources(wiring.container);
  if (!wiring.peer_netns.empty()) choose_ipv6_sources(wiring.host);
}

}  // namespace

cni::Lease complete_lease(const cni::Request& request, cni::Lease lease) {
  if (request.config.mode != cni::Mode::bridge) return lease;
  return with_bridge_gateways(request.config.bridge, std::move(lease));
}

Wiring wire(const cni::Request& request, const cni::Lease& lease, std::uint32_t mtu) {
  const auto& config = request.config;
  auto wiring = wire_mode(request, lease, mtu);
  choose_sources(wiring);
  reject_rules(config);
  wiring.masquerades = masquerades(config.source_nat, lease);
  wiring.host_ports = host_ports(config, lease);
  wiring.ingress_limit = limit_of(config.bandwidth.ingress, mtu);
  limit_egress(limit_of(config.bandwidth.egress, mtu), wiring);
  if (config.mode == cni::Mode::ptp && config.check_sources) wiring.accepted_sources = sources_of(wiring.container);
  wiring.guards_loopback = maps_loopback(wiring, cni::Family::ipv4) && wiring.accepted_sources.empty();
  wiring.tuning = tuning_of(request);
  if (wiring.tuning) check_ipv6_enabled(wiring);
  return wiring;
}

}  // namespace wiring
