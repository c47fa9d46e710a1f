#include "integration/faults/networks.hpp"

#include "integration/support/networks.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace faults {
namespace {

using nlohmann::json;

json minimal(const std::string& mode) {
  auto config = support::dual_stack();
  config["cniVersion"] = "1.1.0";
  config["mode"] = mode;
  return config;
}

json bridge() {
  auto config = minimal("bridge");
  config["isDefaultGateway"] = true;
  config["ipam"].erase("routes");
  return config;
}

json netns_mode() {
  auto config = minimal("netns");
  config["peer"] = {{"netns", std::string{"/run/netns/"} + peer_name},
                    {"addresses", {"10.1.2.1/24", "fd00:1:2::1/64"}},
                    {"routes", {{{"dst", "10.9.0.0/16"}}, {{"dst", "fd00:9::/48"}, {"gw", "fd00:1:2::7"}}}}};
  config["ipam"].erase("routes");
  return config;
}

json mapping(int host_port, const std::string& protocol, const std::string& host_address = {}) {
  json object{{"hostPort", host_port}, {"containerPort", host_port % 1000}, {"protocol", protocol}};
  if (!host_address.empty()) object["hostIP"] = host_address;
  return object;
}

/// Mappings without hostIP apply to 127.0.0.1 and ::1, too.
json with_every_key(json config) {
  constexpr int megabit = 1'000'000;
  config["ipMasq"] = true;
  config["ipMasqExcept"] = {"10.0.0.0/8", "fd00::/8"};
  config["portMappings"] = {mapping(8080, "tcp"), mapping(5353, "udp"), mapping(8090, "tcp", "127.0.0.1"),
                            mapping(8092, "tcp", "::1"), mapping(8094, "udp", "192.0.2.1")};
  config["bandwidth"] = {{"ingressRate", 100 * megabit}, {"egressRate", 100 * megabit}};
  config["sysctl"] = {{"net.ipv4.tcp_fin_timeout", "512"}, {"net.ipv4.conf.IFNAME.arp_ignore", "1"}};
  config.update({{"txQLen", 500}, {"promisc", true}, {"allmulti", true}, {"mtu", 1400}});
  config["log"] = {{"file", "/var/log/veth-cni/calls.log"}, {"level", "debug"}};
  return config;
}

json ptp_with_every_key() {
  auto config = with_every_key(minimal("ptp"));
  config["masqAll"] = true;
  config["ipam"]["dataDir"] = "/var/lib/veth-cni";
  return config;
}

json bridge_with_every_key() {
  auto config = with_every_key(bridge());
  config.update({{"macspoofchk", true}, {"hairpinMode", true}, {"portIsolation", true}});
  return config;
}

/// With promiscMode, which excludes hairpinMode.
json bridge_with_script_ipam() {
  auto config = bridge();
  config["promiscMode"] = true;
  config["ipam"] = {{"type", script_ipam}};
  return config;
}

json ipam_only() {
  auto config = minimal("ptp");
  config.erase("mode");
  return config;
}

json loopback() { return {{"cniVersion", "1.1.0"}, {"name", "lo"}, {"type", "loopback"}}; }

/// Stores an address in a file; the container "b" gets the address after that of "a". Printing is the last step.
constexpr auto script = R"(#!/bin/sh
set -e
folder=/var/lib/script-ipam
input=$(cat)
case $input in *\}) ;; *) echo '{"cniVersion": "1.1.0", "code": 6, "msg": "input that is cut short"}' && exit 1 ;; esac
file=$folder/$CNI_CONTAINERID-$CNI_IFNAME
case $CNI_CONTAINERID in b) number=3 ;; *) number=2 ;; esac
case $CNI_COMMAND in
  ADD)
    mkdir -p $folder
    echo $number >$file
    echo "{\"cniVersion\": \"1.1.0\", \"ips\": [
      {\"address\": \"10.1.2.$number/24\", \"gateway\": \"10.1.2.1\"},
      {\"address\": \"fd00:1:2::$number/64\", \"gateway\": \"fd00:1:2::1\"}]}"
    ;;
  DEL) rm -f $file ;;
  CHECK) [ -e $file ] ;;
  GC)
    for file in $folder/*; do
      id=${file##*/}
      case $input in *"\"containerID\":\"${id%-*}\""*) ;; *) rm -f "$file" ;; esac
    done
    ;;
esac
)";

std::vector<Network> all_networks() {
  auto all = networks();
  all.push_back({"veth-ipam", ipam_only(), "veth-ipam"});
  all.push_back({"loopback", loopback(), "loopback"});
  return all;
}

}  // namespace

const std::vector<Network>& networks() {
  static const std::vector<Network> all{{"ptp", minimal("ptp")},
                                        {"ptp with every key", ptp_with_every_key()},
                                        {"bridge", bridge()},
                                        {"bridge with every key", bridge_with_every_key()},
                                        {"bridge, IPAM executable", bridge_with_script_ipam()},
                                        {"netns", netns_mode()}};
  return all;
}

const std::vector<Network>& networks_of_all_plugins() {
  static const auto all = all_networks();
  return all;
}

const Network& network(const std::string& name) {
  const auto found = std::ranges::find(networks(), name, &Network::name);
  if (found == networks().end()) throw std::invalid_argument("there is no network \"" + name + "\"");
  return *found;
}

bool supports(const std::string& verb, const Network& network) { return verb != "GC" || network.plugin != "loopback"; }

void install_script_ipam() {
  const std::filesystem::path file = std::filesystem::path{scripts} / script_ipam;
  std::filesystem::create_directory(scripts);
  std::ofstream{file} << script;
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
}

}  // namespace faults
