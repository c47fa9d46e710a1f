#include "plugin/vethctl/help.hpp"

#include <algorithm>
#include <string_view>

namespace vethctl {
namespace {

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string words(const Option& option) {
  return "--" + option.name + (option.value.empty() ? "" : " " + option.value);
}

/// The word at the beginning of the text, which loses it; empty at the end.
std::string_view take_word(std::string_view& text) {
  constexpr std::string_view white_space = " \n";
  text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
  const auto word = text.substr(0, text.find_first_of(white_space));
  text.remove_prefix(word.size());
  return word;
}

/// A word that is longer than a line has one of its own.
std::string folded(std::string_view paragraph, std::size_t width) {
  std::string text;
  std::size_t column = 0;
  for (auto word = take_word(paragraph); !word.empty(); word = take_word(paragraph)) {
    const bool fits = column == 0 || column + 1 + word.size() <= width;
    if (column > 0) text += fits ? ' ' : '\n';
    column = fits && column > 0 ? column + 1 + word.size() : word.size();
    text += word;
  }
  return text;
}

/// Paragraphs are divided by empty lines.
std::string folded_paragraphs(const std::string& text, std::size_t width) {
  constexpr std::string_view division = "\n\n";
  const auto end = text.find(division);
  if (end == std::string::npos) return folded(text, width);
  return folded(text.substr(0, end), width) + std::string{division} +
         folded_paragraphs(text.substr(end + division.size()), width);
}

/// Its help stands beside it, in lines of its own column.
std::string option_lines(const Option& option, std::size_t column, std::size_t width) {
  constexpr std::size_t narrowest = 20;
  const auto indent = column + 4;
  std::string text = "  " + padded(words(option), column) + "  ";
  for (const char character : folded(option.help, std::max(narrowest, width - std::min(width, indent)))) {
    text += character;
    if (character == '\n') text.append(indent, ' ');
  }
  return text + '\n';
}

}  // namespace

std::string help(const std::vector<Command>& commands) {
  std::string text =
      "vethctl: see, connect, check and repair what the CNI plugin veth has made on this node\n\n"
      "usage: vethctl COMMAND [OPTION...] [OPERAND...]\n\n";
  std::size_t width = 0;
  for (const auto& command : commands) width = std::max(width, command.name.size());
  for (const auto& command : commands) text += "  " + padded(command.name, width) + "  " + command.summary + '\n';
  return text + "\nvethctl COMMAND --help tells more.\n";
}

std::string help(const Command& command, std::size_t width) {
  std::string text = "usage: vethctl " + command.name;
  if (!command.options.empty()) text += " [OPTION...]";
  if (!command.operands.empty()) text += ' ' + command.operands;
  text += "\n\n" + folded_paragraphs(command.description, width) + '\n';
  std::size_t column = 0;
  for (const auto& option : command.options) column = std::max(column, words(option).size());
  if (!command.options.empty()) text += '\n';
  for (const auto& option : command.options) text += option_lines(option, column, width);
  return text;
}

}  // namespace vethctl
