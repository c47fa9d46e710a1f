#include "plugin/attachment/footprints.hpp"

#include "ipam/range.hpp"
#include "plugin/attachment/held_addresses.hpp"
#include "plugin/cni/chain_member.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <utility>

namespace attachment {
namespace {

/// Only IPv6 gateways of mode ptp are on the host's lo.
void add_gateway(const std::optional<cni::IpAddress>& gateway, std::vector<cni::IpAddress>& gateways) {
  const bool is_on_lo = gateway && gateway->family == cni::Family::ipv6 && !cni::is_link_local(*gateway);
  if (is_on_lo && std::ranges::find(gateways, *gateway) == gateways.end()) gateways.push_back(*gateway);
}

/// Adds none if the configuration is no longer valid.
void add_gateways_of_ranges(const cni::NetworkConfig& config, std::vector<cni::IpAddress>& gateways) try {
  for (const auto& set : ipam::checked_range_sets(config)) {
    for (const auto& range : set) add_gateway(range.gateway, gateways);
  }
} catch (const cni::Error&) {
  return;
}

std::vector<cni::IpAddress> configured_gateways(const cni::NetworkConfig& config) {
  std::vector<cni::IpAddress> gateways;
  if (config.mode != cni::Mode::ptp) return gateways;
  add_gateways_of_ranges(config, gateways);
  for (const auto& leased : config.ipam.addresses) add_gateway(leased.gateway, gateways);
  if (!config.previous) return gateways;
  for (const auto& given : config.previous->addresses) add_gateway(given.gateway, gateways);
  return gateways;
}

void add_path(const std::string& path, std::vector<std::string>& paths) {
  if (!path.empty() && std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
}

/// An imported host end has a name and an alias of another plugin. Only its ifindex and name in the record identify it.
bool is_imported(const state::Record& record) {
  return record.wiring.empty() && record.host_interface && record.host_interface->index != 0 &&
         record.host_interface->name != cni::host_interface_name(cni::tag_of(record.attachment));
}

void set_imported_end(const state::HostInterface& interface, Footprint& footprint) {
  footprint.is_imported = true;
  footprint.host = {.name = interface.name, .index = interface.index, .mac = {}};
  footprint.may_have_ifb = false;
  footprint.may_have_rules = false;
}

void set_partial_wiring(wiring::Wiring wiring, Footprint& footprint) {
  wiring::set_identity(wiring, footprint);
  footprint.gateways = wiring.host_gateways;
  footprint.bridge_segment = segment_of(wiring);
  if (const auto& port = wiring.ovs_port) footprint.ovs_port = wiring::OvsLocation{port->socket, port->bridge};
  if (!wiring.peer_netns.empty()) {
    footprint.is_netns_pair = true;
    footprint.host.netns = {wiring.peer_netns};
  }
  footprint.partial_wiring = std::move(wiring);
}

}  // namespace

std::string segment_of(const wiring::Wiring& wiring) {
  if (wiring.bridge) return wiring::gateway_interface(*wiring.bridge);
  return wiring.ovs_port ? cni::ovs_segment(wiring.ovs_port->bridge, wiring.ovs_port->tag) : std::string{};
}

Footprint lease_footprint(cni::Tag tag, const std::string& network) {
  return {.attachment = {.network = network, .container = {}, .interface = {}},
          .tag = tag,
          .may_have_pair = false,
          .may_have_ifb = false,
          .may_have_rules = false};
}

Footprint footprint_of(cni::Tag tag, const std::string& network) {
  return {.attachment = {.network = network, .container = {}, .interface = {}},
          .tag = tag,
          .host = {.name = cni::host_interface_name(tag), .mac = cni::host_mac(tag)},
          .container = {.mac = cni::container_mac(tag)}};
}

Footprint pair_footprint(const cni::Request& request) {
  auto footprint = footprint_of(cni::tag_of(request.attachment), request.attachment.network);
  footprint.attachment = request.attachment;
  footprint.container.name = request.attachment.interface;
  if (request.config.requested.mac) footprint.container.mac = *request.config.requested.mac;
  add_path(request.netns, footprint.container.netns);
  const auto& ovs = request.config.ovs;
  if (!ovs.bridge.empty()) footprint.ovs_port = wiring::OvsLocation{ovs.socket, ovs.bridge};
  if (request.config.mode != cni::Mode::netns) return footprint;
  footprint.is_netns_pair = true;
  footprint.host.name = request.config.peer.interface;
  add_path(request.config.peer.netns, footprint.host.netns);
  return footprint;
}

Footprint footprint_of(const cni::Request& request) {
  auto footprint = pair_footprint(request);
  footprint.gateways = configured_gateways(request.config);
  footprint.are_gateways_assumed = true;
  footprint.may_be_of_reference = request.config.dialect.is_reference();
  return footprint;
}

Footprint footprint_of(const state::Record& record) {
  auto footprint = footprint_of(cni::tag_of(record.attachment), record.attachment.network);
  footprint.attachment = record.attachment;
  footprint.container.name = cni::without_member(record.attachment).interface;
  footprint.addresses = record.addresses;
  footprint.host.index = record.ends.host;
  footprint.container.index = record.ends.container;
  add_path(record.netns, footprint.container.netns);
  if (is_imported(record)) {
    set_imported_end(*record.host_interface, footprint);
  } else if (auto wiring = wiring::find_partial_wiring(record.wiring)) {
    set_partial_wiring(std::move(*wiring), footprint);
    if (cni::is_of_chain_member(record.attachment)) footprint.is_foreign_pair = true;
  } else if (record.wiring.empty()) {
    footprint.may_have_rules = false;
    footprint.may_have_pair = footprint.may_have_ifb = record.host_interface.has_value();
  }
  return footprint;
}

Footprint footprint_of(const state::StoredRecord& stored, const std::string& network, const state::Folder& folder) {
  HeldAddresses held{network, folder};
  return footprint_of(stored, held);
}

std::vector<Footprint> footprints_of(const cni::Request& request, const std::optional<state::StoredRecord>& stored,
                                     const state::Folder* folder) {
  if (stored && stored->record) {
    auto footprint = footprint_of(*stored->record);
    add_path(request.netns, footprint.container.netns);
    if (footprint.is_netns_pair) add_path(request.config.peer.netns, footprint.host.netns);
    return {std::move(footprint)};
  }
  auto footprint = footprint_of(request);
  if (stored && folder != nullptr) {
    const auto held = footprint_of(*stored, request.attachment.network, *folder);
    footprint.addresses = held.addresses;
    if (!held.gateways.empty()) footprint.gateways = held.gateways;
    footprint.are_gateways_assumed = held.gateways.empty();
  }
  if (!footprint.is_netns_pair) return {std::move(footprint)};
  auto on_host = footprint_of(footprint.tag, request.attachment.network);
  on_host.attachment = request.attachment;
  return {std::move(on_host), std::move(footprint)};
}

}  // namespace attachment
