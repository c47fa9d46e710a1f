#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/environment.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/stopwatch.hpp"

#include <string>
#include <vector>

namespace cni {

/// One call of the plugin, checked.
struct Request {
  Verb verb = Verb::version;
  Attachment attachment{};  ///< container and interface are empty for GC and STATUS
  std::string netns{};      ///< CNI_NETNS as it was given; empty where there is none
  bool netns_override = false;
  std::vector<std::string> plugin_path{};  ///< the folders of CNI_PATH
  NetworkConfig config{};
  std::string input{};             ///< the network configuration byte for byte, for delegates
  Stopwatch* stopwatch = nullptr;  ///< of the call, for its steps; null: nobody wants to know

  bool operator==(const Request&) const = default;
};

/// Who is asked: the plugin "veth", "veth-ipam" by another plugin, or "loopback", which has no configuration of its
/// own.
enum class Role { plugin, ipam, loopback };

/// Throws Error. The plugin refuses the interface names "lo", "all" and "default" too: they are the kernel's own.
Request parse_request(const Environment& environment, std::string input, Role role);

}  // namespace cni
