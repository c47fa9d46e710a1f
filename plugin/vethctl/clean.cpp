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
    console.print(has_removed ? "removed unused rules\n" : "no unused rules\n");
  }
  return success;
}

}  // namespace

Command clean_command() {
  return {.name = "clean",
          .summary = "remove nftables rules that no container uses",
          .description =
              "Removes the chains and sets of the plugin that no container uses, and the nftables table if it is empty "
              "afterwards. They remain after the last DEL, because the next ADD usually needs them; an ADD creates "
              "them again. Rules of containers are not changed. To remove stale attachments, use gc.",
          .options = {output_option()},
          .examples = {"vethctl clean"},
          .run = clean};
}

}  // namespace vethctl
