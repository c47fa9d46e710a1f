#include "plugin/kernel/nat_table.hpp"

#include "plugin/kernel/nft_expressions.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>

#include <algorithm>
#include <utility>

namespace kernel {
namespace {

using cni::Family;

// nft(8), "Standard priority names".
constexpr std::int32_t dnat_priority = -100;
constexpr std::int32_t snat_priority = 100;

constexpr const char* base_chain = "postrouting";
constexpr const char* sources_chain = "port_sources";
constexpr const char* mappings_chain = "port_mappings";
constexpr const char* macs_chain = "prerouting";

std::string number_of(Family family) { return family == Family::ipv4 ? "4" : "6"; }

NftType address_type(Family family) { return family == Family::ipv4 ? NftType::ipv4_addr : NftType::ipv6_addr; }

NftSet owners() { return {owners_set, std::vector(4, NftType::inet_service)}; }

/// The part that all others need. The rules for mapped ports come first: their masquerade ends the evaluation.
TablePart base_part() {
  TablePart part;
  part.sets = {owners()};
  part.chains = {{base_chain, NftHook{"nat", NF_INET_POST_ROUTING, snat_priority}}, {sources_chain}, {networks_chain}};
  part.rules = {{base_chain, "clients of mapped ports", jump(sources_chain)},
                {base_chain, "containers of networks with ipMasq", jump(networks_chain)}};
  return part;
}

Bytes load_port_key(Family family, bool has_host_address) {
  if (!has_host_address) return load_protocol(first_register) + load_destination_port(register_after(4));
  const auto bytes = bytes_of_address(family);
  return is_family(family) + load_destination(family, first_register) + load_protocol(register_after(bytes)) +
         load_destination_port(register_after(bytes + 4));
}

void map_ports(TablePart& part, Family family, bool has_host_address) {
  const auto map = port_map(family, has_host_address);
  std::vector<NftType> key{NftType::inet_proto, NftType::inet_service};
  if (has_host_address) key.insert(key.begin(), address_type(family));
  part.sets.push_back({map, key, {address_type(family), NftType::inet_service}});
  part.rules.push_back(
      {mappings_chain, map, load_port_key(family, has_host_address) + look_up_in_map(map) + dnat_to_registers(family)});
}

/// Masquerades clients whose answers would bypass the host (the container itself and its neighbours on a bridge), and
/// clients with a loopback address, which cannot leave the host. The rule for loopback also matches the hairpin set, so
/// that it does not apply to redirections of other software from loopback to loopback.
void add_client_masquerade(TablePart& part, Family family) {
  const auto address = address_type(family);
  const auto bytes = bytes_of_address(family);
  const auto self = hairpin_set(family);
  const auto neighbours = neighbour_set(family);
  const auto everyone = masq_all_set(family);
  constexpr std::uint32_t interface_bytes = 16;
  const auto loopback = *cni::find_prefix(family == Family::ipv4 ? "127.0.0.0/8" : "::1/128");
  part.sets.push_back({self, {address, address}});
  part.sets.push_back({neighbours, {NftType::ifname, address}});
  part.sets.push_back({everyone, {address}});
  const auto add = [&](const std::string& name, const Bytes& match) {
    part.rules.push_back({sources_chain, name, match + masquerade()});
  };
  add("loopback" + number_of(family), has_dnat_status() + is_family(family) + is_source_in(loopback) +
                                          load_destination(family, first_register) +
                                          load_destination(family, register_after(bytes)) + is_in(self));
  add(self, is_family(family) + load_source(family, first_register) + load_destination(family, register_after(bytes)) +
                is_in(self));
  add(neighbours, has_dnat_status() + is_family(family) + load_input(first_register) +
                      load_destination(family, register_after(interface_bytes)) + is_in(neighbours));
  add(everyone, has_dnat_status() + is_family(family) + load_destination(family, first_register) + is_in(everyone));
}

/// With route_localnet on the host end a container could reach 127.0.0.1 of the host
/// (Documentation/networking/ip-sysctl.rst); these rules drop such packets.
void guard_loopback(TablePart& part) {
  part.chains.push_back({"guard", NftHook{"filter", NF_INET_PRE_ROUTING, raw_priority}});
  const auto loopback = *cni::find_prefix("127.0.0.0/8");
  const auto from_outside = is_input_not("lo") + is_family(Family::ipv4);
  part.rules.push_back({"guard", "to the host's loopback", from_outside + is_destination_in(loopback) + drop()});
  part.rules.push_back({"guard", "from a loopback address", from_outside + is_source_in(loopback) + drop()});
}

/// Only packets to the host itself are redirected, not those that it forwards to the same port of other hosts
/// (CVE-2025-67499). A mapping of one host address takes precedence over those of all.
TablePart port_part() {
  TablePart part;
  part.chains = {{mappings_chain},
                 {"prerouting", NftHook{"nat", NF_INET_PRE_ROUTING, dnat_priority}},
                 {"output", NftHook{"nat", NF_INET_LOCAL_OUT, dnat_priority}}};
  for (const char* chain : {"prerouting", "output"}) {
    part.rules.push_back({chain, "to the host itself", is_to_this_host() + jump(mappings_chain)});
  }
  for (const bool has_host_address : {true, false}) {
    for (const auto family : cni::families) map_ports(part, family, has_host_address);
  }
  for (const auto family : cni::families) add_client_masquerade(part, family);
  guard_loopback(part);
  return part;
}

TablePart masquerade_part(const std::string& name, const wiring::Masquerade& wanted) {
  const auto family = wanted.source.family;
  TablePart part{.sets = {{name, {address_type(family)}}}, .chains = {{name}}};
  for (const auto& prefix : wanted.except) {
    part.rules.push_back(
        {name, cni::to_string(prefix), is_family(family) + is_destination_in(prefix) + return_to_caller()});
  }
  part.rules.push_back({name, "all others", masquerade()});
  part.rules.push_back({networks_chain, entry_comment(name),
                        is_family(family) + load_source(family, first_register) + is_in(name) + go_to(name)});
  return part;
}

/// Only family bridge can match the bridge port of a frame.
TablePart mac_part() {
  constexpr std::uint32_t interface_bytes = 16;
  TablePart part;
  part.sets = {
      owners(), {checked_ports_set, {NftType::ifname}}, {port_macs_set, {NftType::ifname, NftType::ether_addr}}};
  part.chains = {{macs_chain, NftHook{"filter", NF_BR_PRE_ROUTING, raw_priority}}};
  part.rules = {{macs_chain, "macspoofchk",
                 load_input(first_register) + is_in(checked_ports_set) + load_input(first_register) +
                     load_source_mac(register_after(interface_bytes)) + is_not_in(port_macs_set) + drop()}};
  return part;
}

bool has_mapped_loopback(const wiring::Wiring& wiring) {
  return maps_loopback(wiring, Family::ipv4) || maps_loopback(wiring, Family::ipv6);
}

/// A bridge and its route_localnet outlive the containers. This chain records the bridge for Netfilter::clean().
NeededPart loopback_part(const std::string& interface) {
  const auto name = std::string{loopback_chain_prefix} + cni::to_string(cni::tag_of_network(interface));
  return {NftFamily::inet, name,
          [name, interface] { return TablePart{.chains = {{.name = name, .comment = interface}}}; }};
}

/// What two masquerades must have in common to share a chain and a set.
std::string content_of(const wiring::Masquerade& masquerade) {
  std::string content{number_of(masquerade.source.family)};
  for (const auto& prefix : masquerade.except) content += ' ' + cni::to_string(prefix);
  return content;
}

}  // namespace

std::string port_map(Family family, bool has_host_address) {
  return (has_host_address ? "address_ports" : "ports") + number_of(family);
}

std::string hairpin_set(Family family) { return "self" + number_of(family); }
std::string neighbour_set(Family family) { return "neighbours" + number_of(family); }
std::string masq_all_set(Family family) { return "everyone" + number_of(family); }

std::string masquerade_prefix(const std::string& network) {
  return std::string{masquerade_chain_prefix} + network + '-';
}

std::string masquerade_name(const cni::Attachment& attachment, const wiring::Masquerade& masquerade) {
  return masquerade_prefix(attachment.network) + cni::to_string(cni::tag_of_network(content_of(masquerade)));
}

std::string entry_comment(const std::string& name) { return cni::to_string(cni::tag_of_network(name)); }

std::vector<NeededPart> parts_of(const wiring::Wiring& wiring) {
  std::vector<NeededPart> parts;
  if (!wiring.masquerades.empty() || wiring.host_ports) parts.push_back({NftFamily::inet, base_chain, base_part});
  if (wiring.host_ports) parts.push_back({NftFamily::inet, mappings_chain, port_part});
  for (const auto& wanted : wiring.masquerades) {
    const auto name = masquerade_name(wiring.attachment, wanted);
    if (std::ranges::find(parts, name, &NeededPart::chain) != parts.end()) continue;
    parts.push_back({NftFamily::inet, name, [name, &wanted] { return masquerade_part(name, wanted); }});
  }
  if (wiring.bridge && has_mapped_loopback(wiring)) parts.push_back(loopback_part(host_side_interface(wiring)));
  if (wiring.bridge && wiring.bridge->check_macs) parts.push_back({NftFamily::bridge, macs_chain, mac_part});
  return parts;
}

bool is_first_part(const NeededPart& part) { return part.chain == instance_chain(part.family); }

std::string instance_chain(NftFamily family) { return family == NftFamily::bridge ? macs_chain : base_chain; }

}  // namespace kernel
