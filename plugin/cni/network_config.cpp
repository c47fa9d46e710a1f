#include "plugin/cni/network_config.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/bandwidth_reader.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/ipam_config.hpp"
#include "plugin/cni/log_config.hpp"
#include "plugin/cni/mode_reader.hpp"
#include "plugin/cni/result_reader.hpp"
#include "plugin/cni/source_nat_reader.hpp"
#include "plugin/cni/tolerance.hpp"
#include "plugin/cni/tuning_reader.hpp"
#include "plugin/cni/wishes.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace cni {
namespace {

constexpr std::string_view origin = "the network configuration";
constexpr std::string_view own_type = "veth";
constexpr std::size_t longest_name = 200;  // it is the name of a folder, and part of an interface's alias

constexpr std::uint32_t default_mtu = 1500;
constexpr std::uint32_t smallest_mtu = 68;  // RFC 791: what every link has to carry
constexpr std::uint32_t largest_mtu = 65535;

// Keys that are not read in every call and that are still no slips of the pen: those of the specification, of runtimes,
// and of the other modes.
constexpr std::array<std::string_view, 24> also_known{"bridge",
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

// Keys of other plugins and of tools that people leave in a configuration. They are near "mode", "snat" and
// "isGateway".
constexpr std::array<std::string_view, 4> keys_of_others{"node", "nat", "dnat", "gateway"};

std::string read_name(JsonObject& network) {
  std::string name = network.string_or("name", "");
  if (name.empty()) throw Error(ErrorCode::invalid_config, "missing network name");
  if (!is_identifier(name)) {
    throw Error(ErrorCode::invalid_config, "invalid characters found in network name", text::printable(name));
  }
  if (name.size() > longest_name) {
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

// The version in which a verb came.
Version first_version_with(Verb verb) {
  if (verb == Verb::gc || verb == Verb::status) return Version::v1_1_0;
  return verb == Verb::check ? Version::v0_4_0 : Version::v0_1_0;
}

Version read_version_for(Verb verb, JsonObject& network) {
  const Version version = read_version(network);
  if (version >= first_version_with(verb)) return version;
  throw Error(ErrorCode::incompatible_version, "config version does not allow " + std::string(to_string(verb)));
}

std::vector<Version> family_of(Version version) {
  std::vector<Version> family;
  std::ranges::copy_if(all_versions, std::back_inserter(family),
                       [version](Version other) { return same_result_family(version, other); });
  return family;
}

std::optional<Result> read_previous(JsonObject& network, Version version) {
  auto previous = network.find_object("prevResult");
  if (!previous) return std::nullopt;
  const Version own = read_result_version(*previous, version);
  if (same_result_family(own, version)) return read_result(*previous, own);
  throw Error(ErrorCode::decoding_failure, "could not parse prevResult: result type supports " +
                                               names_of(family_of(version), "") + " but unmarshalled CNIVersion is " +
                                               text::quoted(to_string(own)));
}

ValidAttachment read_valid_attachment(const JsonValue& value) {
  JsonObject object = value.as_object();
  return {.container = object.require("containerID").as_string(), .interface = object.require("ifname").as_string()};
}

void append_valid_attachments(std::vector<ValidAttachment>& attachments, const JsonValue& list) {
  if (list.is_null()) return;
  for (const JsonValue& element : list.as_array()) attachments.push_back(read_valid_attachment(element));
}

// Not a part in which errors are forgiven: what is left out here is deleted. libcni sends both keys (the specification
// named the key in two ways), and null for an empty list.
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
  const auto value = find_in_args_or_own(network, "mtu");
  if (!value) return default_mtu;
  if (value->is_string() && value->as_string() == "auto") return std::nullopt;
  if (value->is_string()) value->reject("must be \"auto\" or a number");
  const auto mtu = static_cast<std::uint32_t>(value->as_unsigned(0, largest_mtu));
  if (mtu != 0 && mtu < smallest_mtu) value->reject("must be 0 or an integer from 68 to 65535");
  return mtu == 0 ? default_mtu : mtu;
}

std::optional<Dns> read_own_dns(JsonObject& network) {
  const Dns dns = read_dns(network, "dns");
  return dns == Dns{} ? std::nullopt : std::optional(dns);
}

// What the specification puts into every configuration.
NetworkConfig read_common(JsonObject& network, Verb verb) {
  const Tolerance tolerance(verb);
  NetworkConfig config;
  config.name = read_name(network);
  if (verb == Verb::del) {  // not refused for its version: there is nothing to answer in it
    tolerance.read(config.version, [&] { return read_version(network); });
  } else {
    config.version = read_version_for(verb, network);
  }
  tolerance.read(config.previous, [&] { return read_previous(network, config.version); });
  if (verb == Verb::gc) config.valid_attachments = read_valid_attachments(network);
  return config;
}

void read_own(JsonObject& network, NetworkConfig& config, const Tolerance& tolerance) {
  tolerance.read(config.type, [&] { return network.string_or("type", ""); });
  tolerance.read(config.mode, [&] { return read_mode(network); });
  if (config.mode == Mode::bridge) tolerance.read(config.bridge, [&] { return read_bridge(network); });
  if (config.mode == Mode::netns) tolerance.read(config.peer, [&] { return read_peer(network); });
  tolerance.read(config.mtu, [&] { return read_mtu(network); });
  tolerance.read(config.enable_dad, [&] { return network.bool_or("enabledad", false); });
  tolerance.read(config.source_nat, [&] { return read_source_nat(network); });
  tolerance.read(config.ready_when_full, [&] { return network.bool_or("readyWhenFull", false); });
  tolerance.read(config.dns, [&] { return read_own_dns(network); });
  tolerance.read(config.bandwidth, [&] { return read_bandwidth(network); });
  tolerance.read(config.tuning, [&] { return read_tuning(network); });
}

void refuse_near_misses(JsonObject& network, const NetworkConfig& config) {
  if (config.type != own_type) return;
  network.also_known(also_known);
  network.reject_near_misses(keys_of_others);
}

// A bridge and a cable work without addresses, too.
void require_ipam(const NetworkConfig& config) {
  if (config.bridge.disable_container_interface && !config.ipam.type.empty()) {
    throw Error(ErrorCode::invalid_config, "cannot use IPAM when DisableContainerInterface flag is set");
  }
  if (config.type != own_type || config.mode != Mode::ptp || !config.ipam.type.empty()) return;
  throw Error(
      ErrorCode::invalid_config,
      "/ipam/type: missing: mode ptp needs addresses; \"veth-ipam\" is built in, other types are run from CNI_PATH");
}

void refuse_limits_of_a_cable(const NetworkConfig& config) {
  if (config.mode != Mode::netns || config.bandwidth == Bandwidth{}) return;
  throw Error(ErrorCode::invalid_config,
              "/bandwidth: mode netns cannot limit rates: both ends are in containers, which could lift the limits");
}

// Runtimes do not tell STATUS what they will tell ADD, only that they can.
bool may_be_told_addresses(JsonObject& network) {
  auto capabilities = network.find_object("capabilities");
  return capabilities && (capabilities->bool_or("ips", false) || capabilities->bool_or("ipRanges", false));
}

bool has_addresses(const NetworkConfig& config) {
  const IpamConfig& ipam = config.ipam;
  const Wishes& wishes = config.wishes;
  return !(ipam.ranges.empty() && ipam.addresses.empty() && wishes.ranges.empty() && wishes.addresses.empty());
}

void require_addresses(JsonObject& network, const NetworkConfig& config, Verb verb) {
  if (config.ipam.type != own_ipam_type) return;
  if (!config.ipam.ranges.empty() && !config.ipam.addresses.empty()) {
    throw Error(ErrorCode::invalid_config, "/ipam: ranges and addresses exclude each other");
  }
  const bool is_told_later = verb == Verb::status || verb == Verb::version;
  if (has_addresses(config) || (is_told_later && may_be_told_addresses(network))) return;
  throw Error(ErrorCode::invalid_config, "/ipam: needs ranges or addresses, and the runtime names none");
}

}  // namespace

NetworkConfig parse_network_config(std::string_view text, Verb verb, const Args& args) {
  return parse_network_config(JsonDocument(text, origin), verb, args);
}

NetworkConfig parse_network_config(const JsonDocument& document, Verb verb, const Args& args) {
  JsonObject network = document.root().as_object();
  const Tolerance tolerance(verb);
  NetworkConfig config = read_common(network, verb);
  read_own(network, config, tolerance);
  config.wishes = read_wishes(network, args, tolerance);
  config.ipam = read_ipam(network, tolerance);
  if (tolerance.is_lenient()) return config;
  read_log(network);  // is right; what it says is read where a call is written down
  refuse_near_misses(network, config);
  config.ignored_keys = document.ignored_keys();
  refuse_limits_of_a_cable(config);
  require_ipam(config);
  require_addresses(network, config, verb);
  return config;
}

NetworkConfig parse_ipam_request(std::string_view text, Verb verb, const Args& args) {
  const JsonDocument document(text, origin);
  JsonObject network = document.root().as_object();
  const Tolerance tolerance(verb);
  NetworkConfig config = read_common(network, verb);
  tolerance.read(config.ready_when_full, [&] { return network.bool_or("readyWhenFull", false); });
  config.wishes = read_address_wishes(network, args, tolerance);
  config.ipam = read_own_ipam(network, tolerance);
  config.ignored_keys = document.ignored_keys();
  if (!tolerance.is_lenient()) require_addresses(network, config, verb);
  return config;
}

NetworkConfig parse_common_config(std::string_view text, Verb verb) {
  const JsonDocument document(text, origin);
  JsonObject network = document.root().as_object();
  if (!Tolerance(verb).is_lenient()) read_log(network);
  return read_common(network, verb);
}

std::optional<std::string> find_version_text(std::string_view text) {
  try {
    const JsonDocument document(text, origin);
    const auto version = document.root().as_object().find("cniVersion");
    return version ? std::optional(version->as_string()) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace cni
