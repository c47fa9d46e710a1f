#include "plugin/cni/mode_reader.hpp"

#include "plugin/cni/environment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/lease_reader.hpp"

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

std::vector<Prefix> read_prefixes(JsonObject& object, std::string_view key) {
  std::vector<Prefix> prefixes;
  for (const JsonValue& element : read_elements(object, key)) prefixes.push_back(element.as_prefix());
  return prefixes;
}

}  // namespace

Mode read_mode(JsonObject& network) {
  constexpr std::array<std::pair<std::string_view, Mode>, 3> modes{
      {{"ptp", Mode::ptp}, {"bridge", Mode::bridge}, {"netns", Mode::netns}}};
  const auto value = network.find_nonempty("mode");
  if (!value) return Mode::ptp;
  for (const auto& [name, mode] : modes) {
    if (value->as_string() == name) return mode;
  }
  value->reject("must be \"ptp\", \"bridge\" or \"netns\"");
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
