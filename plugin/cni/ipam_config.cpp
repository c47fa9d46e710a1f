#include "plugin/cni/ipam_config.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cni {
namespace {

RangeConfig read_range_members(JsonObject& object) {
  RangeConfig range{.subnet = object.require("subnet").as_prefix(),
                    .range_start = find_address(object, "rangeStart"),
                    .range_end = find_address(object, "rangeEnd"),
                    .gateway = find_address(object, "gateway"),
                    .exclude = {}};
  for (const JsonValue& element : read_elements(object, "exclude")) range.exclude.push_back(element.as_prefix());
  return range;
}

RangeConfig read_range(const JsonValue& value, UnknownKeys unknown_keys) {
  JsonObject object = value.as_object();
  RangeConfig range = read_range_members(object);
  if (unknown_keys == UnknownKeys::reject_misspelled) object.reject_misspelled_keys();
  return range;
}

std::vector<RangeConfig> read_range_set(const JsonValue& value, UnknownKeys unknown_keys) {
  std::vector<RangeConfig> set;
  for (const JsonValue& element : read_elements(value)) set.push_back(read_range(element, unknown_keys));
  return set;
}

// The keys of a range can be in "ipam" itself: the form of host-local that is older than "ranges".
RangeSets read_all_ranges(JsonObject& ipam, UnknownKeys unknown_keys) {
  RangeSets sets;
  if (ipam.find_nonempty("subnet")) sets.push_back({read_range_members(ipam)});
  const auto ranges = ipam.find("ranges");
  if (!ranges) return sets;
  for (auto& set : read_range_sets(*ranges, unknown_keys)) sets.push_back(std::move(set));
  return sets;
}

LeasedAddress read_address(const JsonValue& value, UnknownKeys unknown_keys) {
  JsonObject object = value.as_object();
  const auto exact = object.find_exact("address");  // Go programs that write the reference's struct add "Address": {}
  const LeasedAddress address{.address = exact ? exact->as_prefix() : object.require("address").as_prefix(),
                              .gateway = find_address(object, "gateway")};
  if (unknown_keys == UnknownKeys::reject_misspelled) object.reject_misspelled_keys();
  return address;
}

std::vector<LeasedAddress> read_addresses(JsonObject& ipam, UnknownKeys unknown_keys) {
  std::vector<LeasedAddress> addresses;
  for (const JsonValue& element : read_elements(ipam, "addresses")) {
    addresses.push_back(read_address(element, unknown_keys));
  }
  return addresses;
}

// A name with a slash could run any program of the node as root (CVE-2021-20206).
bool is_program_name(std::string_view name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !name.empty() && name.front() != '.' && name.find_first_not_of(allowed) == std::string_view::npos;
}

std::string read_type(JsonObject& ipam) {
  const auto value = ipam.find_nonempty("type");
  if (!value) return "";
  std::string type = value->as_string();
  if (!is_program_name(type))
    value->reject("must be a file name of letters, digits, '_', '-' and '.' that does not begin with '.'");
  return type;
}

// The name of a folder, and in Kubernetes a part of the name of a Lease.
bool is_pool_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  constexpr std::size_t longest = 63;
  return name.size() <= longest && name.find_first_not_of(allowed) == std::string_view::npos && name.front() != '-' &&
         name.back() != '-';
}

std::string read_pool(JsonObject& ipam) {
  const auto value = ipam.find_nonempty("pool");
  if (!value) return "";
  std::string pool = value->as_string();
  if (!is_pool_name(pool)) {
    value->reject(
        "must be a name of at most 63 lower-case letters, digits and '-' that begins and ends with a letter "
        "or digit");
  }
  return pool;
}

std::optional<std::string> find_path(JsonObject& object, std::string_view key) {
  const auto value = object.find_nonempty(key);
  if (!value) return std::nullopt;
  std::string path = value->as_string();
  if (path.find('\0') != std::string::npos) value->reject("must be a path");
  return path;
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && path.size() > folder.size();
}

bool has_parent_step(std::string_view path) { return (std::string(path) + '/').find("/../") != std::string::npos; }

std::string read_data_dir(JsonObject& ipam, IpamDialect dialect) {
  const auto path = find_path(ipam, "dataDir");
  if (!path) return "";
  if (dialect != IpamDialect::veth_ipam) return *path;
  if (has_parent_step(*path) || !(is_below(*path, "/run/") || is_below(*path, "/var/lib/"))) {
    ipam.require("dataDir").reject("must be a folder below /run or /var/lib, without \"..\"");
  }
  return *path;
}

