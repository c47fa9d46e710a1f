#include "plugin/vethctl/command.hpp"

#include "plugin/cni/key_spelling.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <iterator>

namespace vethctl {
namespace {

namespace options = boost::program_options;

/// `what` names the value in the message. An empty list of choices accepts any value.
void check_choice(const std::vector<std::string>& choices, const std::string& what, const std::string& value) {
  if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return;
  throw UsageError{what + ' ' + text::quoted(value) + ": must be one of " + text::joined(choices, ", ")};
}

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

[[noreturn]] void refuse_unknown(const Command& command, const std::string& word) {
  std::vector<std::string> names;
  for (const auto& option : command.options) names.push_back("--" + option.name);
  throw UsageError{text::quoted(command.name) + " has no option " + text::quoted(word) + suggestion_for(word, names)};
}

const Option* find_option(const Command& command, const std::string& name) {
  const auto found = std::ranges::find(command.options, name, &Option::name);
  return found == command.options.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_missing_value(const Option& option) {
  throw UsageError{"--" + option.name + ": " + option.value + " is missing"};
}

/// Reports a known option with a value that it does not take, or without its value.
[[noreturn]] void refuse_value(const Command& command, const options::error_with_option_name& error) {
  const auto word = error.get_option_name();
  const auto* option = find_option(command, word.substr(std::min(word.find_first_not_of('-'), word.size())));
  if (option == nullptr) throw UsageError{error.what()};
  if (option->value.empty()) throw UsageError{"--" + option->name + " takes no value"};
  refuse_missing_value(*option);
}

options::parsed_options parse_words(const Command& command, const std::vector<std::string>& words) try {
  namespace style = options::command_line_style;
  const auto description = describe(command);
  return options::command_line_parser(words)
      .options(description)
      .style(style::allow_long | style::long_allow_next | style::long_allow_adjacent)
      .run();
} catch (const options::unknown_option& error) {
  refuse_unknown(command, error.get_option_name());
} catch (const options::error_with_option_name& error) {
  refuse_value(command, error);
} catch (const options::error& error) {
  throw UsageError{error.what()};
}

/// The operand "-" is standard input.
void check_operand(const Command& command, const std::string& operand) {
  if (operand.size() > 1 && operand.front() == '-') refuse_unknown(command, operand);
}

void add_parsed(const Command& command, const options::option& parsed, Arguments& arguments) {
  if (parsed.position_key >= 0) {
    for (const auto& operand : parsed.value) check_operand(command, operand);
    arguments.operands.insert(arguments.operands.end(), parsed.value.begin(), parsed.value.end());
    return;
  }
  const auto value = parsed.value.empty() ? std::string{} : parsed.value.front();
  const bool is_next_option = parsed.original_tokens.size() > 1 && value.starts_with("--");
  if (const auto* option = find_option(command, parsed.string_key)) {
    if (is_next_option) refuse_missing_value(*option);
    check_choice(option->choices, "--" + option->name, value);
  }
  arguments.options[parsed.string_key].push_back(value);
}

void check_count(const Command& command, std::size_t count) {
  if (count >= command.min_operands && count <= command.max_operands) return;
  const auto given = count == 1 ? std::string{"1 operand is"} : std::to_string(count) + " operands are";
  const auto expected = command.operands.empty() ? "none" : command.operands;
  throw UsageError{command.name + ": " + given + " given, expected: " + expected};
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
  const auto end = std::ranges::find(words, "--");
  for (const auto& parsed : parse_words(command, {words.begin(), end}).options) add_parsed(command, parsed, arguments);
  if (end != words.end()) arguments.operands.insert(arguments.operands.end(), std::next(end), words.end());
  check_count(command, arguments.operands.size());
  if (!arguments.operands.empty()) check_choice(command.first_operands, command.name, arguments.operands.front());
  return arguments;
}

std::string suggestion_for(const std::string& word, const std::vector<std::string>& known) {
  const auto near =
      std::ranges::find_if(known, [&](const std::string& name) { return cni::is_misspelling(name, word); });
  return near == known.end() ? std::string{} : ": did you mean " + text::quoted(*near) + '?';
}

}  // namespace vethctl
