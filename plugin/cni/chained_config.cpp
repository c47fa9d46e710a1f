#include "plugin/cni/chained_config.hpp"

#include "plugin/cni/bandwidth_reader.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/parse_mode.hpp"
#include "plugin/cni/runtime_request.hpp"
#include "plugin/cni/source_nat_reader.hpp"
#include "plugin/cni/tuning_reader.hpp"
#include "plugin/text/quoted.hpp"

#include <limits>

namespace cni {
namespace {

// ---- portmap

bool is_empty(const JsonValue& value) { return !value.is_string() && value.json() == "[]"; }

/// Conditions are parts of command lines of iptables or nft, and marks are for rules of other software.
std::optional<std::string> find_unsupported(JsonObject& network) {
  for (const std::string_view key : {"conditionsV4", "conditionsV6", "markMasqBit", "externalSetMarkChain"}) {
    const auto value = network.find_nonempty(key);
    if (value && !is_empty(*value)) return value->pointer();
  }
  return std::nullopt;
}

// ---- bandwidth

using Source = std::optional<JsonObject>;

std::uint64_t amount_in(JsonObject& source, std::string_view key) {
  const auto value = source.find(key);
  return value ? value->as_unsigned(0, std::numeric_limits<std::uint64_t>::max()) : 0;
}

std::string place_of(const JsonObject& source, std::string_view key) {
  return source.pointer() + '/' + std::string{key};
}

/// 0 counts as absent in both keys. The shortest rate is one byte in a second.
std::optional<Rate> find_rate(JsonObject& source, const RateKeys& keys) {
  constexpr std::uint64_t byte_bits = 8;
  constexpr std::uint64_t most_burst_bytes = std::numeric_limits<std::uint32_t>::max();
  const auto rate = amount_in(source, keys.rate);
  const auto burst = amount_in(source, keys.burst);
  if (rate == 0 && burst == 0) return std::nullopt;
  if (burst == 0)
    throw Error{ErrorCode::invalid_config, "if rate is set, burst must also be set", place_of(source, keys.burst)};
  if (rate == 0)
    throw Error{ErrorCode::invalid_config, "if burst is set, rate must also be set", place_of(source, keys.rate)};
  if (burst / byte_bits >= most_burst_bytes)
    throw Error{ErrorCode::invalid_config, "burst cannot be more than 4GB", place_of(source, keys.burst)};
  if (rate < byte_bits)
    throw Error{ErrorCode::invalid_config, place_of(source, keys.rate) + ": must be 0 or at least 8 bits per second"};
  return Rate{.bits_per_second = rate, .burst_bits = burst};
}

Bandwidth read_limits(JsonObject& source) {
  return {.ingress = find_rate(source, ingress_keys), .egress = find_rate(source, egress_keys)};
}

bool has_limits(JsonObject& network) {
  bool has_any = false;
  for (const auto& keys : {ingress_keys, egress_keys}) {
    has_any = has_any || network.find(keys.rate).has_value() || network.find(keys.burst).has_value();
  }
  return has_any;
}

// ---- tuning

Source find_object_in(JsonObject& network, std::string_view outer, std::string_view inner) {
  auto object = network.find_object(outer);
  return object ? object->find_object(inner) : std::nullopt;
}

MacAddress checked_mac(const std::string& text, const std::string& place) {
  const auto mac = find_mac(text);
  if (mac) return *mac;
  throw Error{ErrorCode::invalid_config, place + ": must be an Ethernet address, not " + text::quoted(text)};
}

std::optional<MacAddress> find_mac_in(Source source) {
  const auto value = source ? source->find_nonempty("mac") : std::nullopt;
  return value ? std::optional{checked_mac(value->as_string(), value->pointer())} : std::nullopt;
}

std::optional<MacAddress> read_mac(JsonObject& network, const Args& args) {
  if (const auto mac = find_mac_in(find_args_cni(network))) return mac;
  if (const auto mac = find_mac_in(network.find_object("runtimeConfig"))) return mac;
  if (!args.mac.empty()) return checked_mac(args.mac, "CNI_ARGS: MAC");
  const auto value = network.find_nonempty("mac");
  return value ? std::optional{checked_mac(value->as_string(), value->pointer())} : std::nullopt;
}

/// 0 means unchanged.
std::optional<std::uint32_t> find_mtu(JsonObject& network) {
  const auto value = find_in_args_or_config(network, "mtu");
  const auto mtu = value ? value->as_unsigned(0, std::numeric_limits<std::int32_t>::max()) : 0;
  return mtu == 0 ? std::nullopt : std::optional{static_cast<std::uint32_t>(mtu)};
}

std::optional<bool> read_all_multicast(JsonObject& network) {
  const auto value = find_in_args_or_config(network, "allmulti");
  return value ? std::optional{value->as_bool()} : std::nullopt;
}

std::string read_data_dir(JsonObject& network, const std::string& otherwise) {
  const auto value = network.find_nonempty("dataDir");
  if (!value) return otherwise;
  auto path = value->as_string();
  if (path.front() != '/') value->reject("must be an absolute path");
  return path;
}

}  // namespace

PortMapConfig parse_portmap_config(std::string_view text, Verb verb) {
  const auto parse_mode = parse_mode_of(verb);
  const JsonDocument document{text, configuration_origin};
  auto network = document.root().as_object();
  PortMapConfig config;
  read_part(parse_mode, config.unsupported, [&] { return find_unsupported(network); });
  if (parse_mode == ParseMode::strict && !config.unsupported) check_backend(network, "backend");
  read_part(parse_mode, config.source_nat.mapped_ports, [&] { return network.bool_or("snat", true); });
  read_part(parse_mode, config.source_nat.all_clients, [&] { return network.bool_or("masqAll", false); });
  read_part(parse_mode, config.mappings, [&] { return read_requested_ports(network); });
  return config;
}

Bandwidth parse_bandwidth_config(std::string_view text, Verb verb) {
  const JsonDocument document{text, configuration_origin};
  auto network = document.root().as_object();
  Bandwidth bandwidth;
  read_part(parse_mode_of(verb), bandwidth, [&] {
    if (has_limits(network)) return read_limits(network);
    auto runtime = find_object_in(network, "runtimeConfig", "bandwidth");
    return runtime ? read_limits(*runtime) : Bandwidth{};
  });
  return bandwidth;
}

InterfaceTuning parse_tuning_config(std::string_view text, Verb verb, const Args& args) {
  const auto parse_mode = parse_mode_of(verb);
  const JsonDocument document{text, configuration_origin};
  auto network = document.root().as_object();
  InterfaceTuning tuning;
  TuningConfig common;
  read_part(parse_mode, common, [&] { return read_tuning(network); });
  tuning.sysctls = std::move(common.sysctls);
  tuning.promiscuous = common.promiscuous;
  tuning.tx_queue_length = common.tx_queue_length;
  read_part(parse_mode, tuning.mac, [&] { return read_mac(network, args); });
  read_part(parse_mode, tuning.mtu, [&] { return find_mtu(network); });
  read_part(parse_mode, tuning.all_multicast, [&] { return read_all_multicast(network); });
  read_part(parse_mode, tuning.data_dir, [&] { return read_data_dir(network, tuning.data_dir); });
  return tuning;
}

}  // namespace cni