/// With the text of the reference plugin static.
void require_prefix_lengths(JsonObject& ipam) {
  const auto addresses = ipam.find("addresses");
  if (!addresses) return;
  for (const JsonValue& element : read_elements(*addresses)) {
    const auto text = element.as_object().find_exact("address");
    if (!text || !text->is_string() || find_prefix(text->as_string())) continue;
    throw Error(ErrorCode::invalid_config,
                "the 'address' field is expected to be in CIDR notation, got: '" + text->as_string() + "'",
                text->pointer() + ": append the prefix length, as in 10.1.2.3/24");
  }
}

IpamConfig read_members(JsonObject& ipam, ParseMode parse_mode, IpamDialect dialect = IpamDialect::veth_ipam) {
  const UnknownKeys unknown_keys = unknown_keys_of(parse_mode);
  IpamConfig config;
  read_part(parse_mode, config.type, [&] { return read_type(ipam); });
  read_part(parse_mode, config.ranges, [&] { return read_all_ranges(ipam, unknown_keys); });
  read_part(parse_mode, config.has_inline_range, [&] { return ipam.find_nonempty("subnet").has_value(); });
  read_part(parse_mode, config.addresses, [&] { return read_addresses(ipam, unknown_keys); });
  if (dialect == IpamDialect::veth_ipam) read_part(parse_mode, config.pool, [&] { return read_pool(ipam); });
  read_part(parse_mode, config.routes, [&] { return read_routes(ipam, "routes", unknown_keys); });
  read_part(parse_mode, config.resolv_conf, [&] { return find_path(ipam, "resolvConf"); });
  read_part(parse_mode, config.dns, [&] { return read_dns(ipam, "dns"); });
  read_part(parse_mode, config.data_dir, [&] { return read_data_dir(ipam, dialect); });
  if (dialect == IpamDialect::host_local) {
    read_part(parse_mode, config.leases_survive_reboot, [&] { return ipam.bool_or("leasesSurviveReboot", false); });
  }
  return config;
}

// Keys of "ipam" that are valid although they are not always read: the keys of a range without "subnet", and those that
// the reference plugins' configuration type adds.
constexpr std::array<std::string_view, 6> other_valid_ipam_keys{"rangeStart", "rangeEnd", "gateway",
                                                                "exclude",    "name",     "type"};

void reject_misspelled(JsonObject& ipam) {
  ipam.mark_known(other_valid_ipam_keys);
  ipam.reject_misspelled_keys();
}

std::optional<JsonObject> find_ipam(JsonObject& network, ParseMode parse_mode) {
  std::optional<JsonObject> ipam;
  read_part(parse_mode, ipam, [&] { return network.find_object("ipam"); });
  return ipam;
}

}  // namespace

RangeSets read_range_sets(const JsonValue& value, UnknownKeys unknown_keys) {
  RangeSets sets;
  for (const JsonValue& element : read_elements(value)) sets.push_back(read_range_set(element, unknown_keys));
  return sets;
}

IpamConfig read_ipam(JsonObject& network, ParseMode parse_mode) {
  IpamConfig config;
  auto ipam = find_ipam(network, parse_mode);
  if (!ipam) return config;
  read_part(parse_mode, config.type, [&] { return read_type(*ipam); });
  if (config.type != builtin_ipam_type) return config;
  config = read_members(*ipam, parse_mode);
  if (parse_mode == ParseMode::strict) reject_misspelled(*ipam);
  return config;
}

IpamConfig read_builtin_ipam(JsonObject& network, ParseMode parse_mode, IpamDialect dialect) {
  IpamConfig config;
  if (auto ipam = find_ipam(network, parse_mode)) {
    if (dialect == IpamDialect::fixed && parse_mode == ParseMode::strict) require_prefix_lengths(*ipam);
    config = read_members(*ipam, parse_mode, dialect);
    const bool is_own = parse_mode == ParseMode::strict && config.type == builtin_ipam_type;
    if (is_own && dialect == IpamDialect::veth_ipam) reject_misspelled(*ipam);
  }
  config.type = builtin_ipam_type;
  return config;
}

}  // namespace cni
