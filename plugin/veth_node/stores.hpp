#pragma once

#include "plugin/cluster/store.hpp"
#include "plugin/veth_node/config.hpp"

#include <memory>

namespace veth_node {

/// A connection to the store of the configuration. Throws cni::Error and std::system_error if a file that the
/// configuration names cannot be read.
std::unique_ptr<cluster::Store> open_store(const Config& config);

/// The configuration with what the Node object of this node says, if the store is Kubernetes: its networks, and its
/// addresses unless the configuration has some. Throws as open_store() does, and cni::Error if the API server does not
/// answer.
Config with_node_object(Config config);

}  // namespace veth_node
