#include "plugin/vethctl/completion.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/commands.hpp"

namespace vethctl {
namespace {

std::string names_of(const std::vector<Command>& commands) {
  std::vector<std::string> names{"help"};
  for (const auto& command : commands) names.push_back(command.name);
  return text::joined(names, " ");
}

std::string options_of(const Command& command) {
  std::vector<std::string> words{"--help"};
  for (const auto& option : command.options) words.push_back("--" + option.name);
  return text::joined(words, " ");
}

/// "KEY) words='WORDS' ;;"
std::string branch(const std::string& key, const std::string& words) {
  return "        " + key + ") words='" + words + "' ;;\n";
}

/// What may follow an option; where no table lists it, nothing is offered and bash completes names of files.
std::string values_of(const Command& command) {
  std::string text;
  for (const auto& option : command.options) {
    if (option.value.empty()) continue;
    const auto key = command.name + ":--" + option.name;
    text +=
        option.choices.empty() ? "        " + key + ") return ;;\n" : branch(key, text::joined(option.choices, " "));
  }
  return text;
}

std::string operands_of(const Command& command) {
  return command.first_operands.empty() ? "" : branch(command.name, text::joined(command.first_operands, " "));
}

std::string for_each(const std::vector<Command>& commands, std::string (*text_of)(const Command&)) {
  std::string text;
  for (const auto& command : commands) text += text_of(command);
  return text;
}

std::string option_branch(const Command& command) { return branch(command.name, options_of(command)); }

/// bash(1) splits "--output=json" at the '=', so that the option is two words before the value.
constexpr auto head = R"(# bash completion of vethctl, made by `vethctl completion bash`
_vethctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words=
    COMPREPLY=()
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = && $COMP_CWORD -gt 2 ]]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
    fi
)";

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
  return std::string{head} +
         "    if [[ $COMP_CWORD -eq 1 ]]; then\n"
         "        COMPREPLY=($(compgen -W '" +
         names_of(commands) +
         " --help --version' -- \"$current\"))\n"
         "        return\n"
         "    fi\n"
         "    case $command:$previous in\n" +
         for_each(commands, values_of) +
         "    esac\n"
         "    if [[ -z $words && $current == -* ]]; then\n"
         "        case $command in\n" +
         for_each(commands, option_branch) +
         "        esac\n"
         "    elif [[ -z $words && $COMP_CWORD -eq 2 ]]; then\n"
         "        case $command in\n" +
         for_each(commands, operands_of) + branch("help", names_of(commands)) +
         "        esac\n"
         "    fi\n"
         "    [[ -z $words ]] || COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -o default -F _vethctl vethctl\n";
}

Command completion_command() {
  return {.name = "completion",
          .operands = "bash",
          .least = 1,
          .most = 1,
          .first_operands = {"bash"},
          .summary = "print the completion script of a shell",
          .description =
              "Prints a script for bash that completes commands, options and their values: "
              "source <(vethctl completion bash).",
          .run = [](const Arguments&, const Console& console) {
            console.print(bash_completion(commands()));
            return success;
          }};
}

}  // namespace vethctl
