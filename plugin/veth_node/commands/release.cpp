#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/veth_node/commands/node_context.hpp"

namespace commands {
namespace {

/// The blocks of the operand "POOL" or "POOL/0000a3".
std::vector<cluster::BlockId> blocks_named(const NodeContext& node, const std::string& name) {
  if (const auto block = cluster::find_block(std::string{cluster::blocks_prefix} + name)) {
    const bool is_held = node.files.list(block->pool).contains(block->index);
    if (is_held) return {*block};
  }
  std::vector<cluster::BlockId> blocks;
  if (cluster::is_name(name)) {
    for (const auto index : node.files.list(name)) blocks.push_back({.pool = name, .index = index});
  }
  if (!blocks.empty()) return blocks;
  throw cni::Error{cni::ErrorCode::invalid_environment, "this node has no block " + text::quoted(name),
                   "`veth-node show` lists them"};
}

int release(const Arguments& arguments, const Console& console) {
  const auto node = open_node(arguments);
  auto keeper = make_keeper(node);
  int status = vethctl::success;
  for (const auto& block : blocks_named(node, arguments.operands.front())) {
    const auto text = to_string(block, node.files.find(block).value_or(std::vector<cni::Prefix>{}));
    const bool is_released = keeper.release(block);
    console.print((is_released ? "released " : "kept, its addresses are in use: ") + text + '\n');
    if (!is_released) status = vethctl::found_faults;
  }
  return status;
}

}  // namespace

Command release_command() {
  return {.name = "release",
          .operands = "POOL[/BLOCK]",
          .min_operands = 1,
          .max_operands = 1,
          .summary = "give blocks without containers back",
          .description =
              "Gives the blocks of a pool, or one of them, back to the store, if no container has an address of them. "
              "Status 1 if a block was kept. `veth-node run` releases blocks "
              "that have been empty for 30 minutes, except the first and one more.",
          .options = {config_option()},
          .examples = {"veth-node release default", "veth-node release default/0000a3"},
          .run = release};
}

}  // namespace commands
