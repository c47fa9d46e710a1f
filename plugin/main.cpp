#include "plugin/cni/process.hpp"
#include "plugin/posix/log_file.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/posix/random.hpp"
#include "plugin/posix/streams.hpp"
#include "plugin/roles/role.hpp"

#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace {

/// Printed if the plugin is started by hand.
constexpr std::string_view guidance =
    "\nThis is a plugin: container runtimes start it, with CNI_COMMAND and other variables in the environment and a\n"
    "network configuration on standard input. To connect namespaces, and to see and check networks, use vethctl:\n\n"
    "  vethctl --help      the commands\n"
    "  man 8 vethctl       their manual page\n"
    "  man 5 veth-cni      the configuration\n"
    "  man 7 veth-cni      troubleshooting, error codes, security\n";

/// Runtimes pass no arguments.
bool asks_for_help(const std::string& word) { return word == "help" || word == "--help" || word == "-h"; }

int print_help(const cni::Plugin& plugin) try {
  posix::write_output(cni::about(plugin) + std::string{guidance});
  return 0;
} catch (const std::system_error&) {
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  posix::prepare_process();
  posix::drop_capabilities();
  const bool is_started_by_hand = std::getenv("CNI_COMMAND") == nullptr && ::isatty(STDIN_FILENO) != 0;
  const roles::Role& role = roles::role_of(count > 0 ? *arguments : "");
  const cni::Streams streams{posix::read_input, posix::write_output, posix::write_error, posix::append_line,
                             posix::random_number};
  if (role.serve_process != nullptr) {
    return role.serve_process({std::next(arguments), std::next(arguments, count)}, VETH_VERSION, streams);
  }
  const cni::Plugin plugin{
      .type = role.name,
      .version = VETH_VERSION,
      .serve = [&](cni::Call call, const roles::Print& print) { role.serve(role, std::move(call), print); },
      .guidance = is_started_by_hand ? guidance : ""};
  if (count > 1 && asks_for_help(*std::next(arguments))) return print_help(plugin);
  return cni::serve_process(plugin, streams);
}
