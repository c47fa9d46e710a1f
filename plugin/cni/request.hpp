#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/dialect.hpp"
#include "plugin/cni/environment.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/stopwatch.hpp"

#include <string>
#include <vector>

namespace cni {

/// One checked call of the plugin.
struct Request {
  Verb verb = Verb::version;
  Attachment attachment{};  ///< container and interface are empty for GC and STATUS
  std::string netns{};      ///< CNI_NETNS; empty if it is not set
  bool netns_override = false;
  Args args{.ip = {}};                     ///< CNI_ARGS
  std::vector<std::string> plugin_path{};  ///< the folders of CNI_PATH
  NetworkConfig config{};
  std::string input{};             ///< the network configuration, unchanged, for delegates
  Stopwatch* stopwatch = nullptr;  ///< measures the steps of the call; null: timing is off

  bool operator==(const Request&) const = default;
};

/// The executable that is called: "veth", "veth-ipam" (by another plugin), or "loopback", which has no keys of its own.
enum class Role { plugin, ipam, loopback };

/// Throws Error. The plugin also rejects the interface names "lo", "all" and "default", which the kernel reserves.
/// `dialect` is used only for Role::plugin.
Request parse_request(const Environment& environment, std::string input, Role role, const Dialect& dialect = {});

}  // namespace cni
