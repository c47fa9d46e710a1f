#include "plugin/cni/runtime_request.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/ipam_config.hpp"
#include "plugin/cni/key_spelling.hpp"
#include "plugin/cni/mode_reader.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace cni {
namespace {

struct Sources {
  std::optional<JsonObject> runtime_config;
  std::optional<JsonObject> cni;  // args.cni
  const Args& args;
};

Sources find_sources(JsonObject& network, const Args& args, ParseMode parse_mode) {
  Sources sources{.runtime_config = {}, .cni = {}, .args = args};
  read_part(parse_mode, sources.runtime_config, [&] { return network.find_object("runtimeConfig"); });
  read_part(parse_mode, sources.cni, [&] { return find_args_cni(network); });
  return sources;
}

std::optional<JsonValue> find_nonempty(std::optional<JsonObject>& object, std::string_view key) {
  return object ? object->find_nonempty(key) : std::nullopt;
}

// From runtimeConfig, else from args.cni.
std::optional<JsonValue> find_nonempty(Sources& sources, std::string_view key) {
  auto value = find_nonempty(sources.runtime_config, key);
  return value ? value : find_nonempty(sources.cni, key);
}

[[noreturn]] void refuse_argument(std::string_view key, std::string_view requirement, std::string_view value) {
  throw Error(ErrorCode::invalid_environment, "CNI_ARGS: " + std::string(key) + " must be " + std::string(requirement) +
                                                  ", not " + text::quoted(value));
}

constexpr std::string_view mac_requirement = "a unicast Ethernet address, as in 0a:58:0a:01:00:02";

std::optional<MacAddress> find_unicast_mac(std::string_view text) {
  const auto mac = find_mac(text);
  if (!mac || (mac->bytes[0] & 1U) != 0 || *mac == MacAddress{}) return std::nullopt;
  return mac;
}

MacAddress mac_of(const JsonValue& value) {
  if (const auto mac = find_unicast_mac(value.as_string())) return *mac;
  value.reject("must be " + std::string(mac_requirement));
}

std::optional<MacAddress> read_mac(Sources& sources) {
  if (const auto value = find_nonempty(sources, "mac")) return mac_of(*value);
  if (sources.args.mac.empty()) return std::nullopt;
  if (const auto mac = find_unicast_mac(sources.args.mac)) return mac;
  refuse_argument("MAC", mac_requirement, sources.args.mac);
}

// The key of the plugin tuning, which is the last choice there too.
std::optional<MacAddress> read_mac(JsonObject& network, Sources& sources) {
  const auto configured = network.find_nonempty("mac");
  const auto requested = read_mac(sources);
  return requested || !configured ? requested : mac_of(*configured);
}

std::optional<RequestedAddress> find_requested(std::string_view text) {
  if (const auto prefix = find_prefix(text)) {
    return RequestedAddress{.address = prefix->address, .prefix_length = prefix->length, .gateway = {}};
  }
  const auto address = find_address(text);
  if (!address) return std::nullopt;
  return RequestedAddress{.address = *address, .prefix_length = {}, .gateway = {}};
}

std::vector<RequestedAddress> read_ips(std::optional<JsonObject>& object) {
  std::vector<RequestedAddress> addresses;
  if (!object) return addresses;
  for (const JsonValue& element : read_elements(*object, "ips")) {
    const auto address = find_requested(element.as_string());
    if (!address) element.reject("must be an IP address with or without a prefix length");
    addresses.push_back(*address);
  }
  return addresses;
}

bool is_gateway_of(const IpAddress& gateway, const RequestedAddress& requested) {
  if (!requested.prefix_length) return gateway.family == requested.address.family;
  return contains({requested.address, *requested.prefix_length}, gateway);
}

std::vector<IpAddress> gateways_of(const Args& args) {
  std::vector<IpAddress> gateways;
  for (const std::string& text : args.gateway) {
    const auto gateway = find_address(text);
    if (!gateway) refuse_argument("GATEWAY", "IP addresses", text);
    gateways.push_back(*gateway);
  }
  return gateways;
}

RequestedAddress requested_by(const std::string& text, const std::vector<IpAddress>& gateways) {
  auto address = find_requested(text);
  if (!address) refuse_argument("IP", "IP addresses with or without a prefix length", text);
  const auto gateway =
      std::ranges::find_if(gateways, [&](const IpAddress& candidate) { return is_gateway_of(candidate, *address); });
  if (gateway != gateways.end()) address->gateway = *gateway;
  return *address;
}

std::vector<RequestedAddress> addresses_of(const Args& args) {
  std::vector<RequestedAddress> addresses;
  const std::vector<IpAddress> gateways = gateways_of(args);
  for (const std::string& text : args.ip) addresses.push_back(requested_by(text, gateways));
  return addresses;
}

template <class Element>
void append(std::vector<Element>& all, const std::vector<Element>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

std::vector<RequestedAddress> read_all_addresses(Sources& sources) {
  auto addresses = read_ips(sources.runtime_config);
  append(addresses, read_ips(sources.cni));
  append(addresses, addresses_of(sources.args));
  return addresses;
}

std::vector<RequestedAddress> read_first_addresses(Sources& sources) {
  auto addresses = read_ips(sources.runtime_config);
  if (addresses.empty()) addresses = read_ips(sources.cni);
  if (addresses.empty()) addresses = addresses_of(sources.args);
  return addresses;
}

RangeSets read_ranges(Sources& sources) {
  const auto value = find_nonempty(sources.runtime_config, "ipRanges");
  return value ? read_range_sets(*value, UnknownKeys::accept) : RangeSets{};
}

// The capability "dns" has other keys than the object "dns" of the specification.
std::optional<Dns> read_runtime_dns(Sources& sources) {
  const auto value = find_nonempty(sources.runtime_config, "dns");
  if (!value) return std::nullopt;
  JsonObject object = value->as_object();
  Dns dns{.nameservers = object.strings("servers"),
          .domain = {},
          .search = object.strings("searches"),
          .options = object.strings("options")};
  return dns == Dns{} ? std::nullopt : std::optional(dns);
}

std::string read_protocol(JsonObject& mapping) {
  const auto value = mapping.find_nonempty("protocol");
  if (!value) return "tcp";
  const std::string text = value->as_string();
  for (const std::string_view protocol : {"tcp", "udp", "sctp"}) {
    if (is_same_key(text, protocol)) return std::string(protocol);
  }
  value->reject("must be tcp, udp or sctp");
}

std::uint16_t read_port(JsonObject& mapping, std::string_view key) {
  return static_cast<std::uint16_t>(mapping.require(key).as_unsigned(1, std::numeric_limits<std::uint16_t>::max()));
}

PortMapping read_port_mapping(const JsonValue& value) {
  JsonObject mapping = value.as_object();
  return {.host_port = read_port(mapping, "hostPort"),
          .container_port = read_port(mapping, "containerPort"),
          .protocol = read_protocol(mapping),
          .host_address = find_address(mapping, "hostIP")};
}

// Runtimes send one element for each port of a range, and each protocol: this is enough for all ports of one protocol.
constexpr std::size_t most_port_mappings = 65536;

// The top-level key portMappings is useful only in networks of one container.
std::vector<PortMapping> read_port_mappings(JsonObject& network, Sources& sources) {
  const auto configured = network.find_nonempty("portMappings");
  const auto requested = find_nonempty(sources.runtime_config, "portMappings");
  const auto& value = requested ? requested : configured;
  std::vector<PortMapping> mappings;
  if (!value) return mappings;
  for (const JsonValue& element : read_elements(*value, most_port_mappings))
    mappings.push_back(read_port_mapping(element));
  return mappings;
}

std::string read_ovn_port(Sources& sources) {
  constexpr std::string_view requirement = "a name of up to 255 printable characters";
  if (const auto value = find_nonempty(sources.cni, "ovnPort")) {
    if (auto port = find_ovn_port(value->as_string())) return *port;
    value->reject("must be " + std::string(requirement));
  }
  const auto& argument = sources.args.ovn_port;
  if (argument.empty() || find_ovn_port(argument)) return argument;
  refuse_argument("OvnPort", requirement, argument);
}

void read_ipam_request(Sources& sources, RuntimeRequest& request, ParseMode parse_mode,
                       IpamDialect dialect = IpamDialect::veth_ipam) {
  const auto read = dialect == IpamDialect::host_local ? read_all_addresses : read_first_addresses;
  read_part(parse_mode, request.addresses, [&] { return read(sources); });
  read_part(parse_mode, request.ranges, [&] { return read_ranges(sources); });
}

}  // namespace

std::optional<JsonObject> find_args_cni(JsonObject& network) {
  auto args = network.find_object("args");
  return args ? args->find_object("cni") : std::nullopt;
}

std::vector<LeasedAddress> with_arguments(std::vector<LeasedAddress> configured, const Args& args) {
  for (const auto& added : addresses_of(args)) {
    if (!added.prefix_length) {
      throw Error(ErrorCode::invalid_environment,
                  "the 'ip' field is expected to be in CIDR notation, got: '" + to_string(added.address) + "'",
                  "append the prefix length to IP in CNI_ARGS, as in 10.1.2.3/24");
    }
    configured.push_back({.address = {added.address, *added.prefix_length}});
  }
  for (const auto& gateway : gateways_of(args)) {
    for (auto& leased : configured) {
      if (contains(leased.address, gateway)) leased.gateway = gateway;
    }
  }
  return configured;
}

RuntimeRequest read_address_request(JsonObject& network, const Args& args, ParseMode parse_mode, IpamDialect dialect) {
  const Args none{.ip = {}};
  Sources sources = find_sources(network, dialect == IpamDialect::fixed ? none : args, parse_mode);
  RuntimeRequest request;
  read_ipam_request(sources, request, parse_mode, dialect);
  return request;
}

std::vector<PortMapping> read_requested_ports(JsonObject& network) {
  const Args none;
  Sources sources = find_sources(network, none, ParseMode::strict);
  return read_port_mappings(network, sources);
}

RuntimeRequest read_runtime_request(JsonObject& network, const Args& args, ParseMode parse_mode,
                                    const Dialect& dialect) {
  Sources sources = find_sources(network, args, parse_mode);
  RuntimeRequest request;
  read_ipam_request(sources, request, parse_mode);
  if (dialect.reference_mode == Mode::ptp) return request;
  if (dialect.is_reference()) {
    read_part(parse_mode, request.mac, [&] { return read_mac(sources); });
    return request;
  }
  read_part(parse_mode, request.mac, [&] { return read_mac(network, sources); });
  read_part(parse_mode, request.dns, [&] { return read_runtime_dns(sources); });
  read_part(parse_mode, request.ovn_port, [&] { return read_ovn_port(sources); });
  read_part(parse_mode, request.port_mappings, [&] { return read_port_mappings(network, sources); });
  return request;
}

}  // namespace cni
