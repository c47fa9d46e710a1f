#include "plugin/veth_node/refusals.hpp"

#include "plugin/text/quoted.hpp"

namespace veth_node {

cni::Error name_refusal(const cluster::Owner& owner, const cluster::Node& other) {
  return {cni::ErrorCode::already_attached,
          "another machine has the node name " + text::quoted(owner.node) + " in the store: machine ID " +
              text::quoted(other.machine) + ", that of this machine is " + text::quoted(owner.machine),
          "set \"node\" to another name; or, if the other machine is gone for ever, run `veth-node forget " +
              owner.node + "` on another node"};
}

cni::Error pool_refusal(const std::string& name, const cluster::Pool& stored, const cluster::Pool& configured) {
  return {cni::ErrorCode::invalid_config,
          "pool " + text::quoted(name) + " is " + to_json(stored) + " in the store, but " + to_json(configured) +
              " in the configuration",
          "blocks of both would overlap: use the pool of the store, or a new name for another one"};
}

cni::Error block_refusal(const cluster::BlockId& block, const cni::Prefix& found) {
  return {cni::ErrorCode::invalid_config,
          "pool " + text::quoted(block.pool) + " was changed: block " + cluster::block_name(block.index) +
              " of this node has " + cni::to_string(found),
          "restore the pool in the store, or remove all containers and release all blocks first"};
}

}  // namespace veth_node
