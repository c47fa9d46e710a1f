#include "plugin/kernel/nat_elements.hpp"

#include "plugin/cni/chain_member.hpp"
#include "plugin/kernel/nat_table.hpp"
#include "plugin/wiring/port_mapping.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace kernel {
namespace {

using cni::Family;

std::uint8_t protocol_number(const std::string& protocol) {
  if (protocol == "udp") return IPPROTO_UDP;
  return protocol == "sctp" ? IPPROTO_SCTP : IPPROTO_TCP;
}

class ElementCollector {
 public:
  explicit ElementCollector(const wiring::Wiring& wiring)
      : wiring_(wiring), comment_(to_comment(owner_of(wiring.attachment))) {}

  std::vector<WantedElement> collect() {
    if (!wiring_.masquerades.empty() || wiring_.host_ports) add_owner(NftFamily::inet);
    for (const auto& masquerade : wiring_.masquerades) add_masquerade(masquerade);
    if (wiring_.host_ports) add_host_ports(*wiring_.host_ports);
    if (wiring_.bridge && wiring_.bridge->check_macs) add_macs();
    return std::move(elements_);
  }

 private:
  void add(const std::string& description, NftElement element) {
    element.comment = comment_;
    elements_.push_back({.element = std::move(element), .description = description});
  }

  void add_owner(NftFamily family) {
    add("owner element in set \"owners\"", owner_element(family, cni::tag_of(wiring_.attachment)));
  }

  void add_masquerade(const wiring::Masquerade& masquerade) {
    add("masquerading of " + cni::to_string(masquerade.source),
        {.set = masquerade_name(wiring_.attachment, masquerade), .key = value_of(masquerade.source)});
  }

  void add_host_ports(const wiring::HostPorts& ports) {
    std::vector<cni::IpAddress> addresses;
    for (const auto& mapping : ports.mappings) {
      add_mapping(mapping);
      const auto& address = mapping.container_address;
      if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
    }
    for (const auto& address : addresses) add_masqueraded_clients(ports, address);
  }

  void add_mapping(const wiring::PortMapping& mapping) {
    add("port mapping " + wiring::to_string(mapping), port_element(mapping, mapping.host_address.has_value()));
    elements_.back().mapping = mapping;
  }

  void add_masqueraded_clients(const wiring::HostPorts& ports, const cni::IpAddress& address) {
    const auto target = " to mapped ports of " + cni::to_string(address);
    const auto value = value_of(address);
    if (ports.masquerade_all_clients) {
      add("masquerading of all clients" + target, {.set = masq_all_set(address.family), .key = value});
    } else if (ports.source_nat) {
      add("masquerading of the container itself" + target, {.set = hairpin_set(address.family), .key = value + value});
      if (!wiring_.bridge) return;
      add("masquerading of its bridge neighbours" + target,
          {.set = neighbour_set(address.family),
           .key = value_of_interface(wiring::host_side_interface(wiring_)) + value});
    }
  }

  void add_macs() {
    const auto port = value_of_interface(wiring_.host.name);
    const auto description = "MAC check on port \"" + wiring_.host.name + '"';
    add_owner(NftFamily::bridge);
    add(description + " (allowed MAC)",
        {.family = NftFamily::bridge, .set = port_macs_set, .key = port + padded(value_of(wiring_.container.mac))});
    add(description, {.family = NftFamily::bridge, .set = checked_ports_set, .key = port});
  }

  const wiring::Wiring& wiring_;
  std::string comment_;
  std::vector<WantedElement> elements_;
};

constexpr std::string_view chain_member_suffix = " chained";
constexpr std::size_t field_bytes = 4;  // smallest field of a concatenation

struct PortMap {
  Family family;
  bool has_host_address;
};

std::optional<PortMap> find_port_map(const std::string& set) {
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    for (const bool has_host_address : {false, true}) {
      if (set == port_map(family, has_host_address)) return PortMap{family, has_host_address};
    }
  }
  return std::nullopt;
}

std::uint16_t port_in(const Bytes& value, std::size_t offset) {
  std::uint16_t port = 0;
  std::memcpy(&port, value.data() + offset, sizeof port);
  return ntohs(port);
}

cni::IpAddress address_in(Family family, const Bytes& value) {
  return cni::from_bytes(family, reinterpret_cast<const std::uint8_t*>(value.data()));
}

std::string protocol_name(std::uint8_t number) {
  if (number == IPPROTO_UDP) return "udp";
  return number == IPPROTO_SCTP ? "sctp" : "tcp";
}

wiring::HostPorts& ports_of(wiring::ObservedRules& rules) {
  if (!rules.host_ports) rules.host_ports = wiring::HostPorts{.source_nat = false};
  return *rules.host_ports;
}

