#include "plugin/cni/error.hpp"
#include "plugin/posix/privileges.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/posix/streams.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/veth_node/commands/commands.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/yaml.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// Finds the command, runs it, and prints its errors.
namespace {

using vethctl::Command;

constexpr std::size_t help_width = 100;
constexpr std::size_t unlimited_width = 10'000;

void print(std::string_view text) { posix::write_output(report::clean_text(text)); }
void warn(std::string_view text) { posix::write_error(report::clean_text(text)); }

bool is_help_option(const std::string& word) { return word == "--help" || word == "-h"; }

const Command& require_command(const std::vector<Command>& all, const std::string& word) {
  if (const auto* command = vethctl::find_command(all, word == "--version" ? "version" : word)) return *command;
  std::vector<std::string> names;
  for (const auto& known : all) names.push_back(known.name);
  throw vethctl::UsageError{"there is no command " + text::quoted(word) + vethctl::suggestion_for(word, names)};
}

vethctl::Console console_for(const std::string& format) {
  vethctl::Console console{.print = print, .warn = warn, .width = unlimited_width, .root = {}};
  if (format == "yaml") console.print = [](std::string_view json) { print(report::yaml(json)); };
  return console;
}

int run(const std::vector<std::string>& words) {
  const auto all = commands::all_commands();
  const bool wants_help = words.empty() || words.front() == "help" || is_help_option(words.front());
  if (wants_help) {
    print(vethctl::help(all, commands::node_program()));
    return words.empty() ? vethctl::wrong_usage : vethctl::success;
  }
  const auto& command = require_command(all, words.front());
  const std::vector<std::string> rest{std::next(words.begin()), words.end()};
  if (std::ranges::any_of(rest, is_help_option)) {
    print(vethctl::help(command, help_width, commands::node_program()));
    return vethctl::success;
  }
  return command.run(vethctl::parse(command, rest), console_for(vethctl::requested_format(words)));
}

int fail(const std::string& message, int status) {
  try {
    warn("veth-node: " + message + '\n');
  } catch (const std::system_error&) {  // nobody reads it
    return status;
  }
  return status;
}

int run_and_report(const std::vector<std::string>& words) {
  try {
    posix::prepare_process();
    return run(words);
  } catch (const vethctl::UsageError& error) {
    return fail(error.message + "; see veth-node --help", vethctl::wrong_usage);
  } catch (const cni::Error& error) {
    return fail(error.what(), vethctl::found_faults);
  } catch (const std::system_error& error) {
    const auto advice = posix::privilege_advice(error.code());
    return fail(error.what() + (advice.empty() ? "" : "; " + advice), vethctl::found_faults);
  }
}

}  // namespace

int main(int count, char** arguments) { return run_and_report({std::next(arguments), std::next(arguments, count)}); }
