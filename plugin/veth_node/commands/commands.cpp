#include "plugin/veth_node/commands/commands.hpp"

namespace commands {

std::vector<Command> all_commands() {
  return {run_command(),    claim_command(), show_command(),     release_command(),
          forget_command(), check_command(), validate_command(), pod_cidrs_command(),
          clean_command(),  man_command(),   version_command()};
}

vethctl::CommandProgram node_program() {
  return {.name = "veth-node", .summary = "keep routes between nodes and cluster-wide pools in step with a store"};
}

Command version_command() {
  return {.name = "version",
          .summary = "print the version",
          .description = "Prints the version of veth-node.",
          .options = {vethctl::output_option()},
          .examples = {"veth-node version"},
          .run = [](const Arguments& arguments, const Console& console) {
            const bool wants_json = arguments.wants_json();
            console.print(wants_json ? "{\"version\": \"" VETH_VERSION "\"}\n" : "veth-node " VETH_VERSION "\n");
            return vethctl::success;
          }};
}

}  // namespace commands
