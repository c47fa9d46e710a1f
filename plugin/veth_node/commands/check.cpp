#include "plugin/cni/error.hpp"
#include "plugin/veth_node/commands/node_context.hpp"
#include "plugin/veth_node/diagnosis/diagnose.hpp"
#include "plugin/veth_node/diagnosis/examine.hpp"
#include "plugin/veth_node/stores.hpp"
#include "plugin/vethctl/report/findings.hpp"

#include <algorithm>
#include <system_error>

namespace commands {
namespace {

using inspect::Finding;

struct Checked {
  std::vector<Finding> findings{};
  std::size_t nodes = 0;
};

Checked examine_node(const veth_node::Config& config) {
  const diagnosis::Sources sources{.open_store = [&] { return veth_node::open_store(config); }};
  const auto examination = diagnosis::examine(config, machine_id(config), sources);
  return {.findings = diagnosis::diagnose(examination), .nodes = examination.store.directory.nodes.size()};
}

Checked unusable(const std::string& file, const std::string& what, const std::string& remedy) {
  return {
      .findings = {{.what = what,
                    .where = {file},
                    .remedy = remedy.empty() ? "correct the configuration: `veth-node run` does not start" : remedy}}};
}

Checked examine_file(const std::string& file) {
  std::optional<veth_node::Config> config;
  try {
    config = veth_node::read_config(file);
    machine_id(*config);
  } catch (const cni::Error& error) {
    return unusable(file, error.message, error.details);
  } catch (const std::system_error& error) {
    return unusable(file, error.what(), {});
  }
  return examine_node(*config);
}

int check(const Arguments& arguments, const Console& console) {
  const auto checked = examine_file(arguments.value("config").value_or(veth_node::default_config));
  console.print(arguments.wants_json()
                    ? report::json(checked.findings)
                    : report::findings(checked.findings,
                                       {.count = checked.nodes, .noun = "node", .shows_all = arguments.has("all")}));
  const auto is_note = [](const Finding& finding) { return finding.severity == inspect::Severity::note; };
  return std::ranges::all_of(checked.findings, is_note) ? vethctl::success : vethctl::found_faults;
}

}  // namespace

Command check_command() {
  return {
      .name = "check",
      .summary = "find problems between this node and the others",
      .description =
          "Compares the store, the kernel and the files of this node, and sends echo requests to all other nodes (the "
          "first 5,000): to their addresses, and through the tunnels, small ones and ones of the MTU of containers. "
          "Takes a few seconds. It reports:\n\n"
          "- a store that does not answer, an entry of this node that is missing or of another machine, a pool that "
          "differs from the configuration;\n\n"
          "- routes and tunnel devices that are missing or wrong, a network configuration that is missing, and that "
          "`veth-node run` does not run;\n\n"
          "- nodes that do not answer, UDP ports of tunnels that are dropped, and paths with a smaller MTU;\n\n"
          "- blocks in quarantine with the containers that have addresses of them, and blocks whose file and entry in "
          "the store differ.\n\n"
          "For each finding it prints the problem, the location and what to do. Nothing is changed. `vethctl check` "
          "includes these findings. The exit status is 1 for faults and warnings, and 0 if there are only notes.",
      .options = {{.name = "all", .help = "list each consequence and each location of a finding"},
                  vethctl::output_option(),
                  config_option()},
      .examples = {"veth-node check", "veth-node check --output json"},
      .run = check};
}

}  // namespace commands