/// The exceptions (destinations that are not masqueraded) are the comments of the rules in the chain of the set.
wiring::Masquerade masquerade_of(const NftElement& element, std::span<const FoundRule> rules) {
  const auto family = element.key.size() == field_bytes ? Family::ipv4 : Family::ipv6;
  wiring::Masquerade masquerade{.source = address_in(family, element.key)};
  for (const auto& rule : rules) {
    const auto prefix = rule.chain == element.set ? cni::find_prefix(rule.comment) : std::nullopt;
    if (prefix) masquerade.except.push_back(*prefix);
  }
  return masquerade;
}

bool is_set_of_either_family(const std::string& set, std::string (*name)(Family)) {
  return set == name(Family::ipv4) || set == name(Family::ipv6);
}

void add_port(wiring::HostPorts& ports, const MappedPort& port) {
  ports.mappings.push_back({.protocol = protocol_name(port.protocol),
                            .host_address = port.host_address,
                            .host_port = port.host_port,
                            .container_address = port.container_address,
                            .container_port = port.container_port});
}

void add(wiring::ObservedRules& found, const NftElement& element, std::span<const FoundRule> rules) {
  const auto& set = element.set;
  const bool is_masq_all = is_set_of_either_family(set, masq_all_set);
  if (const auto port = find_mapped_port(element)) add_port(ports_of(found), *port);
  if (is_masq_all || is_set_of_either_family(set, hairpin_set)) ports_of(found).source_nat = true;
  if (is_masq_all) ports_of(found).masquerade_all_clients = true;
  if (set == checked_ports_set) found.checks_macs = true;
  if (set.starts_with(masquerade_chain_prefix)) found.masquerades.push_back(masquerade_of(element, rules));
}

}  // namespace

std::vector<WantedElement> elements_of(const wiring::Wiring& wiring) { return ElementCollector{wiring}.collect(); }

NftElement port_element(const wiring::PortMapping& mapping, bool has_host_address) {
  NftElement element{.set = port_map(mapping.container_address.family, has_host_address)};
  if (has_host_address) element.key = value_of(*mapping.host_address);
  element.key += padded(value_of_byte(protocol_number(mapping.protocol))) + padded(value_of_port(mapping.host_port));
  element.data = value_of(mapping.container_address) + padded(value_of_port(mapping.container_port));
  return element;
}

NftElement owner_element(NftFamily family, cni::Tag attachment) {
  constexpr unsigned field_bits = 16;
  NftElement element{.family = family, .set = owners_set};
  for (int shift = 3; shift >= 0; --shift) {
    const auto field = static_cast<std::uint16_t>(attachment.value >> (field_bits * static_cast<unsigned>(shift)));
    element.key += padded(value_of_port(field));
  }
  return element;
}

Owner owner_of(const cni::Attachment& attachment) {
  return {cni::tag_of_network(attachment.network), cni::tag_of(attachment), cni::is_of_chain_member(attachment)};
}

std::string to_comment(const Owner& owner) {
  auto comment = cni::to_string(owner.network) + ' ' + cni::to_string(owner.attachment);
  return owner.is_chain_member ? comment.append(chain_member_suffix) : comment;
}

std::optional<Owner> find_owner(const std::string& comment) {
  if (comment.ends_with(chain_member_suffix)) {
    auto owner = find_owner(comment.substr(0, comment.size() - chain_member_suffix.size()));
    if (owner) owner->is_chain_member = true;
    return owner;
  }
  const auto space = comment.find(' ');
  if (space == std::string::npos) return std::nullopt;
  const auto network = cni::find_tag(std::string_view{comment}.substr(0, space));
  const auto attachment = cni::find_tag(std::string_view{comment}.substr(space + 1));
  if (!network || !attachment) return std::nullopt;
  return Owner{.network = *network, .attachment = *attachment};
}

std::optional<MappedPort> find_mapped_port(const NftElement& element) {
  const auto map = element.family == NftFamily::inet ? find_port_map(element.set) : std::nullopt;
  if (!map) return std::nullopt;
  const std::size_t address_bytes = cni::address_length(map->family) / 8;
  const std::size_t before = map->has_host_address ? address_bytes : 0;
  if (element.key.size() < before + 2 * field_bytes || element.data.size() < address_bytes + field_bytes)
    return std::nullopt;
  MappedPort port{.family = map->family, .container_address = address_in(map->family, element.data)};
  if (map->has_host_address) port.host_address = address_in(map->family, element.key);
  port.protocol = static_cast<std::uint8_t>(element.key[before]);
  port.host_port = port_in(element.key, before + field_bytes);
  port.container_port = port_in(element.data, address_bytes);
  return port;
}

wiring::ObservedRules rules_of(std::span<const NftElement> elements, std::span<const FoundRule> rules) {
  wiring::ObservedRules found;
  for (const auto& element : elements) add(found, element, rules);
  return found;
}

}  // namespace kernel
