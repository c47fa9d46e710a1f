#pragma once

#include "plugin/cni/address.hpp"

#include <set>
#include <string>
#include <vector>

namespace veth_node {

/// The addresses that containers of this node have, of all networks in all state folders. Throws std::system_error.
std::set<cni::IpAddress> read_taken_addresses(const std::string& state_root);

/// How many of them are in one of the prefixes, in the family that has most.
std::size_t count_taken(const std::vector<cni::Prefix>& prefixes, const std::set<cni::IpAddress>& taken);

}  // namespace veth_node
