#include "plugin/vethctl/node_program.hpp"

#include "ipam/exec_ipam.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/own_executable.hpp"
#include "plugin/posix/program.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/install_actions.hpp"
#include "plugin/vethctl/installations.hpp"
#include "plugin/vethctl/report/findings.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

namespace vethctl {
namespace {

using inspect::Finding;
using inspect::Severity;

constexpr std::chrono::seconds program_timeout{15};

/// VETH_NODE_NAME is part of the configuration.
std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  return variables;
}

posix::Outcome run_node_program(const std::string& program, std::vector<std::string> arguments) {
  constexpr std::size_t most_bytes = std::size_t{16} << 20U;
  return posix::run({.path = program,
                     .arguments = std::move(arguments),
                     .environment = own_environment(),
                     .input = {},
                     .timeout = program_timeout},
                    most_bytes);
}

Finding not_checked(const std::string& config, const std::string& reason, const std::string& remedy) {
  return {
      .severity = Severity::warning,
      .what = "this node belongs to a cluster, but " + reason + ": its connection to the other nodes was not checked",
      .where = {config},
      .remedy = remedy};
}

std::string end_of(const posix::Outcome& outcome) {
  return outcome.has_timed_out ? "did not end within 15 s"
                               : "failed with status " + std::to_string(outcome.exit_status);
}

std::vector<Finding> run_check(const std::string& program, const std::string& config) {
  const auto command = text::quoted(program + " check");
  try {
    const auto outcome = run_node_program(program, {"check", "--output", "json", "--config", config});
    if (!outcome.has_timed_out && !outcome.output.empty()) return report::read_findings(outcome.output);
    return {not_checked(config, command + ' ' + end_of(outcome), "run: " + program + " check")};
  } catch (const cni::Error& error) {
    return {not_checked(config, command + " did not print findings (" + error.message + ')',
                        "install vethctl and veth-node of the same version")};
  } catch (const std::system_error& error) {
    return {not_checked(config, "veth-node cannot be run (" + std::string{error.what()} + ')', "install veth-node")};
  }
}

bool exists(const std::string& path) { return !!posix::find_file(AT_FDCWD, path, O_PATH); }

}  // namespace

std::vector<std::string> node_program_folders(const std::string& installations) {
  std::vector<std::string> folders{posix::own_folder(), default_bin_dir};
  for (const auto& installation : remembered_installations(installations)) folders.push_back(installation.bin_dir);
  return folders;
}

std::optional<std::string> find_node_program(const std::vector<std::string>& folders) {
  return ipam::find_plugin_if_present("veth-node", folders);
}

void add_findings_between_nodes(const Console& console, std::vector<Finding>& findings) {
  if (console.node_config.empty() || !exists(console.node_config)) return;
  const auto program = find_node_program(console.node_programs());
  if (!program) {
    findings.push_back(not_checked(console.node_config, "veth-node is not installed",
                                   "install veth-node beside vethctl, or delete the file if the node has left the "
                                   "cluster"));
    return;
  }
  for (auto& finding : run_check(*program, console.node_config)) findings.push_back(std::move(finding));
}

std::optional<cni::Error> validate_node_config(const std::string& program, const std::string& file) {
  const auto outcome = run_node_program(program, {"validate", "--output", "json", "--config", file});
  if (outcome.exit_status == 0 && !outcome.has_timed_out) return std::nullopt;
  try {
    const cni::JsonDocument document{outcome.output, "the answer"};
    auto object = document.root().as_object();
    cni::Error error{cni::ErrorCode::invalid_config, object.require("msg").as_string(),
                     object.string_or("details", "")};
    constexpr std::uint64_t most = 0xffffffff;
    error.code = static_cast<unsigned>(object.require("code").as_unsigned(0, most));
    return error;
  } catch (const cni::Error&) {
    return cni::Error{cni::ErrorCode::system_refused, text::quoted(program + " validate") + ' ' + end_of(outcome)};
  }
}

}  // namespace vethctl
