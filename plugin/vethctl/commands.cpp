#include "plugin/vethctl/commands.hpp"

namespace vethctl {

std::vector<Command> commands() {
  return {list_command(),   show_command(), graph_command(),  validate_command(),
          leases_command(), gc_command(),   import_command(), version_command()};
}

}  // namespace vethctl
