#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vethctl {

/// One option of a command. Help, shell completion and manual page are generated from it.
struct Option {
  std::string name;                    ///< "address", without dashes
  std::string value{};                 ///< name of its value in texts, "CIDR"; empty: it takes none
  std::string help{};                  ///< one line
  std::vector<std::string> choices{};  ///< the accepted values; empty: any
  char letter = 0;                     ///< short form: 'o' for -o; 0: none
  bool is_value_optional = false;      ///< a following word that is a number is the value; another word is not
};

/// The options and operands of a call, checked against the command.
class Arguments {
 public:
  std::map<std::string, std::vector<std::string>> options;  ///< values by name; a flag has one empty value
  std::vector<std::string> operands;

  bool has(const std::string& name) const { return options.contains(name); }
  /// The last value; nullopt if the option is not given.
  std::optional<std::string> value(const std::string& name) const;
  /// All values in the order given: an option may be repeated.
  std::vector<std::string> values(const std::string& name) const;
  /// Whether the command prints JSON: main converts it if YAML is wanted.
  bool wants_json() const { return value("output") == "json" || value("output") == "yaml"; }
};

/// The output of a command, and the state that it reads.
struct Console {
  std::function<void(std::string_view)> print;  ///< text, or a JSON document, to standard output
  std::function<void(std::string_view)> warn;   ///< to standard error
  std::size_t width = 80;                       ///< columns of the terminal; very large for a pipe
  std::string root;                             ///< root of the state folder
  std::string configurations{};                 ///< folder of the network configurations; empty: none
  std::string installations{};                  ///< folder in which install remembers its folders; empty: none
  std::string cni_path{};                       ///< folders of the plugins; empty: not searched
  std::string node_config{};                    ///< configuration of veth-node; empty: none is looked for
  /// The folders in which veth-node is searched.
  std::function<std::vector<std::string>()> node_programs = [] { return std::vector<std::string>{}; };
  bool is_coloured = false;                       ///< texts may contain the marks of report::styled()
  std::function<void(std::string_view)> write{};  ///< a file, such as a picture, to standard output; empty: print
  std::function<void()> clear{};                  ///< clears the terminal; empty: standard output is not a terminal
};

/// Exit statuses.
inline constexpr int success = 0;
inline constexpr int found_faults = 1;  ///< a check found problems, or the command failed
inline constexpr int wrong_usage = 2;

struct Command {
  std::string name;
  std::string operands{};  ///< for the synopsis: "END END"; empty: none
  std::size_t min_operands = 0;
  std::size_t max_operands = 0;
  std::vector<std::string> first_operands{};  ///< the accepted values of the first operand; empty: any
  std::string summary{};                      ///< the purpose in one line
  std::string description{};                  ///< paragraphs, separated by empty lines
  std::vector<Option> options{};
  std::vector<std::string> examples{};  ///< complete command lines
  /// Returns the exit status. Throws cni::Error and std::system_error.
  std::function<int(const Arguments&, const Console&)> run{};
  std::string alias{};  ///< a second, shorter name; empty: none
};

/// By name or alias; null: there is none.
const Command* find_command(const std::vector<Command>& commands, std::string_view word);

/// The option --output of all commands.
Option output_option();

/// The same for commands that print a table.
Option table_output_option();

/// --no-headers, for commands that print a table.
Option no_headers_option();

/// Options that all commands accept besides their own.
std::vector<Option> common_options();

/// The value of the last --output among the words, which need not be valid; empty: not given. Errors of parse() are
/// printed in this format.
std::string requested_format(const std::vector<std::string>& words);

/// Options and operands may have any order; "--output json", "--output=json", "-o json" and "-ojson" are the same;
/// everything after "--" is an operand. Throws UsageError for an unknown option, a missing or wrong value, and a wrong
/// number of operands.
Arguments parse(const Command& command, const std::vector<std::string>& words);

/// ': did you mean "list"?' if the word is similar to a known one; otherwise empty.
std::string suggestion_for(const std::string& word, const std::vector<std::string>& known);

struct UsageError : std::exception {
  explicit UsageError(std::string text, std::string advice = "see vethctl --help")
      : message(std::move(text)), details(std::move(advice)) {}
  const char* what() const noexcept override { return message.c_str(); }
  std::string message;
  std::string details;
};

}  // namespace vethctl
