#pragma once

#include "plugin/cluster/entries.hpp"
#include "plugin/cni/error.hpp"

#include <string>

// Why a node does not join its cluster.
namespace veth_node {

/// The entry of this node is `other`, of another machine.
cni::Error name_refusal(const cluster::Owner& owner, const cluster::Node& other);

/// The pool of the store differs from that of the configuration.
cni::Error pool_refusal(const std::string& name, const cluster::Pool& stored, const cluster::Pool& configured);

/// A block of this node has other prefixes than the pool gives it.
cni::Error block_refusal(const cluster::BlockId& block, const cni::Prefix& found);

}  // namespace veth_node
