#include "plugin/veth_node/commands/node_context.hpp"

namespace commands {

Command validate_command() {
  return {
      .name = "validate",
      .summary = "check the configuration of this node",
      .description =
          "Reads the configuration and the files that it names, as `veth-node run` does, and reports the first fault. "
          "Does not use the store.",
      .options = {config_option()},
      .examples = {"veth-node validate --config node.json"},
      .run = [](const Arguments& arguments, const Console& console) {
        const auto node = open_node(arguments);
        machine_id(node.config);
        console.print("the configuration of node " + node.config.node + " is valid\n");
        return vethctl::success;
      }};
}

}  // namespace commands
