#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/vethctl/commands.hpp"

namespace vethctl {
namespace {

int clean(const Arguments& arguments, const Console& console) {
  kernel::LinuxKernel kernel;
  const bool has_removed = kernel.clean_rules("");
  if (arguments.wants_json()) {
    console.print(has_removed ? "{\"removed\": true}\n" : "{\"removed\": false}\n");
  } else {
    console.print(has_removed ? "removed the rules that no container uses\n" : "there is nothing to remove\n");
  }
  return success;
}

}  // namespace

Command clean_command() {
  return {.name = "clean",
          .summary = "remove rules that no container uses",
          .description =
              "Removes what stays of our nftables tables after the last DEL: chains and sets that no container uses, "
              "and a table in which nothing is left. The next ADD that needs them makes them again. What containers "
              "use is not touched; gc drops containers that are dead.",
          .options = {output_option()},
          .run = clean};
}

}  // namespace vethctl
