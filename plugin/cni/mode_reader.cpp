#include "plugin/cni/mode_reader.hpp"

#include "plugin/cni/environment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/key_spelling.hpp"
#include "plugin/cni/lease_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace cni {
namespace {

constexpr std::uint16_t max_vlan = 4094;  // IEEE 802.1Q: 0 and 4095 are reserved

[[noreturn]] void refuse(const std::string& fault) { throw Error(ErrorCode::invalid_config, fault); }

std::string read_interface_name(JsonObject& object, std::string_view key, std::string_view absent) {
  const auto value = object.find_nonempty(key);
  if (!value) return std::string(absent);
  std::string name = value->as_string();
  if (const auto fault = interface_name_fault(name)) value->reject("must be an interface name: " + *fault);
  return name;
}

std::uint16_t read_vlan(JsonObject& network) {
  const auto value = network.find("vlan");
  return value ? static_cast<std::uint16_t>(value->as_unsigned(0, max_vlan)) : std::uint16_t{0};
}

std::optional<std::uint16_t> find_vlan(JsonObject& range, std::string_view key) {
  const auto value = range.find(key);
  if (!value) return std::nullopt;
  return static_cast<std::uint16_t>(value->as_unsigned(1, max_vlan));
}

VlanRange read_vlan_range(const JsonValue& value) {
  JsonObject object = value.as_object();
  const auto id = find_vlan(object, "id");
  const auto first = find_vlan(object, "minID");
  const auto last = find_vlan(object, "maxID");
  object.reject_misspelled_keys();
  if (id && !first && !last) return {*id, *id};
  if (id || !first || !last) value.reject("must contain either id, or minID and maxID");
  if (*first > *last) value.reject("must have a minID that is not greater than maxID");
  return {*first, *last};
}

std::vector<VlanRange> read_trunk(JsonObject& network) {
  std::vector<VlanRange> trunk;
  for (const JsonValue& element : read_elements(network, "vlanTrunk")) trunk.push_back(read_vlan_range(element));
  return trunk;
}

/// Open vSwitch has no default for a combination of vlan and vlanTrunk. As in mode bridge, `vlan` is untagged then.
std::string default_vlan_mode(const OvsConfig& ovs) {
  if (ovs.vlan != 0) return ovs.trunk.empty() ? "access" : "native-untagged";
  return ovs.trunk.empty() ? "" : "trunk";
}

/// Open vSwitch accepts keys that a mode does not use, and ignores them.
void check_vlan_mode(const OvsConfig& ovs) {
  const auto& mode = ovs.vlan_mode;
  const bool is_trunk = mode == "trunk";
  const bool uses_trunk = is_trunk || mode.starts_with("native-");
  if (is_trunk && ovs.vlan != 0) refuse("/vlan: has no effect with vlanMode \"trunk\". Use \"native-untagged\"");
  if (!mode.empty() && !is_trunk && ovs.vlan == 0) refuse("/vlan: missing: vlanMode \"" + mode + "\" needs it");
  if (!uses_trunk && !ovs.trunk.empty()) refuse("/vlanTrunk: has no effect with vlanMode \"" + mode + '"');
}

std::string read_vlan_mode(JsonObject& network) {
  const auto value = network.find_nonempty("vlanMode");
  if (!value) return {};
  auto mode = value->as_string();
  if (std::ranges::find(ovs_vlan_modes, mode) != ovs_vlan_modes.end()) return mode;
  value->reject("must be \"access\", \"trunk\", \"native-tagged\", \"native-untagged\" or \"dot1q-tunnel\"");
}

std::uint16_t read_ofport_request(JsonObject& network) {
  constexpr std::uint64_t max_ofport = 65279;  // ovs-vswitchd.conf.db(5), column ofport_request
  const auto value = network.find("ofportRequest");
  return value ? static_cast<std::uint16_t>(value->as_unsigned(1, max_ofport)) : std::uint16_t{0};
}

/// The prefix "unix:" is that of the database's remotes in ovsdb(7).
std::string read_socket(JsonObject& network, std::string absent) {
  constexpr std::string_view prefix = "unix:";
  constexpr std::size_t max_length = 107;  // sun_path in unix(7)
  const auto value = network.find_nonempty("socket");
  if (!value) return absent;
  auto path = value->as_string();
  if (path.starts_with(prefix)) path.erase(0, prefix.size());
  if (path.starts_with('/') && path.size() <= max_length && path.find('\0') == std::string::npos) return path;
  value->reject("must be the absolute path of a unix socket, of up to 107 bytes");
}

std::string read_ovn_port(JsonObject& network) {
  const auto value = network.find_nonempty("ovnPort");
  if (!value) return {};
  if (auto port = find_ovn_port(value->as_string())) return *port;
  value->reject("must be a name of up to 255 printable characters");
}

/// They are not known keys: find() would make them ones.
void refuse_names_of_ovs_cni(const JsonObject& network) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> names{
      {{"trunk", "vlanTrunk"}, {"ofport_request", "ofportRequest"}, {"socket_file", "socket"}}};
  for (const auto& member : network.unread_members()) {
    for (const auto& [name, own] : names) {
      if (is_same_key(member, name)) {
        refuse('/' + std::string{name} + ": is a key of the plugin ovs-cni. Write " + std::string{own});
      }
    }
  }
}

