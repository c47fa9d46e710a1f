#include "plugin/vethctl/add_checks.hpp"

#include "ipam/fixed_ipam.hpp"
#include "ipam/range_ipam.hpp"
#include "ipam/reference_ipam.hpp"
#include "ipam/resolv_conf.hpp"
#include "plugin/cni/chained_config.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/wiring/wire.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace vethctl {
namespace {

/// A verb that reads everything and gets nothing from a runtime.
constexpr auto without_runtime = cni::Verb::version;

cni::LeasedAddress first_of(const ipam::RangeSet& set) {
  const auto address = ipam::first_candidate(set).value();
  const auto* range = ipam::find_range(set, address);
  return {.address = {address, range->subnet.length}, .gateway = range->gateway};
}

/// The lease that the built-in IPAM would assign to the first ADD on a node.
cni::Lease first_lease(const cni::NetworkConfig& config) {
  auto lease = ipam::lease_without_addresses(config.ipam);
  if (config.ipam.ranges.empty() && config.requested.ranges.empty()) {
    lease.addresses = ipam::fixed_addresses(config);
    return lease;
  }
  const auto sets = ipam::checked_range_sets(config);
  ipam::assign_requests(sets, config.requested.addresses);
  for (const auto& set : sets) lease.addresses.push_back(first_of(set));
  return lease;
}

/// nullopt if another IPAM plugin, a pool of the cluster or the runtime determines it.
std::optional<cni::Lease> find_lease(const cni::NetworkConfig& config) {
  if (config.ipam.type.empty()) return cni::Lease{};
  if (config.ipam.type != "veth-ipam" || !config.ipam.pool.empty()) return std::nullopt;
  const bool is_set_by_runtime = config.ipam.ranges.empty() && config.ipam.addresses.empty() &&
                                 config.requested.ranges.empty() && config.requested.addresses.empty();
  return is_set_by_runtime ? std::nullopt : std::optional{first_lease(config)};
}

IgnoredKeys check_interface(const std::string& text, const cni::Dialect& dialect) {
  cni::Request request;
  request.config = cni::parse_network_config(text, without_runtime, {}, dialect);
  request.attachment = {.network = request.config.name, .container = "any", .interface = "eth0"};
  constexpr std::uint32_t default_mtu = 1500;
  if (const auto lease = find_lease(request.config)) {
    wiring::wire(request, wiring::complete_lease(request, *lease), request.config.mtu.value_or(default_mtu));
  }
  return request.config.ignored_keys;
}

IgnoredKeys check_portmap(const std::string& text) {
  cni::parse_portmap_config(text, without_runtime);
  return {};
}

IgnoredKeys check_bandwidth(const std::string& text) {
  cni::parse_bandwidth_config(text, without_runtime);
  return {};
}

IgnoredKeys check_tuning(const std::string& text) {
  cni::parse_tuning_config(text, without_runtime, {});
  return {};
}

IgnoredKeys check_loopback(const std::string& text) {
  cni::parse_common_config(text, without_runtime);
  return {};
}

struct Check {
  std::string_view type;
  IgnoredKeys (*run)(const std::string& text);
};

constexpr std::array checks{
    Check{"veth", [](const std::string& text) { return check_interface(text, {}); }},
    Check{"ptp", [](const std::string& text) { return check_interface(text, {.reference_mode = cni::Mode::ptp}); }},
    Check{"bridge",
          [](const std::string& text) { return check_interface(text, {.reference_mode = cni::Mode::bridge}); }},
    Check{"portmap", check_portmap},
    Check{"bandwidth", check_bandwidth},
    Check{"tuning", check_tuning},
    Check{"loopback", check_loopback},
};

}  // namespace

bool is_served(const std::string& type) { return std::ranges::find(checks, type, &Check::type) != checks.end(); }

IgnoredKeys check_as_add(const std::string& type, const std::string& text) {
  return std::ranges::find(checks, type, &Check::type)->run(text);
}

IgnoredKeys check_as_ipam(const std::string& ipam_type, const std::string& text) {
  const auto dialect = ipam::reference_dialect_of(ipam_type).value_or(cni::IpamDialect::veth_ipam);
  auto config = cni::parse_ipam_request(text, without_runtime, {}, dialect);
  if (dialect == cni::IpamDialect::host_local) ipam::checked_range_sets(config);
  if (dialect == cni::IpamDialect::veth_ipam) find_lease(config);
  return std::move(config.ignored_keys);
}

}  // namespace vethctl
