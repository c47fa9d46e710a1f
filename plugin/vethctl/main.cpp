#include "plugin/cni/error.hpp"
#include "plugin/kernel/cannot_return.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/posix/streams.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/help.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/report/escape.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <system_error>

// The tool for people: finds the command, hands it its arguments, and tells what went wrong.
namespace {

using vethctl::Command;

std::size_t terminal_width() {
  winsize size{};
  constexpr std::size_t usual = 80;
  constexpr std::size_t unlimited = 10'000;  // what a pipe gets is not cut
  if (::isatty(STDOUT_FILENO) == 0) return unlimited;
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

/// Names and paths come from outside: none of their bytes is to work on a terminal.
void print(std::string_view text) { posix::write_output(report::clean_text(text)); }
void warn(std::string_view text) { posix::write_error(report::clean_text(text)); }

/// Lines of prose that are longer are hard to read.
std::size_t page_width() {
  constexpr std::size_t widest = 100;
  return std::min(terminal_width(), widest);
}

bool asks_for_help(const std::string& word) { return word == "--help" || word == "-h"; }

int run(const Command& command, const std::vector<std::string>& words) {
  const auto end_of_options = std::ranges::find(words, "--");
  if (std::any_of(words.begin(), end_of_options, asks_for_help)) {
    print(vethctl::help(command, page_width()));
    return vethctl::success;
  }
  return command.run(vethctl::parse(command, words), {.print = print,
                                                      .warn = warn,
                                                      .width = terminal_width(),
                                                      .root = std::string{state::default_root},
                                                      .configurations = inspect::usual_configurations});
}

const Command& find_command(const std::vector<Command>& commands, const std::string& word) {
  const auto name = word == "--version" ? "version" : word;
  const auto command = std::ranges::find(commands, name, &Command::name);
  if (command != commands.end()) return *command;
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const auto& known : commands) names.push_back(known.name);
  throw vethctl::UsageError{"there is no command " + text::quoted(name) + vethctl::meant_instead(name, names)};
}

int help_with(const std::vector<Command>& commands, const std::vector<std::string>& names) {
  print(names.empty() ? vethctl::help(commands) : vethctl::help(find_command(commands, names.front()), page_width()));
  return vethctl::success;
}

int run(const std::vector<std::string>& words) {
  const auto commands = vethctl::commands();
  if (words.empty()) {
    print(vethctl::help(commands));
    return vethctl::wrong_usage;
  }
  const std::vector<std::string> rest{std::next(words.begin()), words.end()};
  if (words.front() == "help" || asks_for_help(words.front())) return help_with(commands, rest);
  return run(find_command(commands, words.front()), rest);
}

/// What the kernel and the file system refuse to others than root.
bool is_for_root(const std::error_code& code) {
  return ::geteuid() != 0 && (code == std::errc::permission_denied || code == std::errc::operation_not_permitted);
}

int tell(const std::string& message, int status) {
  warn("vethctl: " + message + '\n');
  return status;
}

}  // namespace

int main(int count, char** arguments) try {
  posix::prepare_process();
  return run({std::next(arguments), std::next(arguments, count)});
} catch (const vethctl::UsageError& error) {
  return tell(std::string{error.what()} + " (vethctl --help tells more)", vethctl::wrong_usage);
} catch (const cni::Error& error) {
  return tell(error.what(), vethctl::found_faults);
} catch (const kernel::CannotReturn& failure) {
  return tell(failure.error.what(), vethctl::found_faults);
} catch (const std::system_error& error) {
  const auto* advice = is_for_root(error.code()) ? " (vethctl works as root)" : "";
  return tell(std::string{error.what()} + advice, vethctl::found_faults);
}
