#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/veth_node/commands/node_context.hpp"

namespace commands {
namespace {

bool belongs_to(const cluster::Item& item, const std::string& node) try {
  return cluster::read_owner(item.value).node == node;
} catch (const cni::Error&) {
  return false;
}

/// The node's entry is the last, so that an interrupted call can be repeated.
std::vector<cluster::Item> items_of(cluster::Store& store, const std::string& node) {
  auto items = store.list(std::string{cluster::blocks_prefix}).items;
  std::erase_if(items, [&](const cluster::Item& item) { return !belongs_to(item, node); });
  if (auto entry = store.find(cluster::node_key(node))) items.push_back(*std::move(entry));
  return items;
}

void refuse_self(const NodeContext& node, const std::string& name) {
  if (name != node.config.node) return;
  throw cni::Error{cni::ErrorCode::invalid_environment, text::quoted(name) + " is this node",
                   "stop veth-node and its containers, and run the command on another node"};
}

int forget(const Arguments& arguments, const Console& console) {
  const auto& name = arguments.operands.front();
  const auto node = open_node(arguments);
  refuse_self(node, name);
  const auto items = items_of(*node.store, name);
  if (items.empty()) {
    throw cni::Error{cni::ErrorCode::invalid_environment, "the store has no node " + text::quoted(name),
                     "`veth-node show` lists them"};
  }
  int status = vethctl::success;
  for (const auto& item : items) {
    const bool is_removed = node.store->remove(item);
    console.print((is_removed ? "removed " : "changed meanwhile, kept: ") + item.key + '\n');
    if (!is_removed) status = vethctl::found_faults;
  }
  return status;
}

}  // namespace

Command forget_command() {
  return {
      .name = "forget",
      .operands = "NODE",
      .min_operands = 1,
      .max_operands = 1,
      .summary = "remove a node that is gone for ever, and free its blocks",
      .description =
          "Removes the entries of a node and of its blocks from the store. All other nodes remove their routes to it, "
          "and may claim its blocks. The node must not run any more: its containers would keep addresses that other "
          "containers get.",
      .options = {config_option()},
      .examples = {"veth-node forget worker-7"},
      .run = forget};
}

}  // namespace commands
