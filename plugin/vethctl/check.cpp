#include "plugin/vethctl/check.hpp"

#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/inspect/diagnosis.hpp"
#include "plugin/vethctl/inspect/examination.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/networks.hpp"
#include "plugin/vethctl/report/findings.hpp"
#include "plugin/vethctl/validate.hpp"

#include <algorithm>

namespace vethctl {
namespace {

using inspect::Finding;
using inspect::Severity;

/// nullopt where all is as it should be.
std::optional<Finding> find_finding(const Remark& remark) {
  if (remark.kind == Remark::Kind::fault) {
    return Finding{.what = "code " + std::to_string(remark.code) + ": " + remark.message,
                   .where = {place_of(remark)},
                   .remedy = "correct it: every ADD fails with this"};
  }
  if (remark.kind != Remark::Kind::warning) return std::nullopt;
  return Finding{.severity = Severity::note,
                 .what = remark.message,
                 .where = {place_of(remark)},
                 .remedy = "see whether it is spelled as it should be"};
}

std::vector<Finding> check_configurations(const Arguments& arguments) {
  const auto folder = arguments.value("conf-dir").value_or(inspect::usual_configurations);
  const auto files = inspect::find_configurations(folder);
  if (!files && arguments.has("conf-dir")) {
    return {
        {.what = "there is no such folder", .where = {folder}, .remedy = "give --conf-dir the one that runtimes read"}};
  }
  if (!files || files->empty()) {
    return {{.severity = Severity::note,
             .what = "there is no network configuration",
             .where = {folder},
             .remedy = "if runtimes look elsewhere: --conf-dir DIR"}};
  }
  std::vector<Finding> findings;
  for (const auto& file : *files) {
    for (const auto& remark : validate(file)) {
      if (auto finding = find_finding(remark)) findings.push_back(*std::move(finding));
    }
  }
  return findings;
}

bool matters(const Finding& finding) { return finding.severity != Severity::note; }

}  // namespace

int check(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  const auto network = arguments.operands.empty() ? std::string{} : arguments.operands.front();
  const auto found = inspect::find_folders(console.root, console.configurations);
  if (!network.empty()) inspect::require_network(network, inspector, found.folders);
  auto examination = inspect::examine(inspector, found, network);
  examination.configuration = check_configurations(arguments);
  const auto findings = inspect::diagnose(examination);
  console.print(arguments.wants_json() ? report::json(findings)
                                       : report::findings(findings, examination.attachments.size()));
  return std::ranges::any_of(findings, matters) ? found_faults : success;
}

Command check_command() {
  return {
      .name = "check",
      .operands = "[NETWORK]",
      .most = 1,
      .summary = "tell what is not well on this node",
      .description =
          "Looks at the network configurations (as validate does), at the state folder, at every attachment (what is "
          "on record beside what the kernel has, as show does), and at what else keeps packets from containers: IP "
          "forwarding, strict reverse path filters, firewalls that drop forwarded packets. Each finding says where it "
          "is and what to do about it, the worst first. Nothing is changed. With NETWORK only its attachments and "
          "addresses are looked at.\n\n"
          "The exit status is 0 where all is well, and 1 for faults and warnings; notes alone leave it 0. Rules of "
          "iptables-legacy cannot be read: a note says that there are some.",
      .options = {{.name = "conf-dir", .value = "DIR", .help = "network configurations (default: /etc/cni/net.d)"},
                  output_option()},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        kernel::LinuxInspector inspector{kernel};
        return check(arguments, console, inspector);
      }};
}

}  // namespace vethctl
