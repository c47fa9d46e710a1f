#include "plugin/vethctl/help.hpp"

#include <algorithm>

namespace vethctl {
namespace {

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string words(const Option& option) {
  return "--" + option.name + (option.value.empty() ? "" : " " + option.value);
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

std::string help(const Command& command) {
  std::string text = "usage: vethctl " + command.name;
  if (!command.options.empty()) text += " [OPTION...]";
  if (!command.operands.empty()) text += ' ' + command.operands;
  text += "\n\n" + command.description + '\n';
  std::size_t width = 0;
  for (const auto& option : command.options) width = std::max(width, words(option).size());
  if (!command.options.empty()) text += '\n';
  for (const auto& option : command.options) text += "  " + padded(words(option), width) + "  " + option.help + '\n';
  return text;
}

}  // namespace vethctl
