#include "plugin/vethctl/commands.hpp"

namespace vethctl {

Command version_command() {
  return {.name = "version",
          .summary = "print the version",
          .description = "Prints the version of vethctl. The plugin of the same package has the same version.",
          .options = {output_option()},
          .examples = {"vethctl version"},
          .run = [](const Arguments& arguments, const Console& console) {
            const bool wants_json = arguments.wants_json();
            console.print(wants_json ? "{\"version\": \"" VETH_VERSION "\"}\n" : "vethctl " VETH_VERSION "\n");
            return success;
          }};
}

}  // namespace vethctl
