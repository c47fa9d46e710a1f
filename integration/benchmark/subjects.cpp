#include "integration/benchmark/subjects.hpp"

#include "integration/support/call.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/plugin_chain.hpp"

#include <cstdlib>
#include <utility>

namespace benchmark {
namespace {

constexpr auto version = "1.0.0";

std::string ipv4_range(int number) { return "10." + std::to_string(number + 10) + ".0.0/16"; }
std::string ipv6_range(int number) { return "fd00:" + std::to_string(number + 10) + "::/64"; }

json port_mappings(int number) {
  return json::array({{{"hostPort", 20000 + number}, {"containerPort", 80}, {"protocol", "tcp"}}});
}

json bandwidth() {
  return {{"ingressRate", 100'000'000},
          {"ingressBurst", 8'000'000},
          {"egressRate", 100'000'000},
          {"egressBurst", 8'000'000}};
}

json veth_config(int number, const std::vector<std::string>& ranges) {
  return {{"cniVersion", version},
          {"name", "veth" + std::to_string(number)},
          {"type", "veth"},
          {"ipam", support::veth_ipam(ranges)}};
}

Subject veth(std::string name, json config) { return {std::move(name), {{{veth_program()}, std::move(config)}}}; }

json masqueraded(int number) {
  json config = veth_config(number, {ipv4_range(number)});
  config["ipMasq"] = true;
  return config;
}

json with_ports(int number) {
  json config = masqueraded(number);
  config["runtimeConfig"]["portMappings"] = port_mappings(number);
  return config;
}

Plugin reference(int number, const std::string& type, json config) {
  config.update({{"cniVersion", version}, {"name", "peer" + std::to_string(number)}, {"type", type}});
  return {{reference_folder() + "/" + type}, std::move(config)};
}

json host_local(int number) {
  return {{"type", "host-local"},
          {"ranges", json::array({json::array({{{"subnet", ipv4_range(number)}}})})},
          {"routes", json::array({{{"dst", "0.0.0.0/0"}}})}};
}

}  // namespace

Subject floor_ipv4() { return {"floor, IPv4", {{{floor_program()}}}}; }
Subject floor_dual_stack() { return {"floor, dual stack", {{{floor_program(), "dual"}}}}; }
Subject empty_program() { return {"a program that ends at once", {{{floor_program()}}}}; }

Subject veth_ipv4(int number) { return veth("veth ptp, IPv4", veth_config(number, {ipv4_range(number)})); }

Subject veth_dual_stack(int number) {
  return veth("veth ptp, dual stack", veth_config(number, {ipv4_range(number), ipv6_range(number)}));
}

Subject veth_netkit(int number) {
  json config = veth_config(number, {ipv4_range(number), ipv6_range(number)});
  config["device"] = "netkit";
  return veth("veth ptp with netkit, dual stack", std::move(config));
}

Subject veth_masquerade(int number) { return veth("veth ptp + ipMasq", masqueraded(number)); }
Subject veth_ports(int number) { return veth("veth ptp + ipMasq + port", with_ports(number)); }

Subject veth_kubernetes(int number) {
  json config = with_ports(number);
  config["runtimeConfig"]["bandwidth"] = bandwidth();
  return veth("veth Kubernetes set", std::move(config));
}

Subject veth_bridge(int number) {
  json config = veth_config(number, {ipv4_range(number)});
  config.update({{"mode", "bridge"}, {"bridge", "vethbr"}, {"isGateway", true}});
  return veth("veth bridge, IPv4", std::move(config));
}

Subject veth_netns(int number, const std::string& peer_netns) {
  json config = veth_config(number, {ipv4_range(number)});
  config["ipam"].erase("routes");
  config["ipam"]["ranges"][0][0]["rangeEnd"] = "10." + std::to_string(number + 10) + ".200.255";  // the peer is beyond
  config["mode"] = "netns";
  config["peer"] = {{"netns", peer_netns}, {"addresses", {"10." + std::to_string(number + 10) + ".255.1/16"}}};
  return veth("veth netns, IPv4", std::move(config));
}

Subject reference_ptp(int number) {
  return {"ptp + host-local", {reference(number, "ptp", {{"ipam", host_local(number)}})}};
}

Subject reference_masquerade(int number) {
  return {"ptp + host-local + ipMasq", {reference(number, "ptp", {{"ipMasq", true}, {"ipam", host_local(number)}})}};
}

Subject reference_bridge(int number) {
  const json config{{"bridge", "peerbr"}, {"isGateway", true}, {"ipam", host_local(number)}};
  return {"bridge + host-local", {reference(number, "bridge", config)}};
}

Subject reference_chain(int number) {
  return {"ptp + host-local + portmap + bandwidth",
          {reference(number, "ptp", {{"ipMasq", true}, {"ipam", host_local(number)}}),
           reference(number, "portmap", {{"runtimeConfig", {{"portMappings", port_mappings(number)}}}}),
           reference(number, "bandwidth", {{"runtimeConfig", {{"bandwidth", bandwidth()}}}})}};
}

Subject drop_in_chain(int number) {
  Subject subject{"veth as ptp + host-local + portmap + bandwidth", reference_chain(number).plugins};
  for (auto& plugin : subject.plugins) {
    plugin.argv.front() = support::drop_in_plugins() + "/" + plugin.config.at("type").get<std::string>();
    plugin.config["name"] = "drop-in" + std::to_string(number);
  }
  return subject;
}

std::string reference_folder() {
  const char* other = std::getenv("PEER_BIN_DIR");
  return other != nullptr ? other : support::reference_plugins;
}

std::string veth_program() { return support::executables() + "/veth"; }
std::string floor_program() { return FLOOR; }

}  // namespace benchmark
