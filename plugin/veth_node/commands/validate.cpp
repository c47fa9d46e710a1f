#include "plugin/cni/error.hpp"
#include "plugin/veth_node/commands/node_context.hpp"
#include "plugin/vethctl/json_object.hpp"

#include <system_error>

namespace commands {
namespace {

/// The name of the node. Throws cni::Error and std::system_error.
std::string read_valid(const Arguments& arguments) {
  const auto node = open_node(arguments);
  machine_id(node.config);
  return node.config.node;
}

int fail(const Console& console, const cni::Error& error) {
  console.print(cni::to_json(error, cni::newest_version));
  return vethctl::found_faults;
}

int validate_as_json(const Arguments& arguments, const Console& console) try {
  console.print(vethctl::to_json_object("node", read_valid(arguments)));
  return vethctl::success;
} catch (const cni::Error& error) {
  return fail(console, error);
} catch (const std::system_error& error) {
  return fail(console, {cni::ErrorCode::io_failure, error.what()});
}

int validate(const Arguments& arguments, const Console& console) {
  if (arguments.wants_json()) return validate_as_json(arguments, console);
  console.print("the configuration of node " + read_valid(arguments) + " is valid\n");
  return vethctl::success;
}

}  // namespace

Command validate_command() {
  return {.name = "validate",
          .summary = "check the configuration of this node",
          .description =
              "Reads the configuration and the files that it names, as `veth-node run` does, and reports the first "
              "fault. Does not use the store. `vethctl validate` runs this command for such a configuration.",
          .options = {vethctl::output_option(), config_option()},
          .examples = {"veth-node validate --config node.json"},
          .run = validate};
}

}  // namespace commands
