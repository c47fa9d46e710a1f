#include "plugin/vethctl/commands.hpp"

namespace vethctl {

std::vector<Command> commands() {
  return {validate_command(),   leases_command(), gc_command(),     import_command(),
          completion_command(), man_command(),    version_command()};
}

}  // namespace vethctl
