#include "plugin/cni/error.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/posix/streams.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/help.hpp"

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

int run(const Command& command, const std::vector<std::string>& words) {
  if (std::ranges::find(words, "--help") != words.end()) {
    posix::write_output(vethctl::help(command));
    return vethctl::success;
  }
  return command.run(vethctl::parse(command, words), {.print = posix::write_output,
                                                      .warn = posix::write_error,
                                                      .width = terminal_width(),
                                                      .root = std::string{state::default_root}});
}

int run(const std::vector<std::string>& words) {
  const auto commands = vethctl::commands();
  if (words.empty() || words.front() == "--help" || words.front() == "help") {
    posix::write_output(vethctl::help(commands));
    return words.empty() ? vethctl::wrong_usage : vethctl::success;
  }
  const auto name = words.front() == "--version" ? "version" : words.front();
  const auto command = std::ranges::find(commands, name, &Command::name);
  if (command == commands.end()) throw vethctl::UsageError{"there is no command \"" + name + '"'};
  return run(*command, {std::next(words.begin()), words.end()});
}

int tell(const std::string& message, int status) {
  posix::write_error("vethctl: " + message + '\n');
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
} catch (const std::system_error& error) {
  return tell(error.what(), vethctl::found_faults);
}
