#include "plugin/vethctl/node_network.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/command.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace vethctl {
namespace {

// All supported runtimes support 1.0.0; runtimes with STATUS and GC choose 1.1.0.
constexpr auto common_version = "1.0.0";
constexpr auto newest_version = "1.1.0";

constexpr std::uint64_t burst_bits = 8'000'000;

void write(cni::JsonWriter& json, const char* key, const std::vector<cni::Prefix>& prefixes) {
  json.key(key);
  json.begin_array();
  for (const auto& prefix : prefixes) json.string(cni::to_string(prefix));
  json.end_array();
}

void write_true(cni::JsonWriter& json, const char* key) {
  json.key(key);
  json.boolean(true);
}

/// containerd and CRI-O request bursts of gigabytes, with which no limit would take effect. These values replace them.
void write_bursts(cni::JsonWriter& json) {
  json.key("bandwidth");
  json.begin_object();
  json.member("ingressBurst", burst_bits);
  json.member("egressBurst", burst_bits);
  json.end_object();
}

void write_capabilities(cni::JsonWriter& json) {
  json.key("capabilities");
  json.begin_object();
  for (const char* capability : {"portMappings", "bandwidth", "ipRanges", "ips", "mac", "dns"}) {
    write_true(json, capability);
  }
  json.end_object();
}

void write_ranges(cni::JsonWriter& json, const std::vector<cni::Prefix>& subnets) {
  json.key("ranges");
  json.begin_array();
  for (const auto& subnet : subnets) {
    json.begin_array();
    json.begin_object();
    json.member("subnet", cni::to_string(subnet));
    json.end_object();
    json.end_array();
  }
  json.end_array();
}

void write_default_routes(cni::JsonWriter& json, const std::vector<cni::Prefix>& subnets) {
  std::set<cni::Family> families;
  for (const auto& subnet : subnets) families.insert(subnet.address.family);
  json.key("routes");
  json.begin_array();
  for (const auto family : families) {
    json.begin_object();
    json.member("dst", family == cni::Family::ipv4 ? "0.0.0.0/0" : "::/0");
    json.end_object();
  }
  json.end_array();
}

void write_ipam(cni::JsonWriter& json, const NodeNetwork& network) {
  json.key("ipam");
  json.begin_object();
  json.member("type", "veth-ipam");
  if (network.pool.empty()) {
    write_ranges(json, network.pod_cidrs);
  } else {
    json.member("pool", network.pool);
  }
  write_default_routes(json, network.pod_cidrs);
  json.end_object();
}

/// The members of the plugin's own object. A full node is still Ready: readyWhenFull.
void write_plugin(cni::JsonWriter& json, const NodeNetwork& network) {
  json.member("type", "veth");
  json.member("mode", network.mode);
  if (network.mode == "bridge") write_true(json, "isDefaultGateway");
  json.member("mtu", "auto");
  write_true(json, "ipMasq");
  if (!network.cluster_cidrs.empty()) write(json, "ipMasqExcept", network.cluster_cidrs);
  write_true(json, "readyWhenFull");
  write_bursts(json);
  write_capabilities(json);
  write_ipam(json, network);
}

void write_versions(cni::JsonWriter& json) {
  json.member("cniVersion", common_version);
  json.key("cniVersions");
  json.begin_array();
  for (const char* version : {common_version, newest_version}) json.string(version);
  json.end_array();
}

cni::Prefix parse_cidr(const std::string& option, const std::string& word) {
  const auto prefix = cni::find_prefix(word);
  if (!prefix) throw UsageError{"--" + option + ": " + text::quoted(word) + " is not in CIDR notation (10.244.1.0/24)"};
  if (*prefix == cni::network_of(*prefix)) return *prefix;
  throw UsageError{"--" + option + ": " + text::quoted(word) + " has host bits: the network is " +
                   cni::to_string(cni::network_of(*prefix))};
}

}  // namespace

std::string to_conflist(const NodeNetwork& network) {
  constexpr std::size_t indent = 4;
  cni::JsonWriter json{indent};
  json.begin_object();
  write_versions(json);
  json.member("name", network.name);
  json.key("plugins");
  json.begin_array();
  json.begin_object();
  write_plugin(json, network);
  json.end_object();
  json.end_array();
  json.end_object();
  return json.finished();
}

std::string to_status_input(const NodeNetwork& network) {
  cni::JsonWriter json{0};
  json.begin_object();
  json.member("cniVersion", newest_version);
  json.member("name", network.name);
  write_plugin(json, network);
  json.end_object();
  return json.finished();
}

std::vector<cni::Prefix> parse_cidrs(const std::string& option, const std::string& text) {
  auto words = text;
  std::ranges::replace(words, ',', ' ');
  std::istringstream stream{words};
  std::vector<cni::Prefix> prefixes;
  for (std::string word; stream >> word;) prefixes.push_back(parse_cidr(option, word));
  if (prefixes.empty()) throw UsageError{"--" + option + ": contains no network"};
  return prefixes;
}

}  // namespace vethctl
