#include "plugin/vethctl/completion.hpp"

#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/json_object.hpp"
#include "plugin/vethctl/live_names.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

namespace vethctl {
namespace {

using Words = std::vector<std::string>;

/// One place in a synopsis: "END", or "list", which is a literal because it has small letters.
bool is_literal(std::string_view token) {
  return std::ranges::any_of(token, [](char character) { return character >= 'a' && character <= 'z'; });
}

/// nullopt for words such as FILE and ADDRESS, for which no names are offered. The operands of commands that accept
/// anything have names of their own (A, B).
std::optional<NameKind> find_kind(std::string_view token) {
  constexpr std::pair<std::string_view, NameKind> kinds[]{{"NETWORK", NameKind::network},
                                                          {"NETNS", NameKind::netns},
                                                          {"END", NameKind::end},
                                                          {"ATTACHMENT", NameKind::attachment},
                                                          {"A", NameKind::end},
                                                          {"B", NameKind::end},
                                                          {"INTERFACE", NameKind::interface},
                                                          {"FILE", NameKind::configuration}};
  const auto* found = std::ranges::find(kinds, token, &std::pair<std::string_view, NameKind>::first);
  return found == std::end(kinds) ? std::nullopt : std::optional{found->second};
}

/// The options whose value is called NAME differ by their own names.
std::optional<NameKind> find_kind(const Option& option) {
  if (option.name.ends_with("ifname")) return NameKind::interface;
  if (option.name == "network" || option.name == "name") return NameKind::network;
  if (option.value == "FILE") return std::nullopt;
  return find_kind(option.value);
}

/// The tokens of the synopsis without brackets, for each alternative: "list [NETWORK] | release NETWORK ADDRESS".
std::vector<Words> alternatives_of(const std::string& synopsis) {
  std::vector<Words> alternatives(1);
  std::istringstream tokens{synopsis};
  for (std::string token; tokens >> token;) {
    std::erase_if(token, [](char character) { return character == '[' || character == ']'; });
    if (token == "|") {
      alternatives.emplace_back();
    } else {
      alternatives.back().push_back(token);
    }
  }
  return alternatives;
}

constexpr std::string_view repetition = "...";

/// The token for an operand; empty: there is none. The last one may be repeated ("FILE...").
std::string token_at(const Words& tokens, std::size_t position) {
  if (tokens.empty()) return {};
  const bool is_repeated = position >= tokens.size() && tokens.back().ends_with(repetition);
  if (position >= tokens.size() && !is_repeated) return {};
  auto token = tokens[std::min(position, tokens.size() - 1)];
  if (token.ends_with(repetition)) token.resize(token.size() - repetition.size());
  return token;
}

/// Whether the literals of the alternative are among the operands.
bool is_possible(const Words& tokens, const Words& operands) {
  for (std::size_t position = 0; position < std::min(tokens.size(), operands.size()); ++position) {
    if (is_literal(tokens[position]) && tokens[position] != operands[position]) return false;
  }
  return true;
}

Words operands_of(const Command& command, const Words& given, const NameSource& names) {
  if (given.empty() && !command.first_operands.empty()) return command.first_operands;
  Words found;
  for (const auto& tokens : alternatives_of(command.operands)) {
    if (!is_possible(tokens, given)) continue;
    const auto token = token_at(tokens, given.size());
    if (is_literal(token)) found.push_back(token);
    if (const auto kind = find_kind(token)) std::ranges::move(names(*kind), std::back_inserter(found));
  }
  return found;
}

Words values_of(const Option& option, const NameSource& names) {
  if (!option.choices.empty()) return option.choices;
  const auto kind = find_kind(option);
  return kind ? names(*kind) : Words{};
}

Words names_of(const std::vector<Command>& commands) {
  Words names{"help"};
  for (const auto& command : commands) names.push_back(command.name);
  return names;
}

const Option* find_long_option(const Command& command, std::string_view word) {
  if (!word.starts_with("--")) return nullptr;
  const auto found = std::ranges::find(command.options, word.substr(2), &Option::name);
  return found == command.options.end() ? nullptr : &*found;
}

/// What the words before the last one mean.
struct Context {
  Words operands{};
  Words flags{};                   ///< options without a value that are given
  const Option* option = nullptr;  ///< the last word is its value; null: it is not
  bool is_after_options = false;   ///< "--" is given
};

void add_word(const Command& command, const std::string& word, Context& context) {
  const auto* option = context.is_after_options ? nullptr : find_long_option(command, word);
  if (context.option != nullptr) {
    context.option = nullptr;
  } else if (option != nullptr) {
    if (option->value.empty()) context.flags.push_back(word);
    if (!option->value.empty()) context.option = option;
  } else if (word == "--") {
    context.is_after_options = true;
  } else if (context.is_after_options || !word.starts_with('-')) {
    context.operands.push_back(word);
  }
}

Words options_of(const Command& command, const Context& context) {
  Words options{"--help"};
  for (const auto& option : command.options) options.push_back("--" + option.name);
  std::erase_if(options, [&](const std::string& option) {
    return std::ranges::find(context.flags, option) != context.flags.end();
  });
  return options;
}

/// "--output=json"
Words assignments_of(const Command& command, const std::string& word, const NameSource& names) {
  const auto end = word.find('=');
  const auto* option = find_long_option(command, word.substr(0, end));
  if (option == nullptr || option->value.empty()) return {};
  auto values = values_of(*option, names);
  for (auto& value : values) value.insert(0, word.substr(0, end + 1));
  return values;
}

Words candidates(const Command& command, const Words& words, const NameSource& names) {
  Context context;
  for (std::size_t i = 1; i + 1 < words.size(); ++i) add_word(command, words[i], context);
  const auto& last = words.back();
  if (context.option != nullptr) return values_of(*context.option, names);
  if (context.is_after_options || !last.starts_with('-')) return operands_of(command, context.operands, names);
  return last.find('=') == std::string::npos ? options_of(command, context) : assignments_of(command, last, names);
}

Words candidates(const std::vector<Command>& commands, const Words& words, const NameSource& names) {
  if (words.size() == 1) {
    auto all = names_of(commands);
    if (words.back().starts_with('-')) all.insert(all.end(), {"--help", "--version"});
    return all;
  }
  if (words.front() == "help") return words.size() == 2 ? names_of(commands) : Words{};
  const auto* command = find_command(commands, words.front());
  return command == nullptr ? Words{} : candidates(*command, words, names);
}

/// bash(1) passes words that it has split at '=' and ':' (COMP_WORDBREAKS), and replaces only the last part. So the
/// line is split at spaces, and what precedes the last part is cut off.
constexpr auto bash_script = R"(# bash completion of vethctl, printed by `vethctl completion bash`
_vethctl() {
    local words part=${COMP_WORDS[COMP_CWORD]} prefix found
    read -ra words <<< "${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=('')
    local last=${words[${#words[@]}-1]}
    [[ $part == [=:] || $part == '::' ]] && part=
    prefix=${last%"$part"}
    [[ $last == *[=:]* ]] || prefix=
    COMPREPLY=()
    while IFS= read -r found; do
        COMPREPLY+=("${found#"$prefix"}")
    done < <("${words[0]}" completion words -- "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _vethctl vethctl
)";

constexpr auto zsh_script = R"(#compdef vethctl
# zsh completion of vethctl, printed by `vethctl completion zsh`
_vethctl() {
    local -a found
    found=("${(@f)$("${words[1]}" completion words -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    if [[ -n ${found[1]} ]]; then
        compadd -- "${found[@]}"
    else
        _files
    fi
}
if [[ ${funcstack[1]} == _vethctl ]]; then
    _vethctl "$@"
else
    compdef _vethctl vethctl
fi
)";

constexpr auto fish_script = R"(# fish completion of vethctl, printed by `vethctl completion fish`
function __vethctl_words
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l last (commandline --cut-at-cursor --current-token)
    set -l found ($words[1] completion words -- $words[2..] "$last" 2>/dev/null)
    if set --query found[1]
        printf '%s\n' $found
    else
        __fish_complete_path "$last"
    end
end
complete --command vethctl --no-files --arguments '(__vethctl_words)'
)";

int run_completion(const Arguments& arguments, const Console& console) {
  const auto& what = arguments.operands.front();
  if (what != "words") {
    const auto script = completion_script(what);
    console.print(arguments.wants_json() ? to_json_object("script", script) : script);
    return success;
  }
  const Words words{std::next(arguments.operands.begin()), arguments.operands.end()};
  std::string text;
  for (const auto& word : completions(commands(), words, live_names(console))) text += word + '\n';
  console.print(text);
  return success;
}

}  // namespace

Words completions(const std::vector<Command>& commands, Words words, const NameSource& names) {
  if (words.empty()) words.emplace_back();
  auto found = candidates(commands, words, names);
  std::erase_if(found, [&](const std::string& word) { return !word.starts_with(words.back()); });
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::string completion_script(const std::string& shell) {
  if (shell == "zsh") return zsh_script;
  return shell == "fish" ? fish_script : bash_script;
}

Command completion_command() {
  constexpr std::size_t max_words = 10'000;
  return {.name = "completion",
          .operands = "SHELL | words -- WORD...",
          .min_operands = 1,
          .max_operands = max_words,
          .first_operands = {"bash", "zsh", "fish", "words"},
          .summary = "print a completion script for a shell",
          .description =
              "Prints a script for bash, zsh or fish that completes commands, options and their values, and the names "
              "of namespaces, attachments, networks, interfaces and configurations that exist on this node. Names "
              "that only root can read are left out for other users. To use it in the current bash: source "
              "<(vethctl completion bash)\n\n"
              "words prints the completions of the last WORD, for these scripts.",
          .options = {output_option()},
          .examples = {"vethctl completion bash > /etc/bash_completion.d/vethctl",
                       "vethctl completion zsh > /usr/local/share/zsh/site-functions/_vethctl",
                       "vethctl completion fish > /etc/fish/completions/vethctl.fish"},
          .run = run_completion};
}

}  // namespace vethctl
