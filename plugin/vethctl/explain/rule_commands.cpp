#include "plugin/vethctl/explain/rule_commands.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/nat_elements.hpp"
#include "plugin/kernel/nat_table.hpp"

#include <algorithm>
#include <utility>

namespace explain {
namespace {

using cni::Family;

constexpr auto inet = "inet veth_cni";
constexpr auto bridge = "bridge veth_cni";

std::string quoted(const std::string& text) { return '"' + text + '"'; }

/// "ip" or "ip6": the family in expressions of nft.
std::string protocol_of(Family family) { return family == Family::ipv4 ? "ip" : "ip6"; }

std::string address_type(Family family) { return family == Family::ipv4 ? "ipv4_addr" : "ipv6_addr"; }

std::string set(const std::string& name, const std::string& type) {
  return "  set " + name + " { type " + type + "; }\n";
}

std::string map(const std::string& name, const std::string& type) {
  return "  map " + name + " { type " + type + "; }\n";
}

std::string chain(const std::string& name, const std::vector<std::string>& lines = {}) {
  std::string text = "  chain " + name + " {\n";
  for (const auto& line : lines) text += "    " + line + '\n';
  return text + "  }\n";
}

/// The part of a table, created if its first chain does not exist.
std::string unless_chain(const std::string& table, const std::string& name, const std::string& content) {
  return "nft list chain " + table + ' ' + word(name) + " > /dev/null 2>&1 || nft -f - << 'END'\ntable " + table +
         " {\n" + content + "}\nEND";
}

std::string instance_comment(const std::string& node_instance) {
  return node_instance.empty() ? "" : " comment " + quoted(node_instance) + ';';
}

std::string base_part(const std::string& node_instance) {
  return unless_chain(
      inet, "postrouting",
      set(kernel::owners_set, "inet_service . inet_service . inet_service . inet_service") +
          chain("postrouting", {"type nat hook postrouting priority srcnat;" + instance_comment(node_instance),
                                "jump port_sources comment \"clients of mapped ports\"",
                                "jump networks comment \"containers of networks with ipMasq\""}) +
          chain("port_sources") + chain(kernel::networks_chain));
}

std::string port_sets(Family family) {
  const auto address = address_type(family);
  return set(kernel::hairpin_set(family), address + " . " + address) +
         set(kernel::neighbour_set(family), "ifname . " + address) + set(kernel::masq_all_set(family), address);
}

/// Clients whose answers would bypass the host, and those with a loopback address.
std::vector<std::string> client_rules(Family family) {
  const auto ip = protocol_of(family);
  const std::string number = family == Family::ipv4 ? "4" : "6";
  const std::string loopback = family == Family::ipv4 ? "127.0.0.0/8" : "::1";
  const auto rule = [](const std::string& match, const std::string& name) {
    return match + " masquerade comment " + quoted(name);
  };
  const auto self = kernel::hairpin_set(family);
  const auto neighbours = kernel::neighbour_set(family);
  const auto everyone = kernel::masq_all_set(family);
  return {rule("ct status dnat " + ip + " saddr " + loopback + ' ' + ip + " daddr . " + ip + " daddr @" + self,
               "loopback" + number),
          rule(ip + " saddr . " + ip + " daddr @" + self, self),
          rule("ct status dnat iifname . " + ip + " daddr @" + neighbours, neighbours),
          rule("ct status dnat " + ip + " daddr @" + everyone, everyone)};
}

std::string port_maps(bool has_host_address, std::vector<std::string>& rules) {
  std::string text;
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    const auto name = kernel::port_map(family, has_host_address);
    const auto ip = protocol_of(family);
    const auto address = address_type(family);
    text += map(
        name, (has_host_address ? address + " . " : "") + "inet_proto . inet_service : " + address + " . inet_service");
    rules.push_back("dnat " + ip + " to " + (has_host_address ? ip + " daddr . " : "") +
                    "meta l4proto . th dport map @" + name + " comment " + quoted(name));
  }
  return text;
}

std::string port_part() {
  const std::string to_host = R"(fib daddr type local jump port_mappings comment "to the host itself")";
  std::vector<std::string> mappings;
  auto text = port_maps(true, mappings);  // a mapping of one host address takes precedence
  text += port_maps(false, mappings);
  std::vector<std::string> sources;
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    text += port_sets(family);
    std::ranges::move(client_rules(family), std::back_inserter(sources));
  }
  text += chain("port_mappings", mappings) +
          chain("prerouting", {"type nat hook prerouting priority dstnat;", to_host}) +
          chain("output", {"type nat hook output priority -100;", to_host}) + chain("port_sources", sources) +
          chain("guard", {"type filter hook prerouting priority raw;",
                          R"(iifname != "lo" ip daddr 127.0.0.0/8 drop comment "to the host's loopback")",
                          R"(iifname != "lo" ip saddr 127.0.0.0/8 drop comment "from a loopback address")"});
  return unless_chain(inet, "port_mappings", text);
}

std::string masquerade_part(const std::string& name, const wiring::Masquerade& masquerade) {
  const auto ip = protocol_of(masquerade.source.family);
  std::vector<std::string> rules;
  for (const auto& prefix : masquerade.except) {
    const auto text = cni::to_string(prefix);
    rules.push_back(ip + " daddr " + text + " return comment " + quoted(text));
  }
  rules.emplace_back("masquerade comment \"all others\"");
  return unless_chain(inet, name,
                      set(name, address_type(masquerade.source.family)) + chain(name, rules) +
                          chain(kernel::networks_chain, {ip + " saddr @" + name + " goto " + name + " comment " +
                                                         quoted(kernel::entry_comment(name))}));
}

