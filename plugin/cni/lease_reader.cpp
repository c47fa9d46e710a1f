#include "plugin/cni/lease_reader.hpp"

#include <limits>
#include <string>

namespace cni {
namespace {

std::optional<std::uint32_t> find_number(JsonObject& object, std::string_view key) {
  const auto value = object.find(key);
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(value->as_unsigned(0, std::numeric_limits<std::uint32_t>::max()));
}

// The reference plugins omit these members if they are 0: 0 means the kernel's default.
std::optional<std::uint32_t> find_nonzero(JsonObject& object, std::string_view key) {
  const auto number = find_number(object, key);
  return number == 0U ? std::nullopt : number;
}

std::optional<std::uint8_t> find_scope(JsonObject& object) {
  const auto value = object.find("scope");
  if (!value) return std::nullopt;
  return static_cast<std::uint8_t>(value->as_unsigned(0, std::numeric_limits<std::uint8_t>::max()));
}

}  // namespace

Route read_route(const JsonValue& value, UnknownKeys unknown_keys) {
  JsonObject object = value.as_object();
  Route route{.destination = object.require("dst").as_prefix(),
              .gateway = find_address(object, "gw"),
              .mtu = find_nonzero(object, "mtu"),
              .advmss = find_nonzero(object, "advmss"),
              .priority = find_nonzero(object, "priority"),
              .table = find_number(object, "table"),
              .scope = find_scope(object)};
  if (unknown_keys == UnknownKeys::reject_misspelled) object.reject_misspelled_keys();
  return route;
}

std::vector<Route> read_routes(JsonObject& object, std::string_view key, UnknownKeys unknown_keys) {
  std::vector<Route> routes;
  for (const JsonValue& element : read_elements(object, key)) routes.push_back(read_route(element, unknown_keys));
  return routes;
}

Dns read_dns(const JsonValue& value) {
  JsonObject object = value.as_object();
  return {.nameservers = object.strings("nameservers"),
          .domain = object.string_or("domain", ""),
          .search = object.strings("search"),
          .options = object.strings("options")};
}

Dns read_dns(JsonObject& object, std::string_view key) {
  const auto value = object.find(key);
  return value ? read_dns(*value) : Dns{};
}

std::optional<IpAddress> find_address(JsonObject& object, std::string_view key) {
  const auto value = object.find_nonempty(key);
  if (!value) return std::nullopt;
  return value->as_address();
}

std::vector<JsonValue> read_elements(JsonObject& object, std::string_view key) {
  const auto value = object.find(key);
  if (!value) return {};
  return read_elements(*value);
}

std::vector<JsonValue> read_elements(const JsonValue& value, std::size_t most) {
  auto elements = value.as_array();
  if (elements.size() > most) value.reject("must have at most " + std::to_string(most) + " elements");
  return elements;
}

}  // namespace cni
