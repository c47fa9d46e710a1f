#include "plugin/cni/network_config.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/bandwidth_reader.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/ipam_config.hpp"
#include "plugin/cni/log_config.hpp"
#include "plugin/cni/mode_reader.hpp"
#include "plugin/cni/parse_mode.hpp"
#include "plugin/cni/result_reader.hpp"
#include "plugin/cni/runtime_request.hpp"
#include "plugin/cni/source_nat_reader.hpp"
#include "plugin/cni/tuning_reader.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace cni {
namespace {

constexpr std::string_view own_type = "veth";
constexpr std::size_t max_name_length = 200;  // the name is used as a folder name and in the alias of the interface

constexpr std::uint32_t default_mtu = 1500;
constexpr std::uint32_t min_mtu = 68;  // RFC 791: the minimum for every link
constexpr std::uint32_t max_mtu = 65535;

// Keys that are valid although this call does not read them: keys of the specification, of runtimes and of the other
// modes.
constexpr std::array<std::string_view, 29> other_valid_keys{"bridge",
                                                            "ipspoofchk",
                                                            "isGateway",
                                                            "isDefaultGateway",
                                                            "forceAddress",
                                                            "hairpinMode",
                                                            "promiscMode",
                                                            "vlan",
                                                            "vlanTrunk",
                                                            "preserveDefaultVlan",
                                                            "macspoofchk",
                                                            "portIsolation",
                                                            "disableContainerInterface",
                                                            "vlanMode",
                                                            "ofportRequest",
                                                            "ovnPort",
                                                            "socket",
                                                            "peer",
                                                            "ipam",
                                                            "args",
                                                            "runtimeConfig",
                                                            "capabilities",
                                                            "prevResult",
                                                            "cni.dev/valid-attachments",
                                                            "cni.dev/attachments",
                                                            "cniVersions",
                                                            "disableCheck",
                                                            "disableGC",
                                                            "loadOnlyInlinedPlugins"};

// Keys of other plugins and tools that occur in configurations. They resemble "mode", "snat" and "isGateway".
constexpr std::array<std::string_view, 4> keys_of_other_software{"node", "nat", "dnat", "gateway"};

std::string read_name(JsonObject& network) {
  std::string name = network.string_or("name", "");
  if (name.empty())
    throw Error(ErrorCode::invalid_config, "missing network name", "set /name to the name of the network");
  if (!is_identifier(name)) {
    throw Error(ErrorCode::invalid_config, "invalid characters found in network name",
                "/name is " + text::quoted(name) + "; " + std::string(identifier_rule));
  }
  if (name.size() > max_name_length) {
    throw Error(ErrorCode::invalid_config, "network name is longer than 200 bytes", text::printable(name));
  }
  return name;
}

std::string names_of(const std::vector<Version>& versions, std::string_view quote) {
  const auto name_of = [quote](Version version) { return std::string{quote}.append(to_string(version)).append(quote); };
  return '[' + text::joined(versions, " ", name_of) + ']';
}

Version read_version(JsonObject& network) {
  const std::string text = network.string_or("cniVersion", "");
  if (text.empty()) return Version::v0_1_0;
  if (const auto version = find_version(text)) return *version;
  throw Error(ErrorCode::incompatible_version, "incompatible CNI versions",
              "config is " + text::quoted(text) + ", plugin supports " +
                  names_of({all_versions.begin(), all_versions.end()}, "\""));
}

// The version that introduced the verb.
Version first_version_with(Verb verb) {
  if (verb == Verb::gc || verb == Verb::status) return Version::v1_1_0;
  return verb == Verb::check ? Version::v0_4_0 : Version::v0_1_0;
}

Version read_version_for(Verb verb, JsonObject& network) {
  const Version version = read_version(network);
  if (version >= first_version_with(verb)) return version;
  const std::string name{to_string(verb)};
  throw Error(ErrorCode::incompatible_version, "config version does not allow " + name,
              "cniVersion is " + text::quoted(to_string(version)) + ", " + name + " needs " +
                  text::quoted(to_string(first_version_with(verb))) + " or later");
}

std::vector<Version> versions_with_format_of(Version version) {
  std::vector<Version> family;
  std::ranges::copy_if(all_versions, std::back_inserter(family),
                       [version](Version other) { return same_result_format(version, other); });
  return family;
}

std::optional<Result> read_previous(JsonObject& network, Version version) {
  auto previous = network.find_object("prevResult");
  if (!previous) return std::nullopt;
  const Version own = read_result_version(*previous, version);
  if (same_result_format(own, version)) return read_result(*previous, own);
  throw Error(ErrorCode::decoding_failure, "could not parse prevResult: result type supports " +
                                               names_of(versions_with_format_of(version), "") +
                                               " but unmarshalled CNIVersion is " + text::quoted(to_string(own)));
}

ValidAttachment read_valid_attachment(const JsonValue& value) {
  JsonObject object = value.as_object();
  return {.container = object.require("containerID").as_string(), .interface = object.require("ifname").as_string()};
}

void append_valid_attachments(std::vector<ValidAttachment>& attachments, const JsonValue& list) {
  if (list.is_null()) return;
  for (const JsonValue& element : list.as_array()) attachments.push_back(read_valid_attachment(element));
}

// Strict also for GC, because GC deletes each attachment that is not in this list. libcni sends both keys (versions of
// the specification differ in the name), and null for an empty list.
std::optional<std::vector<ValidAttachment>> read_valid_attachments(JsonObject& network) {
  std::optional<std::vector<ValidAttachment>> attachments;
  for (const std::string_view key : {"cni.dev/valid-attachments", "cni.dev/attachments"}) {
    const auto list = network.find_or_null(key);
    if (!list) continue;
    if (!attachments) attachments.emplace();
    append_valid_attachments(*attachments, *list);
  }
  if (!attachments) return attachments;
  std::ranges::sort(*attachments);
  attachments->erase(std::unique(attachments->begin(), attachments->end()), attachments->end());
  return attachments;
}

std::optional<std::uint32_t> read_mtu(JsonObject& network) {
  const auto value = find_in_args_or_config(network, "mtu");
  if (!value) return default_mtu;
  if (value->is_string() && value->as_string() == "auto") return std::nullopt;
  if (value->is_string()) value->reject("must be \"auto\" or a number");
  const auto mtu = static_cast<std::uint32_t>(value->as_unsigned(0, max_mtu));
  if (mtu != 0 && mtu < min_mtu) value->reject("must be 0 or an integer from 68 to 65535");
  return mtu == 0 ? default_mtu : mtu;
}

// A list that is present replaces the DNS settings of the IPAM even if it is empty: as in the reference plugins,
// "nameservers": [] means that the container gets none.
std::optional<Dns> read_dns_override(JsonObject& network) {
  const auto value = network.find("dns");
  if (!value) return std::nullopt;
  JsonObject object = value->as_object();
  const bool has_list = object.find("nameservers") || object.find("search") || object.find("options");
  const Dns dns = read_dns(*value);
  return has_list || !dns.domain.empty() ? std::optional(dns) : std::nullopt;
}

// The keys that the specification defines for every configuration.
NetworkConfig read_common(JsonObject& network, Verb verb) {
  const ParseMode parse_mode = parse_mode_of(verb);
  NetworkConfig config;
  config.name = read_name(network);
  if (verb == Verb::del) {  // an unknown version is accepted: DEL prints no result
    read_part(parse_mode, config.version, [&] { return read_version(network); });
  } else {
    config.version = read_version_for(verb, network);
  }
  read_part(parse_mode, config.previous, [&] { return read_previous(network, config.version); });
  if (verb == Verb::gc) config.valid_attachments = read_valid_attachments(network);
  return config;
}

void read_plugin_keys(JsonObject& network, NetworkConfig& config, ParseMode parse_mode) {
  const auto& dialect = config.dialect;
  read_part(parse_mode, config.type, [&] { return network.string_or("type", ""); });
  read_part(parse_mode, config.mode,
            [&] { return dialect.reference_mode ? *dialect.reference_mode : read_mode(network); });
  config.check_sources = !dialect.is_reference();
  if (config.mode == Mode::ptp) {
    read_part(parse_mode, config.check_sources, [&] { return network.bool_or("ipspoofchk", config.check_sources); });
  }
  if (config.mode == Mode::bridge) read_part(parse_mode, config.bridge, [&] { return read_bridge(network); });
  if (config.mode == Mode::ovs) read_part(parse_mode, config.ovs, [&] { return read_ovs(network); });
  if (config.mode == Mode::netns) read_part(parse_mode, config.peer, [&] { return read_peer(network); });
  read_part(parse_mode, config.mtu, [&] { return read_mtu(network); });
  read_part(parse_mode, config.enable_dad, [&] { return network.bool_or("enabledad", false); });
  read_part(parse_mode, config.source_nat, [&] { return read_source_nat(network, dialect); });
  read_part(parse_mode, config.ready_when_full, [&] { return network.bool_or("readyWhenFull", false); });
  read_part(parse_mode, config.dns, [&] { return read_dns_override(network); });
  if (dialect.is_reference()) return;  // the following are keys of other plugins of a chain
  read_part(parse_mode, config.bandwidth, [&] { return read_bandwidth(network); });
  read_part(parse_mode, config.tuning, [&] { return read_tuning(network); });
  read_part(parse_mode, config.pair_kind, [&] { return read_pair_kind(network, config.mode); });
  read_part(parse_mode, config.big_tcp, [&] { return read_big_tcp(network, config.mode); });
}

void reject_misspelled(JsonObject& network, const NetworkConfig& config) {
  if (config.type != own_type || config.dialect.is_reference()) return;
  network.mark_known(other_valid_keys);
  network.reject_misspelled_keys(keys_of_other_software);
}

// As from a person who tries the plugin with the file of the runtime.
void refuse_list(JsonObject& network, const NetworkConfig& config) {
  const auto unread = network.unread_members();
  if (!config.type.empty() || std::ranges::find(unread, "plugins") == unread.end()) return;
  throw Error(ErrorCode::invalid_config, "the input is a list of plugins (the content of a .conflist file)",
              "give the plugin its entry of the list, with the name and cniVersion of the list, as a runtime does");
}

// Modes bridge, ovs and netns also work without addresses.
void require_ipam(const NetworkConfig& config) {
  if (config.bridge.disable_container_interface && !config.ipam.type.empty()) {
    throw Error(ErrorCode::invalid_config,
                "/ipam: cannot be combined with disableContainerInterface. Remove one of them");
  }
  const bool needs_ipam = config.mode == Mode::ptp && (config.type == own_type || config.dialect.is_reference());
  if (!needs_ipam || !config.ipam.type.empty()) return;
  throw Error(
      ErrorCode::invalid_config,
      "/ipam/type: missing: mode ptp needs addresses; \"veth-ipam\" is built in, other types are run from CNI_PATH");
}

void refuse_bandwidth_in_mode_netns(const NetworkConfig& config) {
  if (config.mode != Mode::netns || config.bandwidth == Bandwidth{}) return;
  throw Error(ErrorCode::invalid_config,
              "/bandwidth: not possible in mode netns: both ends are in containers, which could remove the limits");
}

// OVN's bridge is the default for its logical ports. STATUS does not get a port that the runtime requests for ADD.
void complete_ovs(NetworkConfig& config, Verb verb) {
  if (config.mode != Mode::ovs) return;
  auto& ovs = config.ovs;
  if (!config.requested.ovn_port.empty()) ovs.ovn_port = config.requested.ovn_port;
  if (!ovs.bridge.empty()) return;
  const bool needs_bridge = ovs.ovn_port.empty() && (verb == Verb::add || verb == Verb::check);
  if (needs_bridge) throw Error(ErrorCode::invalid_config, "/bridge: missing: mode ovs needs it without an ovnPort");
  ovs.bridge = "br-int";
}

// Runtimes pass runtimeConfig to ADD only; STATUS gets only the capabilities.
bool runtime_can_request_addresses(JsonObject& network) {
  auto capabilities = network.find_object("capabilities");
  return capabilities && (capabilities->bool_or("ips", false) || capabilities->bool_or("ipRanges", false));
}

bool has_addresses(const NetworkConfig& config) {
  const IpamConfig& ipam = config.ipam;
  const RuntimeRequest& requested = config.requested;
  return !(ipam.pool.empty() && ipam.ranges.empty() && ipam.addresses.empty() && requested.ranges.empty() &&
           requested.addresses.empty());
}

// Addresses of a pool are routed one by one.
void check_pool(const NetworkConfig& config) {
  const IpamConfig& ipam = config.ipam;
  if (ipam.pool.empty()) return;
  if (!ipam.ranges.empty() || !ipam.addresses.empty() || !config.requested.ranges.empty()) {
    throw Error(ErrorCode::invalid_config,
                "/ipam/pool: cannot be combined with ranges or addresses. Remove one of them");
  }
  if (config.mode != Mode::ptp) throw Error(ErrorCode::invalid_config, "/ipam/pool: only possible in mode \"ptp\"");
}

void require_addresses(JsonObject& network, const NetworkConfig& config, Verb verb) {
  if (config.ipam.type != builtin_ipam_type) return;
  if (!config.ipam.ranges.empty() && !config.ipam.addresses.empty()) {
    throw Error(ErrorCode::invalid_config, "/ipam: ranges and addresses cannot be combined. Remove one of them");
  }
  check_pool(config);
  const bool has_no_runtime_config = verb == Verb::status || verb == Verb::version;
  if (has_addresses(config) || (has_no_runtime_config && runtime_can_request_addresses(network))) return;
  throw Error(ErrorCode::invalid_config,
              "/ipam: needs subnet, ranges, addresses or pool, because the runtime requests none");
}

}  // namespace

