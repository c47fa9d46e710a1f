#include "plugin/vethctl/help.hpp"

#include <algorithm>
#include <string_view>

namespace vethctl {
namespace {

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string synopsis(const Option& option) {
  const auto letter = option.letter == 0 ? std::string{} : std::string{'-', option.letter, ',', ' '};
  const auto value = option.is_value_optional ? '[' + option.value + ']' : option.value;
  return letter + "--" + option.name + (value.empty() ? "" : ' ' + value);
}

/// Removes the first word from the text and returns it; empty at the end.
std::string_view next_word(std::string_view& text) {
  constexpr std::string_view white_space = " \n";
  text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
  const auto word = text.substr(0, text.find_first_of(white_space));
  text.remove_prefix(word.size());
  return word;
}

/// A word that is longer than a line gets its own line.
std::string wrapped(std::string_view paragraph, std::size_t width) {
  std::string text;
  std::size_t column = 0;
  for (auto word = next_word(paragraph); !word.empty(); word = next_word(paragraph)) {
    const bool fits = column == 0 || column + 1 + word.size() <= width;
    if (column > 0) text += fits ? ' ' : '\n';
    column = fits && column > 0 ? column + 1 + word.size() : word.size();
    text += word;
  }
  return text;
}

/// Wraps each paragraph; they are separated by empty lines.
std::string wrapped_paragraphs(const std::string& text, std::size_t width) {
  constexpr std::string_view separator = "\n\n";
  const auto end = text.find(separator);
  if (end == std::string::npos) return wrapped(text, width);
  return wrapped(text.substr(0, end), width) + std::string{separator} +
         wrapped_paragraphs(text.substr(end + separator.size()), width);
}

/// The option and its help in two columns.
std::string option_lines(const Option& option, std::size_t column, std::size_t width) {
  constexpr std::size_t min_width = 20;
  const auto indent = column + 4;
  std::string text = "  " + padded(synopsis(option), column) + "  ";
  for (const char character : wrapped(option.help, std::max(min_width, width - std::min(width, indent)))) {
    text += character;
    if (character == '\n') text.append(indent, ' ');
  }
  return text + '\n';
}

}  // namespace

CommandProgram this_program() {
  return {.name = "vethctl",
          .summary = "show, connect, check and repair the container networks of the CNI plugin veth on this node"};
}

std::string help(const std::vector<Command>& commands, const CommandProgram& program) {
  std::string text =
      program.name + ": " + program.summary + "\n\nusage: " + program.name + " COMMAND [OPTION...] [OPERAND...]\n\n";
  std::size_t width = 0;
  for (const auto& command : commands) width = std::max(width, command.name.size());
  for (const auto& command : commands) text += "  " + padded(command.name, width) + "  " + command.summary + '\n';
  return text + "\nSee " + program.name + " COMMAND --help for a command, and " + program.name +
         " man for the manual page.\n";
}

std::string help(const Command& command, std::size_t width, const CommandProgram& program) {
  const auto call = program.name + ' ' + command.name;
  std::string text = call + ": " + command.summary + "\n\nusage: " + call;
  if (!command.options.empty()) text += " [OPTION...]";
  if (!command.operands.empty()) text += ' ' + command.operands;
  if (!command.alias.empty()) text += "\nshort form: " + program.name + ' ' + command.alias;
  text += "\n\n" + wrapped_paragraphs(command.description, width) + '\n';
  std::size_t column = 0;
  for (const auto& option : command.options) column = std::max(column, synopsis(option).size());
  if (!command.options.empty()) text += "\noptions:\n";
  for (const auto& option : command.options) text += option_lines(option, column, width);
  if (!command.examples.empty()) text += "\nexamples:\n";
  for (const auto& example : command.examples) text += "  " + example + '\n';
  return text;
}

}  // namespace vethctl
