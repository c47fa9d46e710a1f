#include "plugin/wiring/text.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <concepts>
#include <limits>

// Each struct lists its fields once, for the writer and the reader alike, so that the two cannot drift apart.
namespace wiring {

template <class Visit>
void visit_fields(cni::Attachment& attachment, Visit&& visit) {
  visit("network", attachment.network);
  visit("container", attachment.container);
  visit("interface", attachment.interface);
}

template <class Visit>
void visit_fields(Address& address, Visit&& visit) {
  visit("prefix", address.prefix);
  visit("prefixRoute", address.prefix_route);
}

template <class Visit>
void visit_fields(Route& route, Visit&& visit) {
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

template <class Visit>
void visit_fields(Neighbour& neighbour, Visit&& visit) {
  visit("address", neighbour.address);
  visit("mac", neighbour.mac);
}

template <class Visit>
void visit_fields(End& end, Visit&& visit) {
  visit("name", end.name);
  visit("mac", end.mac);
  visit("addresses", end.addresses);
  visit("routes", end.routes);
  visit("neighbours", end.neighbours);
}

template <class Visit>
void visit_fields(Wiring& wiring, Visit&& visit) {
  visit("attachment", wiring.attachment);
  visit("mtu", wiring.mtu);
  visit("enableDad", wiring.enable_dad);
  visit("container", wiring.container);
  visit("host", wiring.host);
  visit("hostGateways", wiring.host_gateways);
  visit("forwardIPv4", wiring.forward_ipv4);
  visit("forwardIPv6", wiring.forward_ipv6);
}

namespace {

using Json = nlohmann::ordered_json;

/// A struct that lists its fields above.
template <class Type>
concept Struct = requires(Type& value) {
  visit_fields(value, [](const char*, auto&) {});
};

template <Struct Type>
Json write(const Type& value);
template <class Value>
Json write(const std::vector<Value>& values);

Json write(bool value) { return value; }
Json write(const std::string& text) { return text; }
Json write(std::unsigned_integral auto number) { return number; }
Json write(const cni::IpAddress& address) { return cni::to_string(address); }
Json write(const cni::Prefix& prefix) { return cni::to_string(prefix); }
Json write(const cni::MacAddress& mac) { return cni::to_string(mac); }

template <class Value>
Json write(const std::optional<Value>& value) {
  return value ? write(*value) : Json{};
}

template <class Value>
Json write(const std::vector<Value>& values) {
  Json array = Json::array();
  for (const auto& value : values) array.push_back(write(value));
  return array;
}

/// Absent values are left out: a record is for people too.
template <Struct Type>
Json write(const Type& value) {
  Json object = Json::object();
  Type copy = value;
  visit_fields(copy, [&](const char* name, const auto& field) {
    if (auto member = write(field); !member.is_null()) object[name] = std::move(member);
  });
  return object;
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

std::string to_text(const Wiring& wiring) { return write(wiring).dump(-1, ' ', false, Json::error_handler_t::replace); }

std::optional<Wiring> find_wiring(const std::string& text) try {
  const cni::JsonDocument document{text, "the wiring of a record"};
  Wiring wiring;
  read(document.root(), wiring);
  return wiring;
} catch (const cni::Error&) {
  return std::nullopt;
}

}  // namespace wiring
