#include "plugin/vethctl/gc.hpp"

#include "plugin/attachment/ovs_ports.hpp"
#include "plugin/attachment/reclaim.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/networks.hpp"
#include "plugin/vethctl/report/format.hpp"

#include <algorithm>
#include <iterator>

namespace vethctl {
namespace {

RemovedAttachment to_removed(const state::Record& record) {
  return {.attachment = record.attachment,
          .tag = cni::tag_of(record.attachment),
          .what = addresses_text(record),
          .addresses = record.addresses};
}

/// Removes nftables elements without a record and a link.
std::vector<RemovedAttachment> remove_orphaned_rules(const std::vector<state::Folder>& folders, kernel::Kernel& kernel,
                                                     bool is_dry_run) {
  std::vector<RemovedAttachment> removed;
  auto orphans = attachment::find_orphaned_rules(kernel, folders);
  removed.reserve(orphans.size());
  for (const auto& orphan : orphans) {
    removed.push_back({.attachment = orphan.attachment,
                       .tag = orphan.tag,
                       .what = "nftables rules of the unknown attachment #" + cni::to_string(orphan.tag)});
  }
  if (is_dry_run || orphans.empty()) return removed;
  attachment::tear_down_or_throw(std::move(orphans), {.kernel = &kernel});
  return removed;
}

std::string to_text(const std::vector<RemovedAttachment>& removed, bool is_dry_run) {
  if (removed.empty()) return "no stale attachments\n";
  std::string text;
  for (const auto& each : removed) {
    text += is_dry_run ? "would remove " : "removed ";
    if (!each.attachment.container.empty()) text += inspect::name_of(each.attachment) + ": ";
    text += each.what + '\n';
  }
  return text;
}

void write(cni::JsonWriter& json, const RemovedAttachment& removed) {
  json.begin_object();
  json.member("network", removed.attachment.network);
  json.member("container", removed.attachment.container);
  json.member("interface", removed.attachment.interface);
  json.member("tag", cni::to_string(removed.tag));
  json.key("addresses");
  json.begin_array();
  for (const auto& address : report::texts(removed.addresses)) json.string(address);
  json.end_array();
  json.end_object();
}

std::string to_json(const std::vector<RemovedAttachment>& removed, bool is_dry_run) {
  cni::JsonWriter json{2};
  json.begin_object();
  json.key("dryRun");
  json.boolean(is_dry_run);
  json.key("dropped");
  json.begin_array();
  for (const auto& each : removed) write(json, each);
  json.end_array();
  json.end_object();
  return json.finished();
}

}  // namespace

std::vector<std::string> networks_of(const state::Folder& folder, const std::optional<std::string>& wanted) {
  auto networks = folder.records.networks();
  if (wanted) std::erase_if(networks, [&](const std::string& network) { return network != *wanted; });
  std::ranges::sort(networks);
  return networks;
}

std::vector<RemovedAttachment> remove_stale(std::vector<state::Folder>& folders,
                                            const std::optional<std::string>& network, kernel::Kernel& kernel,
                                            bool is_dry_run) {
  std::vector<RemovedAttachment> removed;
  for (auto& folder : folders) {
    for (const auto& name : networks_of(folder, network)) {
      const auto records =
          is_dry_run ? attachment::find_stale(name, kernel, folder) : attachment::reclaim(name, kernel, folder);
      std::ranges::transform(records, std::back_inserter(removed), to_removed);
    }
  }
  std::ranges::stable_sort(removed, {}, &RemovedAttachment::attachment);
  if (network) return removed;
  std::ranges::move(remove_orphaned_rules(folders, kernel, is_dry_run), std::back_inserter(removed));
  return removed;
}

std::vector<RemovedAttachment> remove_stale_ports(state::Folder& folder, kernel::Kernel& kernel, bool is_dry_run) {
  std::vector<RemovedAttachment> removed;
  for (const auto& uuid : attachment::clean_ovs(kernel, folder, is_dry_run)) {
    removed.push_back({.attachment = {}, .tag = {}, .what = "port " + uuid + " of Open vSwitch"});
  }
  return removed;
}

std::string addresses_text(const state::Record& record) {
  return record.addresses.empty() ? "no address" : text::joined(report::texts(record.addresses), ", ");
}

int gc(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  const bool is_dry_run = arguments.has("dry-run");
  const auto wanted = arguments.operands.empty() ? std::nullopt : std::optional{arguments.operands.front()};
  auto folders = inspect::open_folders(console.root, console.configurations);
  inspect::require_network(wanted, inspector, folders);
  auto removed = remove_stale(folders, wanted, inspector.kernel, is_dry_run);
  for (auto& folder : folders) {
    if (wanted) break;
    std::ranges::move(remove_stale_ports(folder, inspector.kernel, is_dry_run), std::back_inserter(removed));
  }
  console.print(arguments.wants_json() ? to_json(removed, is_dry_run) : to_text(removed, is_dry_run));
  return success;
}

Command gc_command() {
  return {
      .name = "gc",
      .operands = "[NETWORK]",
      .max_operands = 1,
      .summary = "remove stale attachments and release their addresses",
      .description =
          "Removes stale attachments of one network or of all, with their leases, records and rules. An attachment is "
          "stale if no call of the plugin holds its lock and its interface is missing: it was deleted, or the ADD did "
          "not finish. The runtime is not needed. Not removed are leases of veth-ipam for other plugins and records "
          "that cannot be read, because their interface is unknown: see vethctl leases release.",
      .options = {{.name = "dry-run", .help = "print what would be removed, and change nothing"}, output_option()},
      .examples = {"vethctl gc --dry-run", "vethctl gc pods"},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        kernel::LinuxInspector inspector{kernel};
        return gc(arguments, console, inspector);
      }};
}

}  // namespace vethctl
