#include "plugin/vethctl/commands.hpp"

namespace vethctl {

Command version_command() {
  return {.name = "version",
          .summary = "print the version",
          .description = "Prints the version of vethctl, which is that of the plugin it was built with.",
          .options = {output_option()},
          .run = [](const Arguments& arguments, const Console& console) {
            const bool wants_json = arguments.wants_json();
            console.print(wants_json ? "{\"version\": \"" VETH_VERSION "\"}\n" : "vethctl " VETH_VERSION "\n");
            return success;
          }};
}

}  // namespace vethctl
