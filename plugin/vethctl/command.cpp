#include "plugin/vethctl/command.hpp"

#include <boost/program_options.hpp>

#include <algorithm>

namespace vethctl {
namespace {

namespace options = boost::program_options;

constexpr const char* no_value = "";

options::options_description describe(const Command& command) {
  options::options_description all;
  for (const auto& option : command.options) {
    if (option.value.empty()) {
      all.add_options()(option.name.c_str(), "");
    } else {
      all.add_options()(option.name.c_str(), options::value<std::vector<std::string>>(), "");
    }
  }
  return all;
}

options::parsed_options parse_words(const Command& command, const std::vector<std::string>& words) try {
  namespace style = options::command_line_style;
  const auto description = describe(command);
  return options::command_line_parser(words)
      .options(description)
      .style(style::allow_long | style::long_allow_next | style::long_allow_adjacent)
      .run();
} catch (const options::error& error) {
  throw UsageError{error.what()};
}

/// `what` names the value in the message; no choices: any value will do.
void check_choice(const std::vector<std::string>& choices, const std::string& what, const std::string& value) {
  if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return;
  std::string all;
  for (const auto& choice : choices) all += (all.empty() ? "" : ", ") + choice;
  throw UsageError{what + " \"" + value + "\": must be one of " + all};
}

void check_choice(const Command& command, const std::string& name, const std::string& value) {
  const auto option = std::ranges::find(command.options, name, &Option::name);
  if (option != command.options.end()) check_choice(option->choices, "--" + name, value);
}

/// "-" alone is standard input.
void check_operand(const Command& command, const std::string& operand) {
  if (operand.size() < 2 || operand.front() != '-') return;
  throw UsageError{"\"" + operand + "\": \"" + command.name + "\" has no such option"};
}

void check_count(const Command& command, std::size_t count) {
  if (count >= command.least && count <= command.most) return;
  const auto wanted = command.operands.empty() ? std::string{"no operand"} : command.operands;
  throw UsageError{"\"" + command.name + "\" wants " + wanted};
}

}  // namespace

std::optional<std::string> Arguments::value(const std::string& name) const {
  const auto found = options.find(name);
  return found == options.end() ? std::nullopt : std::optional{found->second.back()};
}

std::vector<std::string> Arguments::values(const std::string& name) const {
  const auto found = options.find(name);
  return found == options.end() ? std::vector<std::string>{} : found->second;
}

Option output_option() {
  return {.name = "output", .value = "FORMAT", .help = "text (default) or json", .choices = {"text", "json"}};
}

Arguments parse(const Command& command, const std::vector<std::string>& words) {
  Arguments arguments;
  for (const auto& option : parse_words(command, words).options) {
    if (option.position_key >= 0) {
      arguments.operands.insert(arguments.operands.end(), option.value.begin(), option.value.end());
      continue;
    }
    auto& values = arguments.options[option.string_key];
    values.push_back(option.value.empty() ? no_value : option.value.front());
    check_choice(command, option.string_key, values.back());
  }
  for (const auto& operand : arguments.operands) check_operand(command, operand);
  check_count(command, arguments.operands.size());
  if (!arguments.operands.empty()) check_choice(command.first_operands, command.name, arguments.operands.front());
  return arguments;
}

}  // namespace vethctl
