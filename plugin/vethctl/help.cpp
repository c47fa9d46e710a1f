#include "plugin/vethctl/help.hpp"

#include <algorithm>
#include <sstream>
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

/// A word that is longer than a line has one of its own.
std::string folded(const std::string& paragraph, std::size_t width) {
  std::istringstream words{paragraph};
  std::string text;
  std::size_t column = 0;
  for (std::string word; words >> word;) {
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
  for (const auto& option : command.options) text += "  " + padded(words(option), column) + "  " + option.help + '\n';
  return text;
}

}  // namespace vethctl
