#pragma once

#include "plugin/cni/address.hpp"

#include <set>
#include <string>
#include <vector>

namespace veth_node {

/// The addresses that containers of this node have, of all networks in all state folders.
struct TakenAddresses {
  std::set<cni::IpAddress> addresses{};
  /// An ADD or DEL is in progress somewhere: it may take a further address of a block that it has seen.
  bool is_changing = false;
};

/// Throws std::system_error.
TakenAddresses read_taken_addresses(const std::string& state_root);

/// How many of them are in one of the prefixes, in the family that has most.
std::size_t count_taken(const std::vector<cni::Prefix>& prefixes, const std::set<cni::IpAddress>& taken);

}  // namespace veth_node
