#pragma once

#include <string>
#include <vector>

// Network configurations as libcni, the library of the runtimes, reads them.
namespace runtime {

/// One plugin of a list.
struct PluginEntry {
  std::string type;
  std::vector<std::string> capabilities{};  ///< declared with the value true
  std::string text{};                       ///< the object of the list, JSON

  bool operator==(const PluginEntry&) const = default;
};

/// A network configuration list (.conflist). A single configuration (.conf) is a list of one plugin.
struct NetworkList {
  std::string name;
  std::string version{};  ///< cniVersion: the newest supported one of cniVersion and cniVersions
  bool disable_check = false;
  std::vector<PluginEntry> plugins{};
  std::string text{};  ///< the file, JSON

  bool operator==(const NetworkList&) const = default;
};

/// Throws cni::Error with `origin` in the message.
NetworkList parse_network_list(const std::string& text, const std::string& origin);

/// `network`: the path of a file, or the name of a network that a file of the folder has. As in libcni, lists are
/// searched before single configurations. Throws cni::Error with the names in the folder if there is no such network.
NetworkList find_network_list(const std::string& network, const std::string& folder);

}  // namespace runtime
