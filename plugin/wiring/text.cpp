#include "plugin/wiring/text.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/cni/mode_reader.hpp"

#include <algorithm>
#include <concepts>
#include <limits>
#include <string_view>

// Each struct lists its fields once, for the writer and the reader, so that the two cannot differ.
namespace wiring {

/// Selects an overload by type, if no value of the type exists.
template <class Type>
struct Of {};

template <class Visit>
void visit_fields(Of<cni::Attachment>, Visit&& visit) {
  visit("network", &cni::Attachment::network);
  visit("container", &cni::Attachment::container);
  visit("interface", &cni::Attachment::interface);
}

template <class Visit>
void visit_fields(Of<Address>, Visit&& visit) {
  visit("prefix", &Address::prefix);
  visit("prefixRoute", &Address::prefix_route);
}

template <class Visit>
void visit_fields(Of<Route>, Visit&& visit) {
  visit("destination", &Route::destination);
  visit("gateway", &Route::gateway);
  visit("source", &Route::source);
  visit("mtu", &Route::mtu);
  visit("advmss", &Route::advmss);
  visit("priority", &Route::priority);
  visit("table", &Route::table);
  visit("scope", &Route::scope);
  visit("exclusive", &Route::exclusive);
}

template <class Visit>
void visit_fields(Of<Neighbour>, Visit&& visit) {
  visit("address", &Neighbour::address);
  visit("mac", &Neighbour::mac);
  visit("permanent", &Neighbour::is_permanent);
}

template <class Visit>
void visit_fields(Of<End>, Visit&& visit) {
  visit("name", &End::name);
  visit("mac", &End::mac);
  visit("addresses", &End::addresses);
  visit("routes", &End::routes);
  visit("neighbours", &End::neighbours);
}

template <class Visit>
void visit_fields(Of<cni::VlanRange>, Visit&& visit) {
  visit("first", &cni::VlanRange::first);
  visit("last", &cni::VlanRange::last);
}

template <class Visit>
void visit_fields(Of<Bridge>, Visit&& visit) {
  visit("name", &Bridge::name);
  visit("gateways", &Bridge::gateways);
  visit("forceAddress", &Bridge::force_address);
  visit("promiscuous", &Bridge::promiscuous);
  visit("hairpin", &Bridge::hairpin);
  visit("isolated", &Bridge::isolated);
  visit("vlan", &Bridge::vlan);
  visit("trunk", &Bridge::trunk);
  visit("keepDefaultVlan", &Bridge::keep_default_vlan);
  visit("checkMacs", &Bridge::check_macs);
}

template <class Visit>
void visit_fields(Of<OvsPort>, Visit&& visit) {
  visit("bridge", &OvsPort::bridge);
  visit("socket", &OvsPort::socket);
  visit("tag", &OvsPort::tag);
  visit("trunks", &OvsPort::trunks);
  visit("vlanMode", &OvsPort::vlan_mode);
  visit("ofportRequest", &OvsPort::ofport_request);
  visit("ifaceId", &OvsPort::iface_id);
  visit("policingRate", &OvsPort::policing_rate);
  visit("policingBurst", &OvsPort::policing_burst);
}

template <class Visit>
void visit_fields(Of<Masquerade>, Visit&& visit) {
  visit("source", &Masquerade::source);
  visit("except", &Masquerade::except);
}

template <class Visit>
void visit_fields(Of<PortMapping>, Visit&& visit) {
  visit("protocol", &PortMapping::protocol);
  visit("hostAddress", &PortMapping::host_address);
  visit("hostPort", &PortMapping::host_port);
  visit("containerAddress", &PortMapping::container_address);
  visit("containerPort", &PortMapping::container_port);
}

template <class Visit>
void visit_fields(Of<HostPorts>, Visit&& visit) {
  visit("mappings", &HostPorts::mappings);
  visit("sourceNat", &HostPorts::source_nat);
  visit("hidesClients", &HostPorts::masquerade_all_clients);
}

template <class Visit>
void visit_fields(Of<RateLimit>, Visit&& visit) {
  visit("rateBytesPerSecond", &RateLimit::rate_bytes_per_second);
  visit("burstBytes", &RateLimit::burst_bytes);
}

template <class Visit>
void visit_fields(Of<Sysctl>, Visit&& visit) {
  visit("path", &Sysctl::path);
  visit("value", &Sysctl::value);
}

template <class Visit>
void visit_fields(Of<Tuning>, Visit&& visit) {
  visit("txQueueLength", &Tuning::tx_queue_length);
  visit("promiscuous", &Tuning::promiscuous);
  visit("allMulticast", &Tuning::all_multicast);
  visit("sysctls", &Tuning::sysctls);
}

template <class Visit>
void visit_fields(Of<BigTcp>, Visit&& visit) {
  for (const auto& [size, name] : big_tcp_settings) visit(name, size);
}

template <class Visit>
void visit_fields(Of<Wiring>, Visit&& visit) {
  visit("attachment", &Wiring::attachment);
  visit("device", &Wiring::pair_kind);
  visit("mtu", &Wiring::mtu);
  visit("enableDad", &Wiring::enable_dad);
  visit("leaveDown", &Wiring::leave_down);
  visit("container", &Wiring::container);
  visit("host", &Wiring::host);
  visit("bridge", &Wiring::bridge);
  visit("ovsPort", &Wiring::ovs_port);
  visit("peerNetns", &Wiring::peer_netns);
  visit("hostGateways", &Wiring::host_gateways);
  visit("forwardIPv4", &Wiring::forward_ipv4);
  visit("forwardIPv6", &Wiring::forward_ipv6);
  visit("masquerades", &Wiring::masquerades);
  visit("hostPorts", &Wiring::host_ports);
  visit("ingressLimit", &Wiring::ingress_limit);
  visit("egressLimit", &Wiring::egress_limit);
  visit("tuning", &Wiring::tuning);
  visit("bigTcp", &Wiring::big_tcp);
  visit("acceptedSources", &Wiring::accepted_sources);
  visit("guardsLoopback", &Wiring::guards_loopback);
}

namespace {

/// A struct that lists its fields above.
template <class Type>
concept Struct = requires {
  visit_fields(Of<Type>{}, [](const char*, auto) {});
};

template <Struct Type>
void write(cni::JsonWriter& json, const Type& value);

void write(cni::JsonWriter& json, bool value) { json.boolean(value); }
void write(cni::JsonWriter& json, const std::string& text) { json.string(text); }
void write(cni::JsonWriter& json, std::unsigned_integral auto number) { json.number(number); }
void write(cni::JsonWriter& json, cni::PairKind kind) { json.string(cni::to_string(kind)); }
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
void write(cni::JsonWriter& json, const std::optional<Value>& value) {
  write(json, *value);
}

/// Members with their default value are left out: this is faster, and people read records too.
template <Struct Type>
void write(cni::JsonWriter& json, const Type& value) {
  const Type defaults{};
  json.begin_object();
  visit_fields(Of<Type>{}, [&](const char* name, auto field) {
    if (value.*field == defaults.*field) return;
    json.key(name);
    write(json, value.*field);
  });
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

void read(const cni::JsonValue& json, cni::PairKind& kind) {
  const auto found = cni::find_pair_kind(json.as_string());
  if (!found) json.reject("must be the kind of a pair");
  kind = *found;
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
  visit_fields(Of<Type>{}, [&](const char* name, auto field) {
    if (const auto member = object.find(name)) read(*member, value.*field);
  });
}

/// The text without the elements of the arrays of this name. These contain no arrays. Searching the text is safe: a
/// name in quotes followed by a colon cannot occur in a string, where quotes are escaped.
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

/// Parsing is most of the cost, so the unneeded part is removed before.
std::optional<Wiring> find_partial_wiring(const std::string& text) {
  return find_wiring(without_elements(without_elements(text, "routes"), "neighbours"));
}

}  // namespace wiring
