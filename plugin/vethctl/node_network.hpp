#pragma once

#include "plugin/cni/address.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// The network of one node of a cluster: the options of `vethctl install`.
struct NodeNetwork {
  std::string name = "veth";
  std::string mode = "ptp";                  ///< or "bridge"
  std::vector<cni::Prefix> pod_cidrs{};      ///< each pod gets one address of each
  std::string pool{};                        ///< of the cluster, with the prefixes pod_cidrs; empty: none
  std::vector<cni::Prefix> cluster_cidrs{};  ///< destinations for which pod addresses are not masqueraded
};

/// The configuration for runtimes: a list (.conflist) with only this plugin.
std::string to_conflist(const NodeNetwork& network);

/// The configuration that a runtime passes to the plugin for STATUS.
std::string to_status_input(const NodeNetwork& network);

/// Parses networks in CIDR notation, separated by commas or white space. Throws UsageError with the name of the option
/// for other texts, for host bits that are set, and for an empty list.
std::vector<cni::Prefix> parse_cidrs(const std::string& option, const std::string& text);

}  // namespace vethctl
