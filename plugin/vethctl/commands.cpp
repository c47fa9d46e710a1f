#include "plugin/vethctl/commands.hpp"

namespace vethctl {

std::vector<Command> commands() {
  return {connect_command(),    disconnect_command(), add_command(),     del_command(),       list_command(),
          show_command(),       graph_command(),      check_command(),   probe_command(),     repair_command(),
          validate_command(),   leases_command(),     gc_command(),      import_command(),    events_command(),
          metrics_command(),    status_command(),     install_command(), uninstall_command(), clean_command(),
          completion_command(), man_command(),        version_command()};
}

}  // namespace vethctl
