#include "plugin/vethctl/check.hpp"

#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/vethctl/attach.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/inspect/diagnosis.hpp"
#include "plugin/vethctl/inspect/examination.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/networks.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/metrics.hpp"
#include "plugin/vethctl/node_program.hpp"
#include "plugin/vethctl/plugin_users.hpp"
#include "plugin/vethctl/report/findings.hpp"
#include "plugin/vethctl/report/style.hpp"
#include "plugin/vethctl/selection.hpp"
#include "plugin/vethctl/validate.hpp"
#include "plugin/vethctl/watch.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace vethctl {
namespace {

using inspect::Finding;
using inspect::Severity;

/// nullopt if the result is neither a fault nor a warning.
std::optional<Finding> to_finding(const ValidationResult& result) {
  if (result.kind == ValidationResult::Kind::fault) {
    return Finding{.what = "code " + std::to_string(result.code) + ": " + result.message,
                   .where = {location_of(result)},
                   .remedy = "correct the file: every ADD fails with this error"};
  }
  if (result.kind != ValidationResult::Kind::warning) return std::nullopt;
  return Finding{.severity = Severity::note,
                 .what = result.message,
                 .where = {location_of(result)},
                 .remedy = "check the spelling of the key"};
}

/// Runtimes that use several networks by their names, as Podman and nerdctl, are not concerned.
void add_preferred(const std::string& folder, std::vector<Finding>& findings) {
  for (const auto& file : configurations_before(folder)) {
    findings.push_back({.severity = Severity::warning,
                        .what = "a network of another plugin is used instead of that of veth: the file comes first in "
                                "the order of names",
                        .where = {file},
                        .remedy = "delete or rename it, unless the runtime selects networks by their names"});
  }
}

std::vector<Finding> check_configurations(const Arguments& arguments) {
  const auto folder = arguments.value("conf-dir").value_or(inspect::default_conf_dir);
  const auto files = inspect::find_configurations(folder);
  if (!files && arguments.has("conf-dir")) {
    return {{.what = "the folder of the network configurations does not exist",
             .where = {folder},
             .remedy = "set --conf-dir to the folder that the runtime reads"}};
  }
  if (!files || files->empty()) {
    return {{.severity = Severity::note,
             .what = "the folder contains no network configuration",
             .where = {folder},
             .remedy = "if the runtime reads another folder, set it with --conf-dir DIR"}};
  }
  std::vector<Finding> findings;
  for (const auto& file : *files) {
    for (const auto& result : validate(file)) {
      if (auto finding = to_finding(result)) findings.push_back(*std::move(finding));
    }
  }
  add_preferred(folder, findings);
  return findings;
}

std::vector<Option> check_options() {
  auto options = attach_options();
  const Option all{.name = "all", .help = "list each consequence and each location of a finding"};
  const Option conf_dir{
      .name = "conf-dir", .value = "DIR", .help = "folder of the network configurations (default: /etc/cni/net.d)"};
  options.insert(options.begin(), {all, conf_dir, output_option(), watch_option()});
  return options;
}

/// The part of the node that is checked.
struct Scope {
  std::string network{};             ///< empty: all
  std::set<cni::Tag> attachments{};  ///< empty: all of the network
};

/// A word that is not a network names attachments.
Scope scope_of(const std::string& word, kernel::Inspector& inspector, const std::vector<state::Folder>& folders) {
  if (word.empty() || inspect::is_network(word, inspector, folders)) return {.network = word};
  Scope scope;
  std::set<std::string> networks;
  for (const auto& attachment : select(inspect::read_attachments(inspector, folders), word)) {
    scope.attachments.insert(attachment.tag);
    networks.insert(attachment.identity.network);
  }
  if (networks.size() == 1) scope.network = *networks.begin();
  return scope;
}

Finding to_finding(const FullRanges& full) {
  const auto where = "network " + full.network + ", range " + full.ranges;
  if (!full.pool.empty()) {
    return {.severity = Severity::warning,
            .what = "no address of the blocks of pool " + full.pool + " is free: the next ADD has to claim a block",
            .where = {where},
            .remedy = "`veth-node run` claims blocks ahead: see `veth-node check` and its log"};
  }
  return {.severity = Severity::warning,
          .what = "no address is free: the next ADD fails",
          .where = {where},
          .remedy = "vethctl gc removes stale attachments; otherwise add a range to the configuration"};
}

void add_full_ranges(const std::vector<FullRanges>& full, const std::string& network, std::vector<Finding>& findings) {
  for (const auto& each : full) {
    if (network.empty() || each.network == network) findings.push_back(to_finding(each));
  }
}

bool is_fault_or_warning(const Finding& finding) { return finding.severity != Severity::note; }

}  // namespace

