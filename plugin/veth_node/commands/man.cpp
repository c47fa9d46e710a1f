#include "plugin/veth_node/commands/commands.hpp"
#include "plugin/vethctl/json_object.hpp"
#include "plugin/vethctl/manual_sections.hpp"

#include <string>

namespace commands {
namespace {

constexpr auto head = R"(.TH VETH\-NODE 8 "" "veth\-cni )" VETH_VERSION R"(" "veth\-cni"
.SH NAME
veth\-node \- keep routes between nodes and cluster\-wide pools in step with a store
.SH SYNOPSIS
.B veth\-node
.I COMMAND
.RI [ OPTION ...]
.RI [ OPERAND ...]
.SH DESCRIPTION
veth\-node connects the containers of several nodes.
The nodes describe themselves in a store that they share: a cluster of etcd, or the API server of Kubernetes.
Each node keeps one route for each block of addresses of the other nodes, directly or through a tunnel.
It is needed only if no cloud and no other program routes between the nodes.
)";

constexpr auto tail = R"(.SH "EXIT STATUS"
.TP
.B 0
Success.
.TP
.B 1
The command failed, or could not do everything.
.TP
.B 2
The command line is wrong.
.SH FILES
.TP
.I /etc/veth\-cni/node.json
Configuration, mode 0600. Its JSON schema is in /usr/share/veth\-cni/veth\-node.schema.json.
.TP
.I /var/lib/veth\-cni/blocks
The blocks of this node: one file for each block, in a folder for each pool.
.TP
.I /run/veth\-node/snapshot.json
What the store contained last: a restart continues there.
.TP
.I /run/veth\-node/running
Locked while veth\-node run runs.
.SH "SEE ALSO"
.BR veth\-cni (5),
.BR veth\-cni (7),
.BR vethctl (8)
)";

}  // namespace

Command man_command() {
  return {.name = "man",
          .summary = "print the manual page veth-node(8)",
          .description = "Prints the manual page in the format of man(7).",
          .options = {vethctl::output_option()},
          .examples = {"veth-node man | man -l -"},
          .run = [](const Arguments& arguments, const Console& console) {
            const auto all = all_commands();
            const auto page = head + vethctl::command_list(all) + vethctl::command_sections(all, "veth-node") + tail;
            console.print(arguments.wants_json() ? vethctl::to_json_object("page", page) : page);
            return vethctl::success;
          }};
}

}  // namespace commands