std::vector<Prefix> read_prefixes(JsonObject& object, std::string_view key) {
  std::vector<Prefix> prefixes;
  for (const JsonValue& element : read_elements(object, key)) prefixes.push_back(element.as_prefix());
  return prefixes;
}

}  // namespace

Mode read_mode(JsonObject& network) {
  constexpr std::array<std::pair<std::string_view, Mode>, 4> modes{
      {{"ptp", Mode::ptp}, {"bridge", Mode::bridge}, {"ovs", Mode::ovs}, {"netns", Mode::netns}}};
  const auto value = network.find_nonempty("mode");
  if (!value) return Mode::ptp;
  for (const auto& [name, mode] : modes) {
    if (value->as_string() == name) return mode;
  }
  value->reject("must be \"ptp\", \"bridge\", \"ovs\" or \"netns\"");
}

std::optional<PairKind> find_pair_kind(std::string_view name) {
  const auto found = std::ranges::find(pair_kinds, name);
  if (found == pair_kinds.end()) return std::nullopt;
  return static_cast<PairKind>(found - pair_kinds.begin());
}

PairKind read_pair_kind(JsonObject& network, Mode mode) {
  const auto value = network.find_nonempty("device");
  if (!value) return PairKind::veth;
  const auto kind = find_pair_kind(value->as_string());
  if (!kind) value->reject("must be \"veth\", \"netkit\" or \"auto\"");
  if (*kind != PairKind::veth && mode != Mode::ptp) {
    refuse("/device: \"" + std::string{to_string(*kind)} + "\" needs mode \"ptp\". Remove it");
  }
  return *kind;
}

bool read_big_tcp(JsonObject& network, Mode mode) {
  const bool is_on = network.bool_or("bigTcp", false);
  const bool is_possible = mode == Mode::ptp || mode == Mode::bridge;
  if (is_on && !is_possible) refuse("/bigTcp: needs mode \"ptp\" or \"bridge\". Remove it");
  return is_on;
}

BridgeConfig read_bridge(JsonObject& network) {
  BridgeConfig bridge;
  bridge.name = read_interface_name(network, "bridge", bridge.name);
  bridge.is_default_gateway = network.bool_or("isDefaultGateway", false);
  bridge.is_gateway = network.bool_or("isGateway", false) || bridge.is_default_gateway;
  bridge.force_address = network.bool_or("forceAddress", false);
  bridge.hairpin = network.bool_or("hairpinMode", false);
  bridge.promiscuous = network.bool_or("promiscMode", false);
  bridge.vlan = read_vlan(network);
  bridge.trunk = read_trunk(network);
  bridge.preserve_default_vlan = network.bool_or("preserveDefaultVlan", false);
  bridge.is_isolated = network.bool_or("portIsolation", false);
  bridge.check_macs = network.bool_or("macspoofchk", false);
  bridge.disable_container_interface = network.bool_or("disableContainerInterface", false);
  if (bridge.hairpin && bridge.promiscuous)
    refuse("/hairpinMode: cannot be combined with promiscMode. Remove one of them");
  return bridge;
}

OvsConfig read_ovs(JsonObject& network) {
  refuse_names_of_ovs_cni(network);
  OvsConfig ovs;
  ovs.bridge = read_interface_name(network, "bridge", "");
  ovs.vlan = read_vlan(network);
  ovs.trunk = read_trunk(network);
  ovs.vlan_mode = read_vlan_mode(network);
  ovs.ofport_request = read_ofport_request(network);
  ovs.ovn_port = read_ovn_port(network);
  ovs.socket = read_socket(network, ovs.socket);
  if (ovs.vlan_mode.empty()) ovs.vlan_mode = default_vlan_mode(ovs);
  check_vlan_mode(ovs);
  return ovs;
}

std::optional<std::string> find_ovn_port(const std::string& text) {
  constexpr std::size_t max_length = 255;
  const auto is_printable = [](char c) { return c > ' ' && c <= '~'; };
  const bool is_valid = !text.empty() && text.size() <= max_length && std::ranges::all_of(text, is_printable);
  return is_valid ? std::optional{text} : std::nullopt;
}

PeerConfig read_peer(JsonObject& network) {
  auto object = network.find_object("peer");
  if (!object) refuse("/peer: missing: mode netns needs the path of the other network namespace in /peer/netns");
  PeerConfig peer;
  peer.netns = object->require("netns").as_string();
  peer.interface = read_interface_name(*object, "ifname", peer.interface);
  peer.addresses = read_prefixes(*object, "addresses");
  peer.routes = read_routes(*object, "routes", UnknownKeys::reject_misspelled);
  object->reject_misspelled_keys();
  return peer;
}

}  // namespace cni
