#include "plugin/netavark/exec.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/netavark/json_members.hpp"
#include "plugin/netavark/network.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace netavark {
namespace {

using nlohmann::ordered_json;

/// One mapping of netavark is for a range of ports, and for several protocols separated by commas.
void add_mappings(const ordered_json& given, const std::string& protocol, ordered_json& mappings) {
  const auto count = number_of(given, "range", 1);
  const auto host_port = number_of(given, "host_port", 0);
  const auto container_port = number_of(given, "container_port", 0);
  for (std::uint64_t offset = 0; offset < count; ++offset) {
    ordered_json mapping{
        {"hostPort", host_port + offset}, {"containerPort", container_port + offset}, {"protocol", protocol}};
    const auto host_ip = text_of(given, "host_ip");
    if (!host_ip.empty()) mapping["hostIP"] = host_ip;
    mappings.push_back(std::move(mapping));
  }
}

void add_mappings_of_each_protocol(const ordered_json& given, ordered_json& mappings) {
  const auto text = text_of(given, "protocol");
  std::string_view protocols = text.empty() ? std::string_view{"tcp"} : text;
  while (!protocols.empty()) {
    const auto protocol = protocols.substr(0, protocols.find(','));
    add_mappings(given, std::string{protocol}, mappings);
    protocols.remove_prefix(std::min(protocol.size() + 1, protocols.size()));
  }
}

ordered_json runtime_config(const ordered_json& exec) {
  ordered_json config = ordered_json::object();
  auto mappings = ordered_json::array();
  for (const auto& given : member(exec, "port_mappings")) add_mappings_of_each_protocol(given, mappings);
  if (!mappings.empty()) config["portMappings"] = std::move(mappings);
  const auto& options = member(exec, "network_options");
  if (const auto& addresses = member(options, "static_ips"); addresses.is_array() && !addresses.empty())
    config["ips"] = addresses;
  if (const auto mac = text_of(options, "static_mac"); !mac.empty()) config["mac"] = mac;
  return config;
}

/// The address of a result belongs to the interface with this position.
bool is_of_interface(const ordered_json& address, std::size_t position) {
  return number_of(address, "interface", position) == position;
}

ordered_json subnets_of(const ordered_json& result, std::size_t interface) {
  auto subnets = ordered_json::array();
  for (const auto& address : member(result, "ips")) {
    if (!is_of_interface(address, interface)) continue;
    ordered_json subnet{{"ipnet", text_of(address, "address")}};
    if (const auto gateway = text_of(address, "gateway"); !gateway.empty()) subnet["gateway"] = gateway;
    subnets.push_back(std::move(subnet));
  }
  return subnets;
}

}  // namespace

cni::Call to_cni_call(cni::Verb verb, const std::string& netns, const std::string& input) {
  const auto exec = parse_object(input, "the input");
  auto config = to_cni_config(member(exec, "network"));
  if (verb == cni::Verb::add) config["runtimeConfig"] = runtime_config(exec);
  return {.environment = {.command = std::string{cni::to_string(verb)},
                          .container_id = required_text_of(exec, "container_id"),
                          .netns = netns,
                          .ifname = required_text_of(member(exec, "network_options"), "interface_name")},
          .input = config.dump()};
}

std::string to_status_block(const std::string& text) {
  const auto result = parse_object(text, "the result");
  auto interfaces = ordered_json::object();
  const auto& listed = member(result, "interfaces");
  for (std::size_t position = 0; position < listed.size(); ++position) {
    const auto& interface = listed.at(position);
    if (text_of(interface, "sandbox").empty()) continue;
    interfaces[text_of(interface, "name")] = {{"mac_address", text_of(interface, "mac")},
                                              {"subnets", subnets_of(result, position)}};
  }
  const ordered_json block{{"dns_search_domains", ordered_json::array()},
                           {"dns_server_ips", ordered_json::array()},
                           {"interfaces", std::move(interfaces)}};
  return block.dump() + '\n';
}

}  // namespace netavark