std::string loopback_part(const std::string& interface) {
  const auto name = std::string{kernel::loopback_chain_prefix} + cni::to_string(cni::tag_of_network(interface));
  return unless_chain(inet, name, chain(name, {"comment " + quoted(interface) + ';'}));
}

std::string mac_part(const std::string& node_instance) {
  return unless_chain(
      bridge, "prerouting",
      set(kernel::owners_set, "inet_service . inet_service . inet_service . inet_service") +
          set(kernel::checked_ports_set, "ifname") + set(kernel::port_macs_set, "ifname . ether_addr") +
          chain("prerouting", {"type filter hook prerouting priority -300;" + instance_comment(node_instance),
                               "iifname @checked_ports iifname . ether saddr != @port_macs drop comment "
                               "\"macspoofchk\""}));
}

/// The tag in four fields of 16 bits.
std::string owner_key(cni::Tag tag) {
  std::string text;
  for (const unsigned shift : {48U, 32U, 16U, 0U})
    text += (text.empty() ? "" : " . ") + std::to_string((tag.value >> shift) & 0xffffU);
  return text;
}

/// Adds or deletes the elements of one attachment.
class Elements {
 public:
  explicit Elements(const wiring::Wiring& wiring, std::string verb = "add")
      : wiring_(wiring),
        verb_(std::move(verb)),
        comment_(verb_ != "add" ? "" : " comment " + quoted(kernel::to_comment(kernel::owner_of(wiring.attachment)))) {}

  Commands collect() {
    if (!wiring_.masquerades.empty() || wiring_.host_ports) add_owner(inet);
    for (const auto& masquerade : wiring_.masquerades) {
      add(inet, kernel::masquerade_name(wiring_.attachment, masquerade), cni::to_string(masquerade.source));
    }
    if (wiring_.host_ports) add_host_ports(*wiring_.host_ports);
    if (wiring_.bridge && wiring_.bridge->check_macs) add_macs();
    return std::move(commands_);
  }

 private:
  void add(const std::string& table, const std::string& set, const std::string& key, const std::string& data = {}) {
    commands_.push_back("nft " + verb_ + " element " + table + ' ' + set + ' ' +
                        word("{ " + key + comment_ + (data.empty() ? "" : " : " + data) + " }"));
  }

  void add_owner(const std::string& table) {
    add(table, kernel::owners_set, owner_key(cni::tag_of(wiring_.attachment)));
  }

  void add_host_ports(const wiring::HostPorts& ports) {
    std::vector<cni::IpAddress> addresses;
    for (const auto& mapping : ports.mappings) {
      const auto& address = mapping.container_address;
      const auto host = mapping.host_address ? cni::to_string(*mapping.host_address) + " . " : std::string{};
      add(inet, kernel::port_map(address.family, mapping.host_address.has_value()),
          host + mapping.protocol + " . " + std::to_string(mapping.host_port),
          cni::to_string(address) + " . " + std::to_string(mapping.container_port));
      if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
    }
    for (const auto& address : addresses) add_clients(ports, address);
  }

  void add_clients(const wiring::HostPorts& ports, const cni::IpAddress& address) {
    const auto text = cni::to_string(address);
    if (ports.masquerade_all_clients) return add(inet, kernel::masq_all_set(address.family), text);
    if (!ports.source_nat) return;
    add(inet, kernel::hairpin_set(address.family), text + " . " + text);
    if (!wiring_.bridge) return;
    add(inet, kernel::neighbour_set(address.family), quoted(wiring::host_side_interface(wiring_)) + " . " + text);
  }

  void add_macs() {
    const auto port = quoted(wiring_.host.name);
    add_owner(bridge);
    add(bridge, kernel::port_macs_set, port + " . " + cni::to_string(wiring_.container.mac));
    add(bridge, kernel::checked_ports_set, port);
  }

  const wiring::Wiring& wiring_;
  std::string verb_;
  std::string comment_;
  Commands commands_{};
};

Commands part_commands(const wiring::Wiring& wiring, const std::string& node_instance) {
  Commands commands;
  if (!wiring.masquerades.empty() || wiring.host_ports) commands.push_back(base_part(node_instance));
  if (wiring.host_ports) commands.push_back(port_part());
  std::vector<std::string> names;
  for (const auto& masquerade : wiring.masquerades) {
    const auto name = kernel::masquerade_name(wiring.attachment, masquerade);
    if (std::ranges::find(names, name) != names.end()) continue;
    commands.push_back(masquerade_part(name, masquerade));
    names.push_back(name);
  }
  const bool maps_loopback = wiring::maps_loopback(wiring, Family::ipv4) || wiring::maps_loopback(wiring, Family::ipv6);
  if (wiring.bridge && maps_loopback) commands.push_back(loopback_part(wiring::host_side_interface(wiring)));
  if (wiring.bridge && wiring.bridge->check_macs) commands.push_back(mac_part(node_instance));
  return commands;
}

}  // namespace

Commands rule_commands(const wiring::Wiring& wiring, const std::string& node_instance) {
  auto commands = part_commands(wiring, node_instance);
  append(commands, Elements{wiring}.collect());
  return commands;
}

Commands rule_removal_commands(const wiring::Wiring& wiring) {
  auto commands = Elements{wiring, "delete"}.collect();
  std::ranges::reverse(commands);
  return commands;
}

}  // namespace explain
