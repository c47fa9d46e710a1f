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
  /// Whether --output json is given.
  bool wants_json() const { return value("output") == "json"; }
};

/// The output of a command, and the state that it reads.
struct Console {
  std::function<void(std::string_view)> print;  ///< to standard output
  std::function<void(std::string_view)> warn;   ///< to standard error
  std::size_t width = 80;                       ///< columns of the terminal; very large for a pipe
  std::string root;                             ///< root of the state folder
  std::string configurations{};                 ///< folder of the network configurations; empty: none
  std::string installations{};                  ///< folder in which install remembers its folders; empty: none
  std::string cni_path{};                       ///< folders of the plugins; empty: not searched
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
};

/// The option --output of all commands that can print JSON.
Option output_option();

/// Options and operands may have any order; "--output json" and "--output=json" are the same; everything after "--" is
/// an operand. Throws UsageError for an unknown option, a missing or wrong value, and a wrong number of operands.
Arguments parse(const Command& command, const std::vector<std::string>& words);

/// ': did you mean "list"?' if the word is similar to a known one; otherwise empty.
std::string suggestion_for(const std::string& word, const std::vector<std::string>& known);

struct UsageError : std::exception {
  explicit UsageError(std::string text) : message(std::move(text)) {}
  const char* what() const noexcept override { return message.c_str(); }
  std::string message;
};

}  // namespace vethctl
