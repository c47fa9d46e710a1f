#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace faults {

/// A network whose calls get faults injected. cniVersion 1.1.0, both families.
struct Network {
  std::string name;
  nlohmann::json config;
  std::string plugin = "veth";  ///< the executable that is called
};

/// The networks of the plugin veth: each mode, with the required keys only and with all keys, and one with an IPAM
/// executable.
const std::vector<Network>& networks();

/// These and one network each of veth-ipam and loopback.
const std::vector<Network>& networks_of_all_plugins();

/// Throws std::invalid_argument if networks() has no such name.
const Network& network(const std::string& name);

/// False for GC of loopback: GC has no CNI_NETNS, so it cannot change `lo`.
bool supports(const std::string& verb, const Network& network);

/// Name of the namespace of the other end in mode netns.
constexpr auto peer_name = "peer";

/// First folder of CNI_PATH, and the IPAM plugin in it, a shell script.
constexpr auto scripts = "/run/test/plugins";
constexpr auto script_ipam = "script-ipam";

/// Installs the script on a new node. It keeps its addresses in /var/lib/script-ipam.
void install_script_ipam();

}  // namespace faults
