#include "plugin/vethctl/man.hpp"

#include "plugin/vethctl/commands.hpp"

#include <string_view>

namespace vethctl {
namespace {

/// Text as roff prints it: no escape, no request, and '-' as it is typed.
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

std::string entry(const Option& option) {
  const auto value = option.value.empty() ? "" : ' ' + italic(option.value);
  return ".TP\n" + bold("--" + option.name) + value + '\n' + escaped(option.help) + '\n';
}

std::string section(const Command& command) {
  std::string text = ".SS " + escaped(command.name) + '\n';
  text += bold("vethctl " + command.name);
  if (!command.options.empty()) text += " [" + italic("OPTION") + "...]";
  if (!command.operands.empty()) text += ' ' + escaped(command.operands);
  text += '\n' + paragraphs(command.description);
  for (const auto& option : command.options) text += entry(option);
  return text;
}

std::string summary(const Command& command) {
  return ".TP\n" + bold(command.name) + '\n' + escaped(command.summary) + '\n';
}

constexpr auto head = R"(.TH VETHCTL 1 "" "veth\-cni )" VETH_VERSION R"(" "veth\-cni"
.SH NAME
vethctl \- see, connect, check and repair what the CNI plugin veth has made on a node
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
The CNI plugin veth joins containers to their host by veth pairs.
What it has made is in the kernel, and on record below /run/veth\-cni;
vethctl reads both, and needs no runtime.
It works as root, or as root of a user namespace that owns the network namespaces.
Options and operands may stand in any order; what follows \-\- are operands.
)";

constexpr auto tail = R"(.SH "EXIT STATUS"
.TP
.B 0
All is well.
.TP
.B 1
A fault was found, or the command could not do what it was asked.
.TP
.B 2
The command line is wrong.
.SH FILES
.TP
.I /run/veth\-cni
State of the plugin: leases and records.
.TP
.I /etc/cni/net.d
Network configurations, read by runtimes.
.SH "SEE ALSO"
.BR veth\-cni (5),
.BR ip\-link (8)
)";

}  // namespace

std::string manual_page(const std::vector<Command>& commands) {
  std::string text{head};
  for (const auto& command : commands) text += summary(command);
  text += ".SH COMMANDS\n";
  for (const auto& command : commands) text += section(command);
  return text + tail;
}

Command man_command() {
  return {.name = "man",
          .summary = "print the manual page vethctl(1)",
          .description = "Prints the manual page: vethctl man | man -l -.",
          .run = [](const Arguments&, const Console& console) {
            console.print(manual_page(commands()));
            return success;
          }};
}

}  // namespace vethctl
