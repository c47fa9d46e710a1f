#include "plugin/vethctl/man.hpp"

#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/json_object.hpp"
#include "plugin/vethctl/manual_sections.hpp"

namespace vethctl {
namespace {

constexpr auto head = R"(.TH VETHCTL 8 "" "veth\-cni )" VETH_VERSION R"(" "veth\-cni"
.SH NAME
vethctl \- show, connect, check and repair the container networks of the CNI plugin veth
.SH SYNOPSIS
.B vethctl
.I COMMAND
.RI [ OPTION ...]
.RI [ OPERAND ...]
.br
.B vethctl
.I COMMAND
.B \-\-help
.SH DESCRIPTION
The CNI plugin veth connects containers to their host by veth pairs.
Their state is in the kernel and in records below /run/veth\-cni.
vethctl reads both and needs no runtime.
It must run as root, or as root of a user namespace that owns the network namespaces.
Options and operands may have any order; everything after \-\- is an operand.
)";

constexpr auto common_output = R"(.PP
All commands accept
.BR "\-\-output json" .
It prints one JSON document on standard output, also for errors: an object with cniVersion, code, msg and details as the
plugin prints it.
The exit status is the same as for text.
With
.BR \-\-watch ,
or
.B events \-\-follow\fR, there is one document for each round or call.
Outside a UTF\-8 locale, text is printed in ASCII.
)";

constexpr auto tail = R"(.SH "EXIT STATUS"
.TP
.B 0
Success; a check found no faults and no warnings.
.TP
.B 1
A check found a fault or a warning, or the command failed.
.TP
.B 2
The command line is wrong.
.SH FILES
.TP
.I /run/veth\-cni
State folder of the plugin: leases and records.
.TP
.I /etc/cni/net.d
Network configurations of the runtimes.
.TP
.I /var/lib/vethctl/installations
Folders of install, for uninstall.
.SH EXAMPLES
Two network namespaces are connected, looked at, and disconnected:
.PP
.in +4n
.EX
ip netns add net0
ip netns add net1
vethctl connect net0 net1 \-\-address 192.168.10.1/24 \-\-peer\-address 192.168.10.2/24
ip netns exec net0 ping \-c 1 192.168.10.2
vethctl list
vethctl show net0
vethctl disconnect net0
.EE
.in
.PP
A namespace gets a port of a bridge; the bridge is created:
.PP
.in +4n
.EX
vethctl connect net0 bridge:br0 \-\-address 10.7.0.1/24
vethctl check
vethctl disconnect net0
.EE
.in
.SH "SEE ALSO"
.BR veth\-cni (5),
.BR veth\-cni (7),
.BR ip\-link (8),
.BR bridge (8),
.BR nft (8)
)";

}  // namespace

std::string manual_page(const std::vector<Command>& commands) {
  auto text = head + command_list(commands);
  text += ".SH \"COMMON OPTIONS\"\n";
  for (const auto& option : common_options()) text += option_entry(option);
  text += common_output;
  return text + command_sections(commands, "vethctl") + tail;
}

Command man_command() {
  return {.name = "man",
          .summary = "print the manual page vethctl(8)",
          .description = "Prints the manual page in the format of man(7).",
          .options = {output_option()},
          .examples = {"vethctl man | man -l -"},
          .run = [](const Arguments& arguments, const Console& console) {
            const auto page = manual_page(commands());
            console.print(arguments.wants_json() ? to_json_object("page", page) : page);
            return success;
          }};
}

}  // namespace vethctl
