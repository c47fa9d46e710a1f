#include "plugin/vethctl/manual_sections.hpp"

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

}  // namespace

std::string option_entry(const Option& option) {
  const auto letter = option.letter == 0 ? std::string{} : bold(std::string{'-', option.letter}) + ", ";
  return ".TP\n" + letter + bold("--" + option.name) + value_of(option) + '\n' + escaped(option.help) + '\n';
}

namespace {

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
  for (const auto& option : command.options) text += option_entry(option);
  return text + examples(command);
}

std::string summary(const Command& command) {
  return ".TP\n" + bold(command.name) + '\n' + escaped(command.summary) + '\n';
}

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

}  // namespace vethctl
