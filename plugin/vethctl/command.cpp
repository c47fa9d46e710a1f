#include "plugin/vethctl/command.hpp"

#include "plugin/cni/key_spelling.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace vethctl {
namespace {

namespace options = boost::program_options;

std::vector<Option> accepted_options(const Command& command) {
  auto all = command.options;
  std::ranges::move(common_options(), std::back_inserter(all));
  return all;
}

/// `what` names the value in the message. An empty list of choices accepts any value.
void check_choice(const std::vector<std::string>& choices, const std::string& what, const std::string& value) {
  if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return;
  throw UsageError{what + ' ' + text::quoted(value) + ": must be one of " + text::joined(choices, ", ")};
}

options::options_description describe(const Command& command) {
  options::options_description all;
  for (const auto& option : accepted_options(command)) {
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
  for (const auto& option : accepted_options(command)) names.push_back("--" + option.name);
  throw UsageError{text::quoted(command.name) + " has no option " + text::quoted(word) + suggestion_for(word, names)};
}

std::optional<Option> find_option(const Command& command, const auto& value, auto Option::*field) {
  const auto all = accepted_options(command);
  const auto found = std::ranges::find(all, value, field);
  return found == all.end() ? std::nullopt : std::optional{*found};
}

std::optional<Option> find_option(const Command& command, const std::string& name) {
  return find_option(command, name, &Option::name);
}

[[noreturn]] void refuse_missing_value(const Option& option) {
  throw UsageError{"--" + option.name + ": " + option.value + " is missing"};
}

/// Reports a known option with a value that it does not take, or without its value.
[[noreturn]] void refuse_value(const Command& command, const options::error_with_option_name& error) {
  const auto word = error.get_option_name();
  const auto option = find_option(command, word.substr(std::min(word.find_first_not_of('-'), word.size())));
  if (!option) throw UsageError{error.what()};
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

bool is_number(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// Boost.Program_options has no values that may be left out, and joins short options. Such values are removed from the
/// words; `arguments` gets them, and the other words are returned with long options.
class WordReader {
 public:
  WordReader(const Command& command, const std::vector<std::string>& words) : command_(command), words_(words) {}

  std::vector<std::string> read(Arguments& arguments) {
    std::vector<std::string> rest;
    for (; next_ < words_.size(); ++next_) {
      for (const auto& word : long_form(words_[next_])) {
        if (!read_optional_value(word, arguments)) rest.push_back(word);
      }
    }
    return rest;
  }

 private:
  /// "-o" as "--output", "-ojson" and "-o=json" as "--output" and "json"; other words unchanged.
  std::vector<std::string> long_form(const std::string& word) const {
    const bool is_short = word.size() > 1 && word[0] == '-' && word[1] != '-';
    const auto option = is_short ? find_option(command_, word[1], &Option::letter) : std::nullopt;
    if (!option || is_value_of_last()) return {word};
    if (word.size() == 2) return {"--" + option->name};
    if (option->value.empty()) return {word};
    return {"--" + option->name, word.substr(word[2] == '=' ? 3 : 2)};
  }

  /// Whether the word before this one is an option that requires a value.
  bool is_value_of_last() const {
    if (next_ == 0 || !words_[next_ - 1].starts_with("--")) return false;
    const auto option = find_option(command_, words_[next_ - 1].substr(2));
    return option && !option->value.empty() && !option->is_value_optional;
  }

  bool read_optional_value(const std::string& word, Arguments& arguments) {
    if (!word.starts_with("--")) return false;
    const auto end = std::min(word.find('='), word.size());
    const auto option = find_option(command_, word.substr(2, end - 2));
    if (!option || !option->is_value_optional) return false;
    const bool is_next = end == word.size() && next_ + 1 < words_.size() && is_number(words_[next_ + 1]);
    if (is_next) ++next_;
    arguments.options[option->name].push_back(is_next ? words_[next_] : word.substr(std::min(end + 1, word.size())));
    return true;
  }

  const Command& command_;
  const std::vector<std::string>& words_;
  std::size_t next_ = 0;
};

void add_parsed(const Command& command, const options::option& parsed, Arguments& arguments) {
  if (parsed.position_key >= 0) {
    for (const auto& operand : parsed.value) check_operand(command, operand);
    arguments.operands.insert(arguments.operands.end(), parsed.value.begin(), parsed.value.end());
    return;
  }
  const auto value = parsed.value.empty() ? std::string{} : parsed.value.front();
  const bool is_next_option = parsed.original_tokens.size() > 1 && value.starts_with("--");
  if (const auto option = find_option(command, parsed.string_key)) {
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

const Command* find_command(const std::vector<Command>& commands, std::string_view word) {
  const auto found = std::ranges::find_if(commands, [&](const Command& command) {
    return command.name == word || (!word.empty() && command.alias == word);
  });
  return found == commands.end() ? nullptr : &*found;
}

Option output_option() {
  return {.name = "output",
          .value = "FORMAT",
          .help = "text (default), json or yaml",
          .choices = {"text", "json", "yaml"},
          .letter = 'o'};
}

Option table_output_option() {
  return {.name = "output",
          .value = "FORMAT",
          .help = "table (default), wide (all columns, complete values), json or yaml",
          .choices = {"table", "wide", "json", "yaml", "text"},
          .letter = 'o'};
}

Option no_headers_option() { return {.name = "no-headers", .help = "print no column titles"}; }

std::vector<Option> common_options() {
  return {{.name = "color",
           .value = "WHEN",
           .help = "colours: auto (default: on a terminal, unless NO_COLOR is set), always or never",
           .choices = {"auto", "always", "never"}}};
}

std::string requested_format(const std::vector<std::string>& words) {
  Command command;
  command.options = {output_option()};
  Arguments ignored;
  const std::vector<std::string> options{words.begin(), std::ranges::find(words, "--")};
  const auto read = WordReader{command, options}.read(ignored);
  std::string format;
  for (std::size_t i = 0; i < read.size(); ++i) {
    constexpr std::string_view joined = "--output=";
    if (read[i].starts_with(joined)) format = read[i].substr(joined.size());
    if (read[i] == "--output" && i + 1 < read.size()) format = read[i + 1];
  }
  return format;
}

Arguments parse(const Command& command, const std::vector<std::string>& words) {
  Arguments arguments;
  const auto end = std::ranges::find(words, "--");
  const std::vector<std::string> before{words.begin(), end};
  const auto read = WordReader{command, before}.read(arguments);
  for (const auto& parsed : parse_words(command, read).options) add_parsed(command, parsed, arguments);
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
