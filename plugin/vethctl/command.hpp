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

/// One option of a command. --help, the completion of the shell and the man page are made from it.
struct Option {
  std::string name;                    ///< "address", without the dashes
  std::string value{};                 ///< what its value is called in texts, "CIDR"; empty: it takes none
  std::string help{};                  ///< one line
  std::vector<std::string> choices{};  ///< the only values there are; empty: any
};

/// What a command was called with, checked against its options and operands.
class Arguments {
 public:
  std::map<std::string, std::vector<std::string>> options;  ///< by name; a flag has one empty value
  std::vector<std::string> operands;

  bool has(const std::string& name) const { return options.contains(name); }
  /// The last value given; nullopt where the option was not given.
  std::optional<std::string> value(const std::string& name) const;
  /// All values in their order: an option may be given more than once.
  std::vector<std::string> values(const std::string& name) const;
  /// Whether --output json was asked for.
  bool wants_json() const { return value("output") == "json"; }
};

/// Where a command prints, and on which node it works.
struct Console {
  std::function<void(std::string_view)> print;  ///< to standard output
  std::function<void(std::string_view)> warn;   ///< to standard error
  std::size_t width = 80;                       ///< columns of the terminal, or what a pipe is to get
  std::string root;                             ///< root of the state folder
  std::string configurations{};                 ///< folder of the network configurations; empty: none
};

/// Exit statuses for scripts.
inline constexpr int success = 0;
inline constexpr int found_faults = 1;  ///< a check found something, or the command could not do what it was asked
inline constexpr int wrong_usage = 2;

struct Command {
  std::string name;
  std::string operands{};  ///< "END END [...]", as the synopsis has it; empty: none
  std::size_t least = 0;   ///< operands
  std::size_t most = 0;
  std::vector<std::string> first_operands{};  ///< the only values of the first operand; empty: any
  std::string summary{};                      ///< one line
  std::string description{};                  ///< paragraphs for --help and the man page, divided by empty lines
  std::vector<Option> options{};
  /// Returns the exit status. Throws cni::Error and std::system_error.
  std::function<int(const Arguments&, const Console&)> run{};
};

/// The option that every command has which prints.
Option output_option();

/// Options and operands in any order, "--output json" as well as "--output=json"; what follows "--" are operands.
/// Throws UsageError for an option that the command does not have, a value that is missing or not among its choices,
/// and a wrong number of operands.
Arguments parse(const Command& command, const std::vector<std::string>& words);

/// ": did you mean "list"?" where the word may be a slip of the pen for one that is known, else nothing.
std::string meant_instead(const std::string& word, const std::vector<std::string>& known);

struct UsageError : std::exception {
  explicit UsageError(std::string text) : message(std::move(text)) {}
  const char* what() const noexcept override { return message.c_str(); }
  std::string message;
};

}  // namespace vethctl
