#include "plugin/kernel/nat_table.hpp"

#include "plugin/kernel/nft_expressions.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>

#include <algorithm>
#include <utility>

namespace kernel {
namespace {

using cni::Family;

constexpr auto first = NftRegister::first;

// nft(8), "Standard priority names".
constexpr std::int32_t raw_priority = -300;
constexpr std::int32_t dnat_priority = -100;
constexpr std::int32_t snat_priority = 100;

constexpr const char* base_chain = "postrouting";
constexpr const char* sources_chain = "port_sources";
constexpr const char* mappings_chain = "port_mappings";
constexpr const char* macs_chain = "prerouting";

constexpr Family families[] = {Family::ipv4, Family::ipv6};

std::string number_of(Family family) { return family == Family::ipv4 ? "4" : "6"; }

NftType address_type(Family family) { return family == Family::ipv4 ? NftType::ipv4_addr : NftType::ipv6_addr; }

constexpr std::uint32_t address_bytes(Family family) { return cni::address_length(family) / 8; }

NftSet owners() { return {owners_set, std::vector(4, NftType::inet_service)}; }

/// What every other part hangs on. Mapped ports come first: they end what has to be masqueraded for their sake.
NftPart base_part() {
  NftPart part;
  part.sets = {owners()};
  part.chains = {{base_chain, NftHook{"nat", NF_INET_POST_ROUTING, snat_priority}}, {sources_chain}, {networks_chain}};
  part.rules = {{base_chain, "clients of mapped ports", jump(sources_chain)},
                {base_chain, "containers of networks with ipMasq", jump(networks_chain)}};
  return part;
}

Bytes load_port_key(Family family, bool has_host_address) {
  if (!has_host_address) return load_protocol(first) + load_destination_port(behind(4));
  const auto bytes = address_bytes(family);
  return is_family(family) + load_destination(family, first) + load_protocol(behind(bytes)) +
         load_destination_port(behind(bytes + 4));
}

void map_ports(NftPart& part, Family family, bool has_host_address) {
  const auto map = port_map(family, has_host_address);
  std::vector<NftType> key{NftType::inet_proto, NftType::inet_service};
  if (has_host_address) key.insert(key.begin(), address_type(family));
  part.sets.push_back({map, key, {address_type(family), NftType::inet_service}});
  part.rules.push_back(
      {mappings_chain, map, load_port_key(family, has_host_address) + translate(map) + redirect_to_registers(family)});
}

/// A container would answer a client directly where their way does not lead through the host, and a packet cannot leave
/// with a loopback address: these see the host's address instead. What others redirect from loopback to loopback is not
/// ours: the set of containers that reach themselves tells who is.
void hide_sources(NftPart& part, Family family) {
  const auto address = address_type(family);
  const auto bytes = address_bytes(family);
  const auto self = self_set(family);
  const auto neighbours = neighbour_set(family);
  const auto everyone = everyone_set(family);
  constexpr std::uint32_t interface_bytes = 16;
  const auto loopback = *cni::find_prefix(family == Family::ipv4 ? "127.0.0.0/8" : "::1/128");
  part.sets.push_back({self, {address, address}});
  part.sets.push_back({neighbours, {NftType::ifname, address}});
  part.sets.push_back({everyone, {address}});
  const auto add = [&](const std::string& name, const Bytes& match) {
    part.rules.push_back({sources_chain, name, match + masquerade()});
  };
  add("loopback" + number_of(family), is_redirected() + is_family(family) + is_source_in(loopback) +
                                          load_destination(family, first) + load_destination(family, behind(bytes)) +
                                          is_in(self));
  add(self, is_family(family) + load_source(family, first) + load_destination(family, behind(bytes)) + is_in(self));
  add(neighbours, is_redirected() + is_family(family) + load_input(first) +
                      load_destination(family, behind(interface_bytes)) + is_in(neighbours));
  add(everyone, is_redirected() + is_family(family) + load_destination(family, first) + is_in(everyone));
}

/// 127.0.0.1 of the host would be open to the containers whose host end has route_localnet.
void guard_loopback(NftPart& part) {
  part.chains.push_back({"guard", NftHook{"filter", NF_INET_PRE_ROUTING, raw_priority}});
  const auto loopback = *cni::find_prefix("127.0.0.0/8");
  const auto from_outside = is_input_not("lo") + is_family(Family::ipv4);
  part.rules.push_back({"guard", "to the host's loopback", from_outside + is_destination_in(loopback) + drop()});
  part.rules.push_back({"guard", "from a loopback address", from_outside + is_source_in(loopback) + drop()});
}

/// Only packets to the host itself are redirected, never those that it forwards to somebody else's port of this number
/// (CVE-2025-67499). A mapping of one host address comes before those of all.
NftPart port_part() {
  NftPart part;
  part.chains = {{mappings_chain},
                 {"prerouting", NftHook{"nat", NF_INET_PRE_ROUTING, dnat_priority}},
                 {"output", NftHook{"nat", NF_INET_LOCAL_OUT, dnat_priority}}};
  for (const char* chain : {"prerouting", "output"}) {
    part.rules.push_back({chain, "to the host itself", is_to_this_host() + jump(mappings_chain)});
  }
  for (const bool has_host_address : {true, false}) {
    for (const auto family : families) map_ports(part, family, has_host_address);
  }
  for (const auto family : families) hide_sources(part, family);
  guard_loopback(part);
  return part;
}

NftPart masquerade_part(const std::string& name, const wiring::Masquerade& wanted) {
  const auto family = wanted.source.family;
  NftPart part{.sets = {{name, {address_type(family)}}}, .chains = {{name}}};
  for (const auto& prefix : wanted.except) {
    part.rules.push_back(
        {name, cni::to_string(prefix), is_family(family) + is_destination_in(prefix) + return_to_caller()});
  }
  part.rules.push_back({name, "all others", masquerade()});
  part.rules.push_back({networks_chain, entry_comment(name),
                        is_family(family) + load_source(family, first) + is_in(name) + go_to(name)});
  return part;
}

/// Frames are seen with the port that they came in by in family bridge alone.
NftPart mac_part() {
  constexpr std::uint32_t interface_bytes = 16;
  NftPart part;
  part.sets = {
      owners(), {checked_ports_set, {NftType::ifname}}, {port_macs_set, {NftType::ifname, NftType::ether_addr}}};
  part.chains = {{macs_chain, NftHook{"filter", NF_BR_PRE_ROUTING, raw_priority}}};
  part.rules = {{macs_chain, "macspoofchk",
                 load_input(first) + is_in(checked_ports_set) + load_input(first) +
                     load_source_mac(behind(interface_bytes)) + is_not_in(port_macs_set) + drop()}};
  return part;
}

bool has_mapped_loopback(const wiring::Wiring& wiring) {
  return maps_loopback(wiring, Family::ipv4) || maps_loopback(wiring, Family::ipv6);
}

/// A bridge stays when its containers are gone, and route_localnet with it: until somebody cleans up, who finds it
/// here.
NeededPart loopback_part(const std::string& interface) {
  const auto name = std::string{loopback_beginning} + cni::to_string(cni::tag_of_network(interface));
  return {NftFamily::inet, name,
          [name, interface] { return NftPart{.chains = {{.name = name, .comment = interface}}}; }};
}

/// All that makes two masquerades alike.
std::string content_of(const wiring::Masquerade& masquerade) {
  std::string content{number_of(masquerade.source.family)};
  for (const auto& prefix : masquerade.except) content += ' ' + cni::to_string(prefix);
  return content;
}

}  // namespace

std::string port_map(Family family, bool has_host_address) {
  return (has_host_address ? "address_ports" : "ports") + number_of(family);
}

std::string self_set(Family family) { return "self" + number_of(family); }
std::string neighbour_set(Family family) { return "neighbours" + number_of(family); }
std::string everyone_set(Family family) { return "everyone" + number_of(family); }

std::string masquerade_prefix(const std::string& network) { return std::string{masquerade_beginning} + network + '-'; }

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

bool begins_table(const NeededPart& part) { return part.chain == first_chain(part.family); }

std::string first_chain(NftFamily family) { return family == NftFamily::bridge ? macs_chain : base_chain; }

}  // namespace kernel
