#include "plugin/vethctl/command.hpp"

#include "plugin/cni/key_spelling.hpp"
#include "plugin/cni/quoted.hpp"
#include "plugin/vethctl/inspect/words.hpp"

#include <algorithm>
#include <span>
#include <string_view>

namespace vethctl {
namespace {

constexpr std::string_view dashes = "--";

/// `what` names the value in the message; no choices: any value will do.
void check_choice(const std::vector<std::string>& choices, const std::string& what, const std::string& value) {
  if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return;
  throw UsageError{what + ' ' + cni::quoted(value) + ": must be one of " + inspect::joined(choices, ", ")};
}

/// Reads the words of one command line from left to right. "--" ends the options: what follows are operands.
class Reader {
 public:
  Reader(const Command& command, std::span<const std::string> words) : command_(command), words_(words) {}

  Arguments read() {
    while (!words_.empty()) {
      const auto word = next();
      if (word == dashes) {
        while (!words_.empty()) arguments_.operands.push_back(next());
      } else if (word.size() > 1 && word.front() == '-') {
        read_option(word);
      } else {
        arguments_.operands.push_back(word);  // "-" alone is standard input
      }
    }
    return std::move(arguments_);
  }

 private:
  std::string next() {
    auto word = words_.front();
    words_ = words_.subspan(1);
    return word;
  }

  void read_option(const std::string& word) {
    const auto equals = word.find('=');
    const auto& option = find_option(word.substr(0, equals));
    const auto given = equals == std::string::npos ? std::nullopt : std::optional{word.substr(equals + 1)};
    if (option.value.empty() && given) throw UsageError{"--" + option.name + " takes no value"};
    const auto value = option.value.empty() ? std::string{} : given ? *given : next_value(option);
    check_choice(option.choices, "--" + option.name, value);
    arguments_.options[option.name].push_back(value);
  }

  const Option& find_option(const std::string& word) const {
    for (const auto& option : command_.options) {
      if (word == "--" + option.name) return option;
    }
    std::vector<std::string> names;
    for (const auto& option : command_.options) names.push_back("--" + option.name);
    throw UsageError{"there is no option " + cni::quoted(word) + " of " + cni::quoted(command_.name) +
                     meant_instead(word, names)};
  }

  std::string next_value(const Option& option) {
    if (!words_.empty() && !words_.front().starts_with(dashes)) return next();
    throw UsageError{"--" + option.name + ": " + option.value + " is missing"};
  }

  const Command& command_;
  std::span<const std::string> words_;
  Arguments arguments_{};
};

void check_count(const Command& command, std::size_t count) {
  if (count >= command.least && count <= command.most) return;
  const auto wanted = command.operands.empty() ? std::string{"no operand"} : command.operands;
  throw UsageError{cni::quoted(command.name) + " wants " + wanted};
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
  auto arguments = Reader{command, words}.read();
  check_count(command, arguments.operands.size());
  if (!arguments.operands.empty()) check_choice(command.first_operands, command.name, arguments.operands.front());
  return arguments;
}

std::string meant_instead(const std::string& word, const std::vector<std::string>& known) {
  const auto near = std::ranges::find_if(known, [&](const std::string& name) { return cni::is_near_miss(name, word); });
  return near == known.end() ? std::string{} : ": did you mean " + cni::quoted(*near) + '?';
}

}  // namespace vethctl
