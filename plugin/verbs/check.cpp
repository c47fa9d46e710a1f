#include "plugin/verbs/check.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/context.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/ovs_ports.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/verbs/add_result.hpp"
#include "plugin/verbs/node_wiring.hpp"
#include "plugin/wiring/connected.hpp"
#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace verbs {
namespace {

const cni::Result& previous_of(const cni::Request& request) {
  if (request.config.previous) return *request.config.previous;
  throw cni::Error{cni::ErrorCode::invalid_config, "/prevResult: missing: CHECK needs the result of the ADD"};
}

std::optional<state::Record> find_record(const cni::Request& request, const state::Folder* folder) {
  if (folder == nullptr) return std::nullopt;
  const auto stored = folder->records.find(request.attachment);
  return stored ? stored->record : std::nullopt;
}

const cni::Interface& container_interface(const cni::Result& previous, const cni::Request& request) {
  if (const auto* interface = find_container_interface(previous, request)) return *interface;
  throw cni::Error{cni::ErrorCode::differs, "/prevResult contains no interface \"" + request.attachment.interface +
                                                "\" with a sandbox: pass the result of the ADD of this attachment"};
}

bool leads_to(const std::vector<wiring::Route>& routes, const wiring::Route& wanted) {
  return std::any_of(routes.begin(), routes.end(),
                     [&](const wiring::Route& route) { return route.destination == wanted.destination; });
}

bool has_route(const cni::Result& result, const wiring::Route& wanted) {
  return std::any_of(result.routes.begin(), result.routes.end(), [&](const cni::Route& route) {
    return cni::network_of(route.destination) == wanted.destination && route.gateway == wanted.gateway;
  });
}

/// Adds the routes by a gateway that no address of the lease has. Without the record they could be those of another
/// plugin.
void add_routes_by_other_gateways(wiring::Wiring& wanted, const wiring::Wiring& recorded, const cni::Result& previous) {
  auto& routes = wanted.container.routes;
  for (const auto& route : recorded.container.routes) {
    const bool is_wanted = std::find(routes.begin(), routes.end(), route) != routes.end();
    if (!is_wanted && route.gateway && has_route(previous, route)) routes.push_back(route);
  }
}

/// Routes that other plugins added to the result are not compared.
void use_recorded(wiring::Wiring& wanted, const wiring::Wiring& recorded) {
  std::erase_if(wanted.container.routes,
                [&](const wiring::Route& route) { return !leads_to(recorded.container.routes, route); });
  wanted.pair_kind = recorded.pair_kind;
  wanted.host = recorded.host;
  wanted.bridge = recorded.bridge;
  wanted.ovs_port = recorded.ovs_port;
  wanted.host_gateways = recorded.host_gateways;
  wanted.masquerades = recorded.masquerades;
  wanted.host_ports = recorded.host_ports;
  wanted.ingress_limit = recorded.ingress_limit;
  wanted.egress_limit = recorded.egress_limit;
  wanted.tuning = recorded.tuning;
  wanted.accepted_sources = recorded.accepted_sources;
  wanted.guards_loopback = recorded.guards_loopback;
}

wiring::Wiring wanted_wiring(const cni::Request& request, const std::optional<state::Record>& record,
                             kernel::Kernel& kernel) {
  const auto& previous = previous_of(request);
  const auto& interface = container_interface(previous, request);
  constexpr std::uint32_t any_mtu = 1500;
  auto wanted = wire_on_node(request, lease_of(previous, request), any_mtu, kernel);
  const auto recorded = record ? wiring::find_wiring(record->wiring) : std::nullopt;
  wanted.mtu = recorded ? recorded->mtu : 0;                     // only the record contains the MTU of the links
  wanted.big_tcp = recorded ? recorded->big_tcp : std::nullopt;  // the uplink may have changed
  if (recorded) {
    use_recorded(wanted, *recorded);
    add_routes_by_other_gateways(wanted, *recorded, previous);
  }
  if (const auto mac = cni::find_mac(interface.mac)) wanted.container.mac = *mac;  // a later plugin may have changed it
  return wanted;
}

/// The end on the host of an attachment that the reference plugin has created, by its result: the interface before the
/// container's. It is the only one of plugin ptp; plugin bridge reports its bridge first.
void use_reported_host_end(wiring::Wiring& wanted, const cni::Result& previous, const cni::Request& request) {
  const auto* own = find_container_interface(previous, request);
  const cni::Interface* host = nullptr;
  for (const auto& interface : previous.interfaces) {
    if (&interface == own) break;
    if (interface.sandbox.empty()) host = &interface;
  }
  if (host == nullptr) return;
  wanted.host = {.name = host->name, .mac = cni::find_mac(host->mac).value_or(wanted.host.mac)};
}

/// Without a record under the name of a reference plugin, that plugin may have created the attachment. Only what both
/// create alike is wanted: what the result contains.
wiring::Wiring wiring_by_result(const cni::Request& request) {
  const auto& previous = previous_of(request);
  const auto& interface = container_interface(previous, request);
  const auto lease = lease_of(previous, request);
  wiring::Wiring wanted;
  wanted.attachment = request.attachment;
  wanted.container.name = interface.name;
  wanted.container.mac = cni::find_mac(interface.mac).value_or(cni::MacAddress{});
  wiring::add_addresses(wanted.container, wiring::addresses_of(lease));
  wiring::add_routes(wanted.container, lease.routes, wiring::gateways_of(lease));
  use_reported_host_end(wanted, previous, request);
  if (request.config.mode == cni::Mode::bridge) {
    const auto& bridge = request.config.bridge;
    wanted.bridge = wiring::Bridge{.name = bridge.name,
                                   .promiscuous = bridge.promiscuous,
                                   .hairpin = bridge.hairpin,
                                   .isolated = bridge.is_isolated};
  }
  return wanted;
}

/// Without a record, names and aliases of the reference plugin are accepted.
bool is_accepted(const wiring::Wiring& wanted, const wiring::Difference& difference, bool may_be_of_reference) {
  if (may_be_of_reference && difference.kind == wiring::Kind::alias) return true;
  return difference.kind == wiring::Kind::mtu && wiring::may_be_intended(wanted, difference);
}

}  // namespace

void check(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder) {
  auto context = attachment::open_context(request, kernel);
  std::optional<posix::ByteLock> lock;
  if (folder != nullptr) lock = folder->locks.attachment(request.attachment);
  cni::lap(request.stopwatch, "lock");
  const auto record = find_record(request, folder);
  if (record) context.host_index = record->ends.host;
  const bool may_be_of_reference = !record && request.config.dialect.is_reference();
  const auto wanted = may_be_of_reference ? wiring_by_result(request) : wanted_wiring(request, record, kernel);
  cni::lap(request.stopwatch, "record");
  auto observed = kernel.observe(wanted, context);
  attachment::observe_ovs(wanted, observed);
  auto differences = wiring::difference(wanted, observed);
  std::erase_if(differences, [&](const wiring::Difference& difference) {
    return is_accepted(wanted, difference, may_be_of_reference);
  });
  cni::lap(request.stopwatch, "kernel");
  if (!differences.empty()) {
    throw cni::Error{cni::ErrorCode::differs, "the attachment differs from what ADD created",
                     wiring::to_string(differences)};
  }
  const bool is_folder_missing = folder == nullptr && ipam::uses_builtin_ipam(request);
  if (!is_folder_missing) ipam::make_ipam(request, folder)->check();
  cni::lap(request.stopwatch, "addresses");
}

}  // namespace verbs