std::string bridge_segment_of(const NetworkConfig& config) {
  if (config.mode == Mode::ovs) return ovs_segment(config.ovs.bridge, config.ovs.vlan);
  return config.mode == Mode::bridge ? bridge_segment(config.bridge.name, config.bridge.vlan) : std::string{};
}

NetworkConfig parse_network_config(std::string_view text, Verb verb, const Args& args, const Dialect& dialect) {
  return parse_network_config(JsonDocument(text, configuration_origin), verb, args, dialect);
}

NetworkConfig parse_network_config(const JsonDocument& document, Verb verb, const Args& args, const Dialect& dialect) {
  JsonObject network = document.root().as_object();
  const ParseMode parse_mode = parse_mode_of(verb);
  NetworkConfig config = read_common(network, verb);
  config.dialect = dialect;
  read_plugin_keys(network, config, parse_mode);
  config.requested = read_runtime_request(network, args, parse_mode, dialect);
  config.ipam = read_ipam(network, parse_mode);
  complete_ovs(config, verb);
  if (parse_mode == ParseMode::lenient) return config;
  refuse_list(network, config);
  read_log(network);  // only validated here; find_log_target() reads it when the call is logged
  reject_misspelled(network, config);
  config.ignored_keys = document.ignored_keys();
  refuse_keys_of_bandwidth(network, config.ignored_keys);
  refuse_bandwidth_in_mode_netns(config);
  require_ipam(config);
  require_addresses(network, config, verb);
  return config;
}

