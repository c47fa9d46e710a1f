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
#include "plugin/vethctl/report/escape.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <system_error>

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

/// Names and paths come from outside and may contain control characters for the terminal: they are replaced.
void print(std::string_view text) { posix::write_output(report::clean_text(text)); }
void warn(std::string_view text) { posix::write_error(report::clean_text(text)); }

/// Help texts are limited to 100 columns: longer lines are hard to read.
std::size_t help_width() {
  constexpr std::size_t limit = 100;
  return std::min(terminal_width(), limit);
}

bool is_help_option(const std::string& word) { return word == "--help" || word == "-h"; }

int run(const Command& command, const std::vector<std::string>& words) {
  const auto end_of_options = std::ranges::find(words, "--");
  if (std::any_of(words.begin(), end_of_options, is_help_option)) {
    print(vethctl::help(command, help_width()));
    return vethctl::success;
  }
  return command.run(vethctl::parse(command, words), {.print = print,
                                                      .warn = warn,
                                                      .width = terminal_width(),
                                                      .root = std::string{state::default_root},
                                                      .configurations = inspect::default_conf_dir,
                                                      .installations = vethctl::default_installations,
                                                      .cni_path = vethctl::default_bin_dir});
}

const Command& find_command(const std::vector<Command>& commands, const std::string& word) {
  const auto name = word == "--version" ? "version" : word;
  const auto command = std::ranges::find(commands, name, &Command::name);
  if (command != commands.end()) return *command;
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const auto& known : commands) names.push_back(known.name);
  throw vethctl::UsageError{"there is no command " + text::quoted(name) + vethctl::suggestion_for(name, names)};
}

int print_help(const std::vector<Command>& commands, const std::vector<std::string>& names) {
  print(names.empty() ? vethctl::help(commands) : vethctl::help(find_command(commands, names.front()), help_width()));
  return vethctl::success;
}

int run(const std::vector<std::string>& words) {
  const auto commands = vethctl::commands();
  if (words.empty()) {
    print(vethctl::help(commands));
    return vethctl::wrong_usage;
  }
  const std::vector<std::string> rest{std::next(words.begin()), words.end()};
  if (words.front() == "help" || is_help_option(words.front())) return print_help(commands, rest);
  return run(find_command(commands, words.front()), rest);
}

int fail(const std::string& message, int status) {
  warn("vethctl: " + message + '\n');
  return status;
}

}  // namespace

int main(int count, char** arguments) try {
  posix::prepare_process();
  return run({std::next(arguments), std::next(arguments, count)});
} catch (const vethctl::UsageError& error) {
  return fail(std::string{error.what()} + " (see vethctl --help)", vethctl::wrong_usage);
} catch (const cni::Error& error) {
  return fail(error.what(), vethctl::found_faults);
} catch (const kernel::NamespaceReturnFailure& failure) {
  return fail(failure.error.what(), vethctl::found_faults);
} catch (const std::system_error& error) {
  const auto advice = posix::privilege_advice(error.code());
  return fail(error.what() + (advice.empty() ? advice : "; " + advice), vethctl::found_faults);
}
