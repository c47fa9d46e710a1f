#pragma once

#include "plugin/veth_node/diagnosis/examination.hpp"
#include "plugin/vethctl/inspect/finding.hpp"

#include <set>
#include <string>
#include <vector>

namespace diagnosis {

/// The nodes whose containers are not reached as the store wants it: their routes or next hops are missing or wrong.
std::set<std::string> nodes_without_routes(const Examination& examination);

/// What the kernel does not have as the store wants it, and the network configuration that is missing. If
/// `veth-node run` does not run, that is the finding, and all others are its consequences.
std::vector<inspect::Finding> find_network_faults(const Examination& examination);

}  // namespace diagnosis
