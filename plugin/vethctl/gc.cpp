#include "plugin/vethctl/gc.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/verbs/reclaim.hpp"
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
  std::vector<state::Record> dropped;
  for (const auto& stored : verbs::reclaimable(network, kernel, folder)) {
    const auto record = is_dry_run ? stored.record : verbs::reclaim_one(network, stored.tag, kernel, folder);
    if (record) dropped.push_back(*record);
  }
  return dropped;
}

}  // namespace

std::vector<std::string> networks_of(const state::Folder& folder, const std::optional<std::string>& wanted) {
  auto networks = folder.networks();
  if (wanted) std::erase_if(networks, [&](const std::string& network) { return network != *wanted; });
  std::ranges::sort(networks);
  return networks;
}

std::vector<state::Record> drop_dead(std::vector<state::Folder>& folders, const std::optional<std::string>& network,
                                     kernel::Kernel& kernel, bool is_dry_run) {
  std::vector<state::Record> dropped;
  for (auto& folder : folders) {
    for (const auto& name : networks_of(folder, network)) {
      std::ranges::move(collect(name, folder, kernel, is_dry_run), std::back_inserter(dropped));
    }
  }
  return dropped;
}

std::string addresses_text(const state::Record& record) {
  return record.addresses.empty() ? "no address" : text::joined(report::texts(record.addresses), ", ");
}

namespace {

std::string to_text(const std::vector<state::Record>& dropped, bool is_dry_run) {
  if (dropped.empty()) return "nothing is dead\n";
  std::string text;
  for (const auto& record : dropped) {
    text.append(is_dry_run ? "would drop " : "dropped ").append(inspect::name_of(record.attachment));
    text.append(": ").append(addresses_text(record)).append("\n");
  }
  return text;
}

void write(cni::JsonWriter& json, const state::Record& record) {
  json.begin_object();
  json.member("network", record.attachment.network);
  json.member("container", record.attachment.container);
  json.member("interface", record.attachment.interface);
  json.key("addresses");
  json.begin_array();
  for (const auto& address : report::texts(record.addresses)) json.string(address);
  json.end_array();
  json.end_object();
}

std::string to_json(const std::vector<state::Record>& dropped, bool is_dry_run) {
  cni::JsonWriter json{2};
  json.begin_object();
  json.key("dryRun");
  json.boolean(is_dry_run);
  json.key("dropped");
  json.begin_array();
  for (const auto& record : dropped) write(json, record);
  json.end_array();
  json.end_object();
  return json.finished();
}

}  // namespace

int gc(const Arguments& arguments, const Console& console, kernel::Kernel& kernel) {
  const bool is_dry_run = arguments.has("dry-run");
  const auto wanted = arguments.operands.empty() ? std::nullopt : std::optional{arguments.operands.front()};
  auto folders = inspect::open_folders(console.root, console.configurations);
  inspect::require_network(wanted, kernel, folders);
  const auto dropped = drop_dead(folders, wanted, kernel, is_dry_run);
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
        return gc(arguments, console, kernel);
      }};
}

}  // namespace vethctl
