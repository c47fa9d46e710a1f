#include "plugin/wiring/text.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"

#include <algorithm>
#include <concepts>
#include <limits>
#include <string_view>

// Each struct lists its fields once, for the writer and the reader alike, so that the two cannot drift apart.
namespace wiring {

/// A struct to be written (const) or read.
template <class Self, class Type>
concept Is = std::same_as<std::remove_const_t<Self>, Type>;

template <Is<cni::Attachment> Self, class Visit>
void visit_fields(Self& attachment, Visit&& visit) {
  visit("network", attachment.network);
  visit("container", attachment.container);
  visit("interface", attachment.interface);
}

template <Is<Address> Self, class Visit>
void visit_fields(Self& address, Visit&& visit) {
  visit("prefix", address.prefix);
  visit("prefixRoute", address.prefix_route);
}

template <Is<Route> Self, class Visit>
void visit_fields(Self& route, Visit&& visit) {
  visit("destination", route.destination);
  visit("gateway", route.gateway);
  visit("source", route.source);
  visit("mtu", route.mtu);
  visit("advmss", route.advmss);
  visit("priority", route.priority);
  visit("table", route.table);
  visit("scope", route.scope);
  visit("exclusive", route.exclusive);
}

template <Is<Neighbour> Self, class Visit>
void visit_fields(Self& neighbour, Visit&& visit) {
  visit("address", neighbour.address);
  visit("mac", neighbour.mac);
}

template <Is<End> Self, class Visit>
void visit_fields(Self& end, Visit&& visit) {
  visit("name", end.name);
  visit("mac", end.mac);
  visit("addresses", end.addresses);
  visit("routes", end.routes);
  visit("neighbours", end.neighbours);
}

template <Is<cni::VlanRange> Self, class Visit>
void visit_fields(Self& range, Visit&& visit) {
  visit("first", range.first);
  visit("last", range.last);
}

template <Is<Bridge> Self, class Visit>
void visit_fields(Self& bridge, Visit&& visit) {
  visit("name", bridge.name);
  visit("gateways", bridge.gateways);
  visit("forceAddress", bridge.force_address);
  visit("promiscuous", bridge.promiscuous);
  visit("hairpin", bridge.hairpin);
  visit("isolated", bridge.isolated);
  visit("vlan", bridge.vlan);
  visit("trunk", bridge.trunk);
  visit("keepDefaultVlan", bridge.keep_default_vlan);
  visit("checkMacs", bridge.check_macs);
}

template <Is<Masquerade> Self, class Visit>
void visit_fields(Self& masquerade, Visit&& visit) {
  visit("source", masquerade.source);
  visit("except", masquerade.except);
}

template <Is<PortMapping> Self, class Visit>
void visit_fields(Self& mapping, Visit&& visit) {
  visit("protocol", mapping.protocol);
  visit("hostAddress", mapping.host_address);
  visit("hostPort", mapping.host_port);
  visit("containerAddress", mapping.container_address);
  visit("containerPort", mapping.container_port);
}

template <Is<HostPorts> Self, class Visit>
void visit_fields(Self& ports, Visit&& visit) {
  visit("mappings", ports.mappings);
  visit("sourceNat", ports.source_nat);
  visit("hidesClients", ports.hides_clients);
}

template <Is<RateLimit> Self, class Visit>
void visit_fields(Self& limit, Visit&& visit) {
  visit("rateBytesPerSecond", limit.rate_bytes_per_second);
  visit("burstBytes", limit.burst_bytes);
}

template <Is<Sysctl> Self, class Visit>
void visit_fields(Self& sysctl, Visit&& visit) {
  visit("path", sysctl.path);
  visit("value", sysctl.value);
}

template <Is<Tuning> Self, class Visit>
void visit_fields(Self& tuning, Visit&& visit) {
  visit("txQueueLength", tuning.tx_queue_length);
  visit("promiscuous", tuning.promiscuous);
  visit("allMulticast", tuning.all_multicast);
  visit("sysctls", tuning.sysctls);
}

template <Is<Wiring> Self, class Visit>
void visit_fields(Self& wiring, Visit&& visit) {
  visit("attachment", wiring.attachment);
  visit("mtu", wiring.mtu);
  visit("enableDad", wiring.enable_dad);
  visit("leaveDown", wiring.leave_down);
  visit("container", wiring.container);
  visit("host", wiring.host);
  visit("bridge", wiring.bridge);
  visit("peerNetns", wiring.peer_netns);
  visit("hostGateways", wiring.host_gateways);
  visit("forwardIPv4", wiring.forward_ipv4);
  visit("forwardIPv6", wiring.forward_ipv6);
  visit("masquerades", wiring.masquerades);
  visit("hostPorts", wiring.host_ports);
  visit("ingressLimit", wiring.ingress_limit);
  visit("egressLimit", wiring.egress_limit);
  visit("tuning", wiring.tuning);
}

namespace {

/// A struct that lists its fields above.
template <class Type>
concept Struct = requires(Type& value) {
  visit_fields(value, [](const char*, auto&) {});
};

template <Struct Type>
void write(cni::JsonWriter& json, const Type& value);

void write(cni::JsonWriter& json, bool value) { json.boolean(value); }
void write(cni::JsonWriter& json, const std::string& text) { json.string(text); }
void write(cni::JsonWriter& json, std::unsigned_integral auto number) { json.number(number); }
void write(cni::JsonWriter& json, const cni::IpAddress& address) { json.string(cni::to_string(address)); }
void write(cni::JsonWriter& json, const cni::Prefix& prefix) { json.string(cni::to_string(prefix)); }
void write(cni::JsonWriter& json, const cni::MacAddress& mac) { json.string(cni::to_string(mac)); }

template <class Value>
void write(cni::JsonWriter& json, const std::vector<Value>& values) {
  json.begin_array();
  for (const auto& value : values) write(json, value);
  json.end_array();
}

template <class Value>
void write_member(cni::JsonWriter& json, const char* name, const Value& value) {
  json.key(name);
  write(json, value);
}

/// Absent values are left out: a record is for people too.
template <class Value>
void write_member(cni::JsonWriter& json, const char* name, const std::optional<Value>& value) {
  if (value) write_member(json, name, *value);
}

template <Struct Type>
void write(cni::JsonWriter& json, const Type& value) {
  json.begin_object();
  visit_fields(value, [&](const char* name, const auto& field) { write_member(json, name, field); });
  json.end_object();
}

template <Struct Type>
void read(const cni::JsonValue& json, Type& value);

void read(const cni::JsonValue& json, bool& value) { value = json.as_bool(); }
void read(const cni::JsonValue& json, std::string& text) { text = json.as_string(); }
void read(const cni::JsonValue& json, cni::IpAddress& address) { address = json.as_address(); }
void read(const cni::JsonValue& json, cni::Prefix& prefix) { prefix = json.as_prefix(); }

template <std::unsigned_integral Number>
void read(const cni::JsonValue& json, Number& number) {
  number = static_cast<Number>(json.as_unsigned(0, std::numeric_limits<Number>::max()));
}

void read(const cni::JsonValue& json, cni::MacAddress& mac) {
  const auto found = cni::find_mac(json.as_string());
  if (!found) json.reject("must be a MAC address");
  mac = *found;
}

template <class Value>
void read(const cni::JsonValue& json, std::optional<Value>& value) {
  read(json, value.emplace());
}

template <class Value>
void read(const cni::JsonValue& json, std::vector<Value>& values) {
  for (const auto& element : json.as_array()) read(element, values.emplace_back());
}

template <Struct Type>
void read(const cni::JsonValue& json, Type& value) {
  auto object = json.as_object();
  visit_fields(value, [&](const char* name, auto& field) {
    if (const auto member = object.find(name)) read(*member, field);
  });
}

}  // namespace

std::string to_text(const Wiring& wiring) {
  cni::JsonWriter json{0};
  write(json, wiring);
  return json.text();
}

std::optional<Wiring> find_wiring(const std::string& text) try {
  const cni::JsonDocument document{text, "the wiring of a record"};
  Wiring wiring;
  read(document.root(), wiring);
  return wiring;
} catch (const cni::Error&) {
  return std::nullopt;
}

namespace {

/// The text without the elements of the arrays of this name. They hold no arrays themselves, and a name in quotes with
/// a colon can stand in no string: quotes are escaped there.
std::string without_elements(const std::string& text, std::string_view name) {
  const auto beginning = '"' + std::string{name} + "\":[";
  std::string rest;
  std::size_t position = 0;
  for (auto found = text.find(beginning); found != std::string::npos; found = text.find(beginning, position)) {
    rest.append(text, position, found + beginning.size() - position);
    position = std::min(text.find(']', found), text.size());
  }
  return rest.append(text, position);
}

}  // namespace

/// Most of the cost is reading, so what is not wanted is cut out before.
std::optional<Wiring> find_outline(const std::string& text) {
  return find_wiring(without_elements(without_elements(text, "routes"), "neighbours"));
}

}  // namespace wiring
