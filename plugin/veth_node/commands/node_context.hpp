#pragma once

#include "plugin/cluster/store.hpp"
#include "plugin/veth_node/commands/commands.hpp"
#include "plugin/veth_node/config.hpp"
#include "plugin/veth_node/keeper.hpp"
#include "plugin/veth_node/log.hpp"

#include <memory>
#include <string>

namespace commands {

/// --config FILE
vethctl::Option config_option();

/// Which machine this is. Throws cni::Error system_refused if the file of the configuration has no machine ID.
std::string machine_id(const veth_node::Config& config);

/// What commands beside `run` need: the store, and this node in it.
struct NodeContext {
  veth_node::Config config;
  std::unique_ptr<cluster::Store> store;
  veth_node::BlockFiles files{};
  veth_node::Log log{};
};

/// Throws cni::Error and std::system_error.
NodeContext open_node(const Arguments& arguments);

/// The context must outlive it.
veth_node::Keeper make_keeper(const NodeContext& node);

/// "block 0000a3 of pool default: 10.128.40.192/26 fd00:244::28c0/122"
std::string to_string(const cluster::BlockId& block, const std::vector<cni::Prefix>& prefixes);

}  // namespace commands
