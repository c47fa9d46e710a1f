#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/node/settings.hpp"
#include "plugin/wiring/node_network.hpp"

#include <string>

namespace node {

/// The network that a node needs to reach the containers of all other nodes of the directory. Depends only on the
/// arguments. Networks that accepted_networks() rejects have no routes.
wiring::NodeNetwork plan(const cluster::Directory& directory, const std::string& own_node, const Underlay& underlay,
                         const Settings& settings = {});

}  // namespace node
