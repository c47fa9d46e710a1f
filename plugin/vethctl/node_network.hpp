#pragma once

#include "plugin/cni/address.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// The network of one node of a cluster, as its administrator thinks of it.
struct NodeNetwork {
  std::string name = "veth";
  std::string mode = "ptp";                  ///< or "bridge"
  std::vector<cni::Prefix> pod_cidrs{};      ///< a pod gets one address of each
  std::vector<cni::Prefix> cluster_cidrs{};  ///< where the pods' own addresses are known: not masqueraded
};

/// The configuration for runtimes: a list (.conflist) of this plugin alone.
std::string to_list(const NodeNetwork& network);

/// What the plugin is handed of it by the verb STATUS.
std::string to_status_input(const NodeNetwork& network);

/// Networks in CIDR notation, divided by commas or white space. Throws UsageError, which names the option, for anything
/// else, for host bits that are set, and for none.
std::vector<cni::Prefix> parse_cidrs(const std::string& option, const std::string& text);

}  // namespace vethctl
