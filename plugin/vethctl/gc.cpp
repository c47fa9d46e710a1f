#include "plugin/vethctl/gc.hpp"

#include "plugin/attachment/reclaim.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/networks.hpp"
#include "plugin/vethctl/report/words.hpp"

#include <algorithm>
#include <iterator>

namespace vethctl {
namespace {

std::vector<state::Record> collect(const std::string& network, state::Folder& folder, kernel::Kernel& kernel,
                                   bool is_dry_run) {
  if (is_dry_run) return attachment::find_stale(network, kernel, folder);
  return attachment::reclaim(network, kernel, folder);
}

Dropped dropped_record(const state::Record& record) {
  return {.attachment = record.attachment,
          .tag = cni::tag_of(record.attachment),
          .what = addresses_text(record),
          .addresses = record.addresses};
}

/// What is left of attachments that nothing else names.
std::vector<Dropped> drop_orphaned_rules(const std::vector<state::Folder>& folders, kernel::Kernel& kernel,
                                         bool is_dry_run) {
  std::vector<Dropped> dropped;
  auto orphans = attachment::find_orphaned_rules(kernel, folders);
  for (const auto& orphan : orphans) {
    dropped.push_back({.attachment = orphan.attachment,
                       .tag = orphan.tag,
                       .what = "rules in nftables of the unknown attachment #" + cni::to_string(orphan.tag)});
  }
  if (is_dry_run || orphans.empty()) return dropped;
  attachment::BestEffort effort;
  attachment::tear_down(std::move(orphans), {.kernel = &kernel}, effort);
  effort.finish();
  return dropped;
}

}  // namespace

std::vector<std::string> networks_of(const state::Folder& folder, const std::optional<std::string>& wanted) {
  auto networks = folder.records.networks();
  if (wanted) std::erase_if(networks, [&](const std::string& network) { return network != *wanted; });
  std::ranges::sort(networks);
  return networks;
}

std::vector<Dropped> drop_stale(std::vector<state::Folder>& folders, const std::optional<std::string>& network,
                                kernel::Kernel& kernel, bool is_dry_run) {
  std::vector<Dropped> dropped;
  for (auto& folder : folders) {
    for (const auto& name : networks_of(folder, network)) {
      std::ranges::transform(collect(name, folder, kernel, is_dry_run), std::back_inserter(dropped), dropped_record);
    }
  }
  if (!network) std::ranges::move(drop_orphaned_rules(folders, kernel, is_dry_run), std::back_inserter(dropped));
  return dropped;
}

std::string addresses_text(const state::Record& record) {
  return record.addresses.empty() ? "no address" : text::joined(report::texts(record.addresses), ", ");
}

namespace {

std::string to_text(const std::vector<Dropped>& dropped, bool is_dry_run) {
  if (dropped.empty()) return "no stale attachments\n";
  std::string text;
  for (const auto& each : dropped) {
    text += is_dry_run ? "would drop " : "dropped ";
    if (!each.attachment.container.empty()) text += inspect::name_of(each.attachment) + ": ";
    text += each.what + '\n';
  }
  return text;
}

void write(cni::JsonWriter& json, const Dropped& dropped) {
  json.begin_object();
  json.member("network", dropped.attachment.network);
  json.member("container", dropped.attachment.container);
  json.member("interface", dropped.attachment.interface);
  json.member("tag", cni::to_string(dropped.tag));
  json.key("addresses");
  json.begin_array();
  for (const auto& address : report::texts(dropped.addresses)) json.string(address);
  json.end_array();
  json.end_object();
}

std::string to_json(const std::vector<Dropped>& dropped, bool is_dry_run) {
  cni::JsonWriter json{2};
  json.begin_object();
  json.key("dryRun");
  json.boolean(is_dry_run);
  json.key("dropped");
  json.begin_array();
  for (const auto& each : dropped) write(json, each);
  json.end_array();
  json.end_object();
  return json.finished();
}

}  // namespace

int gc(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  const bool is_dry_run = arguments.has("dry-run");
  const auto wanted = arguments.operands.empty() ? std::nullopt : std::optional{arguments.operands.front()};
  auto folders = inspect::open_folders(console.root, console.configurations);
  inspect::require_network(wanted, inspector, folders);
  const auto dropped = drop_stale(folders, wanted, inspector.kernel, is_dry_run);
  console.print(arguments.wants_json() ? to_json(dropped, is_dry_run) : to_text(dropped, is_dry_run));
  return success;
}

Command gc_command() {
  return {
      .name = "gc",
      .operands = "[NETWORK]",
      .most = 1,
      .summary = "give back the addresses of containers that are gone",
      .description =
          "Drops the leases and records of attachments that are provably dead, in one network or in all: no call of "
          "the plugin is at work on them, and the interface on record is gone, or none was ever made. No runtime "
          "has to be asked. Whatever stands is left alone, and so are leases of veth-ipam for other plugins and "
          "records that cannot be read: nothing here proves them dead (vethctl leases release).",
      .options = {{.name = "dry-run", .help = "only tell what would be dropped"}, output_option()},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        kernel::LinuxInspector inspector{kernel};
        return gc(arguments, console, inspector);
      }};
}

}  // namespace vethctl
