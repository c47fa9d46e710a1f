#include "plugin/vethctl/commands.hpp"

namespace vethctl {

Command version_command() {
  return {.name = "version",
          .summary = "print the version",
          .description = "Prints the version of vethctl, which is that of the plugin it was built with.",
          .run = [](const Arguments&, const Console& console) {
            console.print("vethctl " VETH_VERSION "\n");
            return success;
          }};
}

}  // namespace vethctl
