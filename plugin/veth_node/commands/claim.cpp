#include "plugin/cni/error.hpp"
#include "plugin/veth_node/commands/node_context.hpp"

#include <cstdlib>

namespace commands {
namespace {

/// The plugin, which runs this command during an ADD, adds the text to its own error.
bool is_run_by_plugin() { return std::getenv("CNI_COMMAND") != nullptr; }

int claim(const Arguments& arguments, const Console& console) try {
  const auto pool = arguments.value("pool").value_or("default");
  const auto node = open_node(arguments);
  const auto block = make_keeper(node).claim(pool);
  console.print(to_string(block, node.files.find(block).value_or(std::vector<cni::Prefix>{})) + '\n');
  return vethctl::success;
} catch (const cni::Error& error) {
  if (is_run_by_plugin()) console.print(std::string{error.what()} + '\n');
  throw;
}

}  // namespace

Command claim_command() {
  return {
      .name = "claim",
      .summary = "claim one more block of a pool for this node",
      .description =
          "Claims a free block of a pool in the store and writes its file below /var/lib/veth-cni/blocks, where the "
          "plugin takes addresses. `veth-node run` claims blocks ahead; the plugin runs this command if all blocks "
          "of the node are full nevertheless.\n\n"
          "If the pool is not in the configuration, it must be in the store.",
      .options = {{.name = "pool", .value = "NAME", .help = "the pool (default: default)"}, config_option()},
      .examples = {"veth-node claim --pool default"},
      .run = claim};
}

}  // namespace commands
