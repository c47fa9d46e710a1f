#include "plugin/vethctl/man.hpp"

#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/json_object.hpp"

#include <string_view>

namespace vethctl {
namespace {

/// Escapes text for roff: no escapes, no requests, and '-' as a minus sign that can be copied.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    const bool begins_line = result.empty() || result.back() == '\n';
    if (begins_line && (character == '.' || character == '\'')) result += "\\&";
    if (character == '\\') {
      result += "\\e";
    } else if (character == '-') {
      result += "\\-";
    } else {
      result += character;
    }
  }
  return result;
}

std::string paragraphs(std::string_view text) {
  std::string result = ".PP\n";
  while (true) {
    const auto end = text.find("\n\n");
    result += escaped(text.substr(0, end)) + '\n';
    if (end == std::string_view::npos) return result;
    result += ".PP\n";
    text.remove_prefix(end + 2);
  }
}

std::string bold(std::string_view text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + escaped(text) + "\\fR"; }

std::string value_of(const Option& option) {
  if (option.value.empty()) return {};
  return option.is_value_optional ? " [" + italic(option.value) + ']' : ' ' + italic(option.value);
}

std::string entry(const Option& option) {
  const auto letter = option.letter == 0 ? std::string{} : bold(std::string{'-', option.letter}) + ", ";
  return ".TP\n" + letter + bold("--" + option.name) + value_of(option) + '\n' + escaped(option.help) + '\n';
}

std::string examples(const Command& command) {
  if (command.examples.empty()) return {};
  std::string text = ".PP\nExamples:\n";
  for (const auto& example : command.examples) text += ".br\n" + bold(example) + '\n';
  return text;
}

std::string section(const Command& command, const std::string& program) {
  std::string text = ".SS " + escaped(command.name) + '\n';
  text += bold(program + ' ' + command.name);
  if (!command.options.empty()) text += " [" + italic("OPTION") + "...]";
  if (!command.operands.empty()) text += ' ' + escaped(command.operands);
  text += '\n';
  if (!command.alias.empty()) text += ".br\nShort form: " + bold(program + ' ' + command.alias) + '\n';
  text += paragraphs(command.description);
  for (const auto& option : command.options) text += entry(option);
  return text + examples(command);
}

std::string summary(const Command& command) {
  return ".TP\n" + bold(command.name) + '\n' + escaped(command.summary) + '\n';
}

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

std::string command_list(const std::vector<Command>& commands) {
  std::string text;
  for (const auto& command : commands) text += summary(command);
  return text;
}

std::string command_sections(const std::vector<Command>& commands, const std::string& program) {
  std::string text = ".SH COMMANDS\n";
  for (const auto& command : commands) text += section(command, program);
  return text;
}

std::string manual_page(const std::vector<Command>& commands) {
  auto text = head + command_list(commands);
  text += ".SH \"COMMON OPTIONS\"\n";
  for (const auto& option : common_options()) text += entry(option);
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