NetworkConfig parse_ipam_request(std::string_view text, Verb verb, const Args& args, IpamDialect dialect) {
  const JsonDocument document(text, configuration_origin);
  JsonObject network = document.root().as_object();
  const ParseMode parse_mode = parse_mode_of(verb);
  NetworkConfig config = read_common(network, verb);
  read_part(parse_mode, config.ready_when_full, [&] { return network.bool_or("readyWhenFull", false); });
  config.requested = read_address_request(network, args, parse_mode, dialect);
  config.ipam = read_builtin_ipam(network, parse_mode, dialect);
  if (dialect == IpamDialect::fixed) {
    read_part(parse_mode, config.ipam.addresses, [&] { return with_arguments(config.ipam.addresses, args); });
  }
  if (parse_mode == ParseMode::strict && !network.find("ipam")) {
    throw Error(ErrorCode::invalid_config, "IPAM config missing 'ipam' key");
  }
  config.ignored_keys = document.ignored_keys();
  const bool may_be_empty = dialect == IpamDialect::fixed;
  if (parse_mode == ParseMode::strict && !may_be_empty) require_addresses(network, config, verb);
  return config;
}

NetworkConfig parse_config_file(std::string_view text) { return parse_network_config(text, Verb::version, {}); }

NetworkConfig parse_ipam_config_file(std::string_view text) { return parse_ipam_request(text, Verb::version, {}); }

NetworkConfig parse_common_config(std::string_view text, Verb verb) {
  const JsonDocument document(text, configuration_origin);
  JsonObject network = document.root().as_object();
  if (parse_mode_of(verb) == ParseMode::strict) read_log(network);
  return read_common(network, verb);
}

std::optional<std::string> find_version_text(std::string_view text) {
  try {
    const JsonDocument document(text, configuration_origin);
    const auto version = document.root().as_object().find("cniVersion");
    return version ? std::optional(version->as_string()) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace cni
