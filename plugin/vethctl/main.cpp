#include "plugin/cni/error.hpp"
#include "plugin/kernel/namespace_return_failure.hpp"
#include "plugin/posix/privileges.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/posix/streams.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/help.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/install_actions.hpp"
#include "plugin/vethctl/installations.hpp"
#include "plugin/vethctl/json_object.hpp"
#include "plugin/vethctl/node_program.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/style.hpp"
#include "plugin/vethctl/report/yaml.hpp"
#include "plugin/vethctl/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// Finds the command, runs it, and prints its errors.
namespace {

using vethctl::Command;

std::size_t terminal_width() {
  winsize size{};
  constexpr std::size_t default_width = 80;
  constexpr std::size_t unlimited = 10'000;  // output to a pipe is not truncated
  if (::isatty(STDOUT_FILENO) == 0) return unlimited;
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : default_width;
}

std::optional<std::string> environment(const std::string& name) {
  const auto* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

/// Names and paths come from outside and may contain control characters for the terminal: they are replaced.
void write(std::string_view text) { posix::write_output(report::clean_text(text)); }
void warn(std::string_view text) { posix::write_error(report::clean_text(text)); }

/// Text for people: in a locale without UTF-8 only ASCII.
void print(std::string_view text) {
  const auto cleaned = report::clean_text(text);
  posix::write_output(report::with_escape_sequences(vethctl::is_utf8(environment) ? cleaned : report::ascii(cleaned)));
}

bool is_structured(const std::string& format) { return format == "json" || format == "yaml"; }

/// Prints a JSON document in one of these two formats.
void print_document(std::string_view json, const std::string& format) {
  write(format == "yaml" ? report::yaml(json) : std::string{json});
}

/// Prints JSON documents. Those of YAML are separated, since a command may print several.
std::function<void(std::string_view)> document_printer(const std::string& format) {
  return [format, is_first = true](std::string_view json) mutable {
    if (format == "yaml" && !is_first) write("---\n");
    is_first = false;
    print_document(json, format);
  };
}

constexpr auto clear_screen = "\x1b[H\x1b[2J\x1b[3J";

vethctl::Console console_for(const vethctl::Arguments& arguments) {
  const auto format = arguments.value("output").value_or("");
  const bool is_terminal = ::isatty(STDOUT_FILENO) != 0;
  vethctl::Console console{
      .print = print,
      .warn = warn,
      .width = terminal_width(),
      .root = std::string{state::default_root},
      .configurations = inspect::default_conf_dir,
      .installations = vethctl::default_installations,
      .cni_path = vethctl::default_bin_dir,
      .node_config = vethctl::default_node_config,
      .node_programs = [] { return vethctl::node_program_folders(vethctl::default_installations); },
      .write = write};
  if (is_structured(format)) {
    console.print = console.write = document_printer(format);
  } else {
    const auto when = arguments.value("color").value_or("auto");
    console.is_coloured = vethctl::uses_colour(when, is_terminal, environment);
  }
  if (is_terminal) console.clear = [] { posix::write_output(clear_screen); };
  return console;
}

/// Help is one member of an object if a structured format is wanted.
int print_help(const std::string& text, const std::string& format) {
  if (is_structured(format)) {
    print_document(vethctl::to_json_object("help", text), format);
  } else {
    print(text);
  }
  return vethctl::success;
}

/// Help texts are limited to 100 columns: longer lines are hard to read.
std::size_t help_width() {
  constexpr std::size_t limit = 100;
  return std::min(terminal_width(), limit);
}

bool is_help_option(const std::string& word) { return word == "--help" || word == "-h"; }

int run(const Command& command, const std::vector<std::string>& words) {
  const auto end_of_options = std::ranges::find(words, "--");
  if (std::any_of(words.begin(), end_of_options, is_help_option)) {
    return print_help(vethctl::help(command, help_width()), vethctl::requested_format(words));
  }
  const auto arguments = vethctl::parse(command, words);
  return command.run(arguments, console_for(arguments));
}

const Command& require_command(const std::vector<Command>& commands, const std::string& word) {
  const auto name = word == "--version" || word == "-V" ? "version" : word;
  if (const auto* command = vethctl::find_command(commands, name)) return *command;
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const auto& known : commands) names.push_back(known.name);
  throw vethctl::UsageError{"there is no command " + text::quoted(name) + vethctl::suggestion_for(name, names)};
}

int print_help(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  Command help;
  help.name = "help";
  help.operands = "[COMMAND]";
  help.max_operands = 1;
  help.options = {vethctl::output_option()};
  const auto [options, names] = vethctl::parse(help, words);
  const auto text =
      names.empty() ? vethctl::help(commands) : vethctl::help(require_command(commands, names.front()), help_width());
  return print_help(text, vethctl::requested_format(words));
}

int run(const std::vector<std::string>& words) {
  const auto commands = vethctl::commands();
  if (words.empty()) {
    print(vethctl::help(commands));
    return vethctl::wrong_usage;
  }
  const std::vector<std::string> rest{std::next(words.begin()), words.end()};
  if (words.front() == "help" || is_help_option(words.front())) return print_help(commands, rest);
  return run(require_command(commands, words.front()), rest);
}

/// An error for programs is the plugin's error object, on standard output. If it cannot be written there, or is for
/// people, it is a line on standard error.
int fail(const cni::Error& error, const std::string& format, int status) {
  try {
    if (!is_structured(format)) {
      warn(std::string{"vethctl: "} + error.what() + '\n');
    } else {
      print_document(cni::to_json(error, cni::newest_version), format);
    }
  } catch (const std::system_error&) {
    if (is_structured(format)) warn(std::string{"vethctl: "} + error.what() + '\n');
  }
  return status;
}

int fail_system_call(const std::system_error& error, const std::string& format) {
  const auto advice = posix::privilege_advice(error.code());
  return fail({cni::ErrorCode::system_refused, error.what(), advice}, format, vethctl::found_faults);
}

/// Runs the command and prints its error.
int run_and_report(const std::vector<std::string>& words) {
  const auto format = vethctl::requested_format(words);
  try {
    posix::prepare_process();
    return run(words);
  } catch (const vethctl::UsageError& error) {
    return fail({cni::ErrorCode::invalid_environment, error.message, error.details}, format, vethctl::wrong_usage);
  } catch (const cni::Error& error) {
    return fail(error, format, vethctl::found_faults);
  } catch (const kernel::NamespaceReturnFailure& failure) {
    return fail(failure.error, format, vethctl::found_faults);
  } catch (const std::system_error& error) {
    return fail_system_call(error, format);
  }
}

}  // namespace

int main(int count, char** arguments) { return run_and_report({std::next(arguments), std::next(arguments, count)}); }