int check(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  const auto word = arguments.operands.empty() ? std::string{} : arguments.operands.front();
  const auto found = inspect::find_folders(console.root, console.configurations);
  const auto scope = scope_of(word, inspector, found.folders);
  attachment::OvsReader ovs;
  auto examination = inspect::examine(inspector, found, scope.network, ovs);
  if (!scope.attachments.empty()) {
    std::erase_if(examination.attachments,
                  [&](const inspect::Detail& detail) { return !scope.attachments.contains(detail.attachment.tag); });
  }
  examination.configuration = check_configurations(arguments);
  const auto conf_dir = arguments.value("conf-dir").value_or(inspect::default_conf_dir);
  add_full_ranges(find_full_ranges(conf_dir, found.folders), scope.network, examination.configuration);
  if (word.empty()) add_findings_between_nodes(console, examination.configuration);
  const auto findings = inspect::diagnose(examination);
  const auto text = arguments.wants_json() ? report::json(findings)
                                           : report::findings(findings, {.count = examination.attachments.size(),
                                                                         .not_examined = examination.not_examined,
                                                                         .shows_all = arguments.has("all")});
  console.print(console.is_coloured ? report::styled_severities(text) : text);
  return std::ranges::any_of(findings, is_fault_or_warning) ? found_faults : success;
}

Command check_command() {
  return {
      .name = "check",
      .operands = "[NETWORK [NETNS] | ATTACHMENT]",
      .max_operands = 2,
      .summary = "find problems of this node and print how to fix them",
      .description =
          "Checks the network configurations (as validate does) and their order, full ranges, the state folder, each "
          "attachment "
          "(record "
          "and kernel, as show does), and the settings of the host that block packets of containers: IP forwarding, "
          "strict reverse path filters, firewalls that drop forwarded packets, routes of other software to addresses "
          "of "
          "containers, and rules of ip-rule(8) that match them. On a node with /etc/veth-cni/node.json, it includes "
          "the findings of veth-node check(8): the store, routes, tunnels and blocks of this node, and other nodes "
          "that "
          "do not answer. It also reports such rules, and routes that drop "
          "packets, inside containers. For each finding it prints the problem, the location and what to do, sorted by "
          "severity. Nothing is changed. With NETWORK, only attachments and addresses of this network are checked; "
          "with "
          "ATTACHMENT, as for show, only the attachments that it names.\n\n"
          "A problem and the problems that it causes are one finding; --all lists all of them. The last line lists "
          "what "
          "is not examined.\n\n"
          "The exit status is 1 for faults and warnings, and 0 if there are only notes. Rules of iptables-legacy "
          "cannot be read; a note reports that they exist.\n\n"
          "With NETWORK and NETNS, calls CHECK of the plugins of NETWORK for this network namespace, as a runtime "
          "does, and prints the first error. Operands are those of add.",
      .options = check_options(),
      .examples = {"vethctl check", "vethctl check --all", "vethctl check pods --output json",
                   "vethctl check pods net0", "vethctl check --watch 10"},
      .run = [](const Arguments& arguments, const Console& console) {
        if (arguments.operands.size() == 2) return check_attachment(arguments, console);
        kernel::LinuxKernel kernel;
        kernel::LinuxInspector inspector{kernel};
        return watched(
            arguments, console, [&](const Console& round) { return check(arguments, round, inspector); }, sleep);
      }};
}

}  // namespace vethctl
