#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace faults {

/// A network as a subject of faults. cniVersion 1.1.0, both families.
struct Network {
  std::string name;
  nlohmann::json config;
  std::string plugin = "veth";  ///< the executable that is called for it
};

/// Those of the plugin veth: every mode, bare and with all that can be added to it, and one whose addresses come from
/// an executable.
const std::vector<Network>& networks();

/// Those, and one for each of the other plugins.
const std::vector<Network>& networks_of_all_plugins();

/// The one of this name.
const Network& network(const std::string& name);

/// Whether the verb can do anything for it: GC is told of no namespace, so it leaves `lo` alone.
bool serves(const std::string& verb, const Network& network);

/// Name of the namespace for the other end in mode netns.
constexpr auto peer_name = "peer";

/// Where calls look for plugins before anything else, and the IPAM that is there: a shell script.
constexpr auto scripts = "/run/test/plugins";
constexpr auto script_ipam = "script-ipam";

/// Puts it there, on a new node. It keeps its addresses in /var/lib/script-ipam.
void install_script_ipam();

}  // namespace faults
