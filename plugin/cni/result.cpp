#include "plugin/cni/result.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/cni/result_reader.hpp"

#include <algorithm>

namespace cni {
namespace {

template <typename Number>
void write_optional(JsonWriter& json, std::string_view key, const std::optional<Number>& number) {
  if (number) json.member(key, std::uint64_t{*number});
}

void write_optional(JsonWriter& json, std::string_view key, const std::optional<IpAddress>& address) {
  if (address) json.member(key, to_string(*address));
}

// Up to 0.4.0 libcni writes an empty object, because "dns" is in every result. From 1.0.0 on it omits empty DNS
// settings.
void write_dns(JsonWriter& json, const Dns& dns, Version version) {
  if (version >= Version::v1_0_0 && dns == Dns{}) return;
  json.key("dns");
  json.begin_object();
  write_nonempty(json, "nameservers", dns.nameservers);
  write_nonempty(json, "domain", dns.domain);
  write_nonempty(json, "search", dns.search);
  write_nonempty(json, "options", dns.options);
  json.end_object();
}

void write_route(JsonWriter& json, const Route& route, Version version) {
  json.begin_object();
  json.member("dst", to_string(route.destination));
  write_optional(json, "gw", route.gateway);
  if (version >= Version::v0_3_0) {
    write_optional(json, "mtu", route.mtu);
    write_optional(json, "advmss", route.advmss);
    write_optional(json, "priority", route.priority);
    write_optional(json, "table", route.table);
    write_optional(json, "scope", route.scope);
  }
  json.end_object();
}

void write_routes(JsonWriter& json, const std::vector<Route>& routes, Version version) {
  if (routes.empty()) return;
  json.key("routes");
  json.begin_array();
  for (const Route& route : routes) write_route(json, route, version);
  json.end_array();
}

void write_interface(JsonWriter& json, const Interface& interface, Version version) {
  json.begin_object();
  json.member("name", interface.name);
  write_nonempty(json, "mac", interface.mac);
  if (version >= Version::v1_1_0 && interface.mtu != 0) json.member("mtu", interface.mtu);
  write_nonempty(json, "sandbox", interface.sandbox);
  if (version >= Version::v1_1_0) {
    write_nonempty(json, "socketPath", interface.socket_path);
    write_nonempty(json, "pciID", interface.pci_id);
  }
  json.end_object();
}

void write_interfaces(JsonWriter& json, const std::vector<Interface>& interfaces, Version version) {
  if (interfaces.empty()) return;
  json.key("interfaces");
  json.begin_array();
  for (const Interface& interface : interfaces) write_interface(json, interface, version);
  json.end_array();
}

void write_address(JsonWriter& json, const ResultAddress& address, Version version) {
  json.begin_object();
  if (version < Version::v1_0_0) json.member("version", address.address.address.family == Family::ipv4 ? "4" : "6");
  write_optional(json, "interface", address.interface);
  json.member("address", to_string(address.address));
  write_optional(json, "gateway", address.gateway);
  json.end_object();
}

void write_addresses(JsonWriter& json, const std::vector<ResultAddress>& addresses, Version version) {
  if (addresses.empty()) return;
  json.key("ips");
  json.begin_array();
  for (const ResultAddress& address : addresses) write_address(json, address, version);
  json.end_array();
}

Family family_of(const ResultAddress& address) { return address.address.address.family; }

std::vector<Route> routes_of(const Result& result, Family family) {
  std::vector<Route> routes;
  std::ranges::copy_if(result.routes, std::back_inserter(routes),
                       [family](const Route& route) { return route.destination.address.family == family; });
  return routes;
}

// "ip4" or "ip6": the first address and the routes of the family. The old form has room for one address per family.
void write_ip_configuration(JsonWriter& json, const Result& result, Family family) {
  const auto found = std::ranges::find(result.addresses, family, family_of);
  if (found == result.addresses.end()) return;
  json.key(family == Family::ipv4 ? "ip4" : "ip6");
  json.begin_object();
  json.member("ip", to_string(found->address));
  write_optional(json, "gateway", found->gateway);
  write_routes(json, routes_of(result, family), Version::v0_1_0);
  json.end_object();
}

void write_old_form(JsonWriter& json, const Result& result) {
  if (result.addresses.empty()) throw Error(ErrorCode::internal, "cannot convert: no valid IP addresses");
  write_ip_configuration(json, result, Family::ipv4);
  write_ip_configuration(json, result, Family::ipv6);
}

void write_new_form(JsonWriter& json, const Result& result, Version version) {
  write_interfaces(json, result.interfaces, version);
  write_addresses(json, result.addresses, version);
  write_routes(json, result.routes, version);
}

}  // namespace

std::string to_json(const Result& result, Version version) {
  JsonWriter json(4);
  json.begin_object();
  json.member("cniVersion", to_string(version));
  if (version < Version::v0_3_0) {
    write_old_form(json, result);
  } else {
    write_new_form(json, result, version);
  }
  write_dns(json, result.dns, version);
  json.end_object();
  return json.finished();
}

Result parse_result(std::string_view text, Version assumed, std::string_view origin) {
  const JsonDocument document(text, origin);
  if (document.root().is_null()) return {};
  try {
    JsonObject object = document.root().as_object();
    return read_result(object, read_result_version(object, assumed));
  } catch (const Error& error) {
    throw Error(ErrorCode::decoding_failure, std::string(origin) + ": " + error.message, error.details);
  }
}

}  // namespace cni
