#include "plugin/netavark/network.hpp"

#include "plugin/cni/address.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/netavark/json_members.hpp"
#include "plugin/text/quoted.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

namespace netavark {
namespace {

using nlohmann::ordered_json;

/// The options that `podman network create --opt` may set.
constexpr std::array option_names{"mode", "mtu", "vlan", "no_default_route"};

[[noreturn]] void refuse(const std::string& message, const std::string& advice) {
  throw cni::Error{cni::ErrorCode::invalid_config, message, advice};
}

std::string option_of(const ordered_json& network, std::string_view name) {
  return text_of(member(network, "options"), name);
}

bool is_bridge(const ordered_json& network) { return option_of(network, "mode") == "bridge"; }

void check_options(const ordered_json& network) {
  const auto& options = member(network, "options");
  if (!options.is_object()) return;
  for (const auto& [name, value] : options.items()) {
    if (std::ranges::find(option_names, name) != option_names.end()) continue;
    refuse("unknown option " + text::quoted(name), "the options are mode, mtu, vlan and no_default_route");
  }
  const auto mode = option_of(network, "mode");
  if (!mode.empty() && mode != "ptp" && mode != "bridge")
    refuse("option mode: " + text::quoted(mode) + " is not a mode", "set it to ptp (the default) or bridge");
}

std::set<cni::Family> families_of(const ordered_json& network) {
  std::set<cni::Family> families;
  for (const auto& subnet : member(network, "subnets")) {
    if (const auto prefix = cni::find_prefix(text_of(subnet, "subnet"))) families.insert(prefix->address.family);
  }
  return families;
}

/// The gateway is the first address after that of the network, as for other drivers of netavark.
void complete_subnet(ordered_json& subnet, bool is_internal) {
  const auto text = required_text_of(subnet, "subnet");
  const auto prefix = cni::find_prefix(text);
  if (!prefix) refuse("subnet " + text::quoted(text) + " is not in CIDR notation", "set it as in 10.89.0.0/24");
  if (text_of(subnet, "gateway").empty() && !is_internal)
    subnet["gateway"] = cni::to_string(cni::second_address(*prefix));
}

/// "br-" and the beginning of the ID, as Docker names its bridges.
std::string default_bridge(const ordered_json& network) {
  constexpr std::size_t id_characters = 12;
  return "br-" + required_text_of(network, "id").substr(0, id_characters);
}

void copy_text(const ordered_json& from, std::string_view key, ordered_json& to, std::string_view new_key) {
  const auto text = text_of(from, key);
  if (!text.empty()) to[new_key] = text;
}

ordered_json ranges_of(const ordered_json& network) {
  auto ranges = ordered_json::array();
  for (const auto& subnet : member(network, "subnets")) {
    ordered_json range{{"subnet", required_text_of(subnet, "subnet")}};
    const auto& lease_range = member(subnet, "lease_range");
    copy_text(lease_range, "start_ip", range, "rangeStart");
    copy_text(lease_range, "end_ip", range, "rangeEnd");
    copy_text(subnet, "gateway", range, "gateway");
    ranges.push_back(ordered_json::array({std::move(range)}));
  }
  return ranges;
}

/// Containers of an internal network reach only each other and the host.
ordered_json routes_of(const ordered_json& network) {
  auto routes = ordered_json::array();
  const bool has_default_routes = !is_true(network, "internal") && option_of(network, "no_default_route") != "true";
  for (const auto family : has_default_routes ? families_of(network) : std::set<cni::Family>{}) {
    routes.push_back({{"dst", family == cni::Family::ipv4 ? "0.0.0.0/0" : "::/0"}});
  }
  for (const auto& configured : member(network, "routes")) {
    ordered_json route{{"dst", required_text_of(configured, "destination")}};
    copy_text(configured, "gateway", route, "gw");
    if (const auto metric = number_of(configured, "metric", 0); metric != 0) route["priority"] = metric;
    routes.push_back(std::move(route));
  }
  return routes;
}

/// A number if the text is one: the configuration of veth rejects other values.
ordered_json number_or_text(const std::string& text) {
  auto number = ordered_json::parse(text, nullptr, false);
  return number.is_number_unsigned() ? number : ordered_json(text);
}

void set_mode(const ordered_json& network, ordered_json& config) {
  config["mode"] = is_bridge(network) ? "bridge" : "ptp";
  if (is_bridge(network)) {
    config["bridge"] = text_of(network, "network_interface");
    config["isGateway"] = !is_true(network, "internal");
  }
  const auto mtu = option_of(network, "mtu");
  config["mtu"] = mtu.empty() ? ordered_json("auto") : number_or_text(mtu);
  if (const auto vlan = option_of(network, "vlan"); !vlan.empty()) config["vlan"] = number_or_text(vlan);
}

}  // namespace

std::string complete_network(const std::string& text) {
  auto network = parse_object(text, "the network");
  check_options(network);
  if (!member(network, "subnets").is_array() || member(network, "subnets").empty())
    refuse("the network has no subnet", "set one of each address family with --subnet");
  for (auto& subnet : network["subnets"]) complete_subnet(subnet, is_true(network, "internal"));
  if (families_of(network).contains(cni::Family::ipv6)) network["ipv6_enabled"] = true;
  network["dns_enabled"] = false;  // netavark starts its DNS server only for its own drivers
  if (is_bridge(network) && text_of(network, "network_interface").empty())
    network["network_interface"] = default_bridge(network);
  cni::parse_config_file(to_cni_config(network).dump());
  return network.dump() + '\n';
}

ordered_json to_cni_config(const ordered_json& network) {
  ordered_json config{{"cniVersion", "1.1.0"}, {"name", required_text_of(network, "name")}, {"type", "veth"}};
  set_mode(network, config);
  config["ipMasq"] = !is_true(network, "internal");
  config["ipam"] = {{"type", "veth-ipam"}, {"ranges", ranges_of(network)}, {"routes", routes_of(network)}};
  return config;
}

}  // namespace netavark
