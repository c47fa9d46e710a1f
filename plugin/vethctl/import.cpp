#include "plugin/vethctl/import.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/kernel/pairs.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/host_local.hpp"
#include "plugin/vethctl/inspect/lease_conflicts.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/restore/record_existing_attachment.hpp"

#include <fcntl.h>

#include <algorithm>
#include <map>

namespace vethctl {
namespace {

constexpr auto default_results = "/var/lib/cni/results";

enum class Outcome {
  imported,
  known,   ///< it was imported before, or added by this plugin
  stale,   ///< its interface is missing
  empty,   ///< the lease file is empty
  failed,  ///< it is running and could not be imported
};

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::imported:
      return "imported";
    case Outcome::known:
      return "already imported";
    case Outcome::stale:
    case Outcome::empty:
      return "skipped";
    case Outcome::failed:
      return "not imported";
  }
  return "";
}

/// The outcome for the leases of one container, and the reason.
struct ImportResult {
  Outcome outcome = Outcome::imported;
  std::string reason{};
};

struct ContainerLeases {
  cni::Attachment attachment{};
  std::vector<cni::IpAddress> addresses{};
  ImportResult result{};
};

/// nullopt: the import continues.
using EarlyResult = std::optional<ImportResult>;

/// One entry for each empty file, then one for each container.
std::vector<ContainerLeases> group_by_container(const std::string& network, const std::vector<HostLocalLease>& leases) {
  std::map<cni::Attachment, ContainerLeases> held;
  std::vector<ContainerLeases> entries;
  for (const auto& [address, container, interface] : leases) {
    if (container.empty()) {
      entries.push_back({.addresses = {address}, .result = {Outcome::empty, "the file is empty"}});
      continue;
    }
    held[{.network = network, .container = container, .interface = interface}].addresses.push_back(address);
  }
  for (auto& [attachment, entry] : held) {
    entry.attachment = attachment;
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// Finds the host end of an attachment by the cached result of libcni and the kernel.
class HostEndFinder {
 public:
  /// `cached_prefix`: the beginning of the paths of the network's cached results.
  HostEndFinder(std::string cached_prefix, kernel::Inspector& inspector)
      : cached_prefix_(std::move(cached_prefix)), inspector_(inspector) {}

  /// Adds interface and namespace to the record.
  EarlyResult complete(state::Record& record) {
    const auto& attachment = record.attachment;
    if (!cni::is_identifier(attachment.container))
      return ImportResult{Outcome::failed, "the container ID is not valid"};
    constexpr std::size_t max_bytes = std::size_t{1} << 20U;
    const auto path = cached_prefix_ + attachment.container + "-" + attachment.interface;
    const auto text = posix::find_content(AT_FDCWD, path, max_bytes);
    if (!text) {
      return ImportResult{Outcome::failed,
                          "the cached result " + text::quoted(path) + " is missing; set its folder with --results"};
    }
    const auto cached = find_cached(*text, attachment.interface);
    if (!cached) return ImportResult{Outcome::failed, text::quoted(path) + " is not a cached result"};
    record.netns = cached->netns;
    return find_link(*cached, record);
  }

  kernel::Kernel& kernel() { return inspector_.kernel; }

 private:
  /// Only an end of a pair: the result of plugin bridge also contains the bridge, which DEL must not remove.
  EarlyResult find_link(const CachedAttachment& cached, state::Record& record) {
    for (const auto& name : cached.host_interfaces) {
      const auto host = inspector_.kernel.open_namespace(inspect::host_namespace_path, true);
      const auto link = inspector_.find_interface(name, host);
      if (!link || !kernel::is_pair_kind(link->kind)) continue;
      record.host_interface = state::HostInterface{.name = name, .index = link->index};
      record.ends = {.host = link->index, .container = link->peer_index};
      if (link->alias.empty()) return std::nullopt;
      const bool is_ours = link->alias == cni::alias_of(record.attachment);
      return ImportResult{is_ours ? Outcome::known : Outcome::failed,
                          "interface " + name + " has the alias " + text::quoted(link->alias)};
    }
    return ImportResult{Outcome::stale, "its host interface is missing"};
  }

  std::string cached_prefix_;
  kernel::Inspector& inspector_;
};

/// Whether the attachment has a live record, and whether it holds the same addresses.
EarlyResult find_existing(const state::Record& record, const state::Folder& folder) {
  const auto stored = folder.records.find(record.attachment);
  if (!stored || stored->stage == state::Stage::pending) return std::nullopt;
  const bool holds_all = std::ranges::all_of(record.addresses, [&](const cni::IpAddress& address) {
    return folder.addresses.holder(record.attachment.network, address) == cni::tag_of(record.attachment);
  });
  if (holds_all) return ImportResult{Outcome::known, ""};
  return ImportResult{Outcome::failed, "it is attached with other addresses"};
}

EarlyResult conflict_of(std::optional<std::string> reason) {
  if (!reason) return std::nullopt;
  return ImportResult{Outcome::failed, *std::move(reason)};
}

EarlyResult import_record(const state::Record& record, kernel::Kernel& kernel, state::Folder& folder, bool is_dry_run) {
  const auto lock = folder.locks.try_attachment(cni::tag_of(record.attachment));
  if (!lock) return ImportResult{Outcome::failed, "it is locked by a call of the plugin"};
  if (auto conflict = conflict_of(inspect::find_lease_conflict(record, folder))) return conflict;
  if (auto existing = find_existing(record, folder)) return existing;
  return is_dry_run ? std::nullopt : conflict_of(restore::record_existing_attachment(record, kernel, folder));
}

/// `folder` is null in a dry run without a state folder.
ImportResult import_entry(const ContainerLeases& entry, HostEndFinder& finder, state::Folder* folder, bool is_dry_run) {
  state::Record record{.attachment = entry.attachment, .addresses = entry.addresses};
  if (const auto result = finder.complete(record)) return *result;
  const auto result = folder == nullptr ? std::nullopt : import_record(record, finder.kernel(), *folder, is_dry_run);
  return result.value_or(ImportResult{Outcome::imported, "host interface " + record.host_interface->name});
}

std::string to_text(const ContainerLeases& entry, bool is_dry_run) {
  auto text = text::joined(report::texts(entry.addresses), ", ");
  if (!entry.attachment.container.empty())
    text += " of " + report::clean(entry.attachment.container + "/" + entry.attachment.interface);
  const bool is_planned = is_dry_run && entry.result.outcome == Outcome::imported;
  text += ": " + std::string{is_planned ? "would be imported" : to_string(entry.result.outcome)};
  return text + (entry.result.reason.empty() ? "\n" : ": " + entry.result.reason + '\n');
}

std::string to_text(const std::vector<ContainerLeases>& entries, bool is_dry_run) {
  if (entries.empty()) return "no leases\n";
  std::string text;
  for (const auto& entry : entries) text += to_text(entry, is_dry_run);
  return text;
}

void write(cni::JsonWriter& json, const ContainerLeases& entry) {
  json.begin_object();
  if (!entry.attachment.container.empty()) json.member("container", entry.attachment.container);
  if (!entry.attachment.container.empty()) json.member("interface", entry.attachment.interface);
  json.key("addresses");
  json.begin_array();
  for (const auto& address : entry.addresses) json.string(cni::to_string(address));
  json.end_array();
  json.member("outcome", to_string(entry.result.outcome));
  if (!entry.result.reason.empty()) json.member("reason", entry.result.reason);
  json.end_object();
}

std::string to_json(const std::vector<ContainerLeases>& entries, bool is_dry_run) {
  cni::JsonWriter json{2};
  json.begin_object();
  json.key("dryRun");
  json.boolean(is_dry_run);
  json.key("leases");
  json.begin_array();
  for (const auto& entry : entries) write(json, entry);
  json.end_array();
  json.end_object();
  return json.finished();
}

/// The last part of a path.
std::string name_of(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

std::string checked_network(const std::string& name) {
  if (cni::is_identifier(name)) return name;
  throw UsageError{text::quoted(name) + " is not a valid network name (--network)"};
}

/// A dry run does not create the folder.
std::optional<state::Folder> open_folder(const Arguments& arguments, const Console& console) {
  const auto root = arguments.value("data-dir").value_or(console.root);
  return arguments.has("dry-run") ? state::Folder::find(root) : state::Folder::open(root, console.root);
}

}  // namespace

int import_leases(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  const auto& directory = arguments.operands[1];
  const auto old_network = name_of(directory);
  const auto network = checked_network(arguments.value("network").value_or(old_network));
  const auto results = arguments.value("results").value_or(default_results);
  const bool is_dry_run = arguments.has("dry-run");
  const auto leases = read_host_local(directory);
  auto folder = open_folder(arguments, console);
  HostEndFinder finder{results + "/" + old_network + "-", inspector};
  auto entries = group_by_container(network, leases);
  for (auto& entry : entries) {
    if (entry.result.outcome == Outcome::empty) continue;
    entry.result = import_entry(entry, finder, folder ? &*folder : nullptr, is_dry_run);
  }
  console.print(arguments.wants_json() ? to_json(entries, is_dry_run) : to_text(entries, is_dry_run));
  const auto has_failed = [](const ContainerLeases& entry) { return entry.result.outcome == Outcome::failed; };
  return std::ranges::any_of(entries, has_failed) ? found_faults : success;
}

Command import_command() {
  return {
      .name = "import",
      .operands = "host-local DIR",
      .min_operands = 2,
      .max_operands = 2,
      .first_operands = {"host-local"},
      .summary = "import the leases of running containers from host-local",
      .description =
          "Imports the leases of a network of host-local without a restart of its containers. DIR is "
          "/var/lib/cni/networks/NAME. Each container gets a record and leases in the state folder, so that the plugin "
          "assigns none of its addresses again and its DEL removes the interface that ptp or bridge created. The name "
          "of this interface is read from the result that the runtime has cached.\n\n"
          "Files in DIR are not changed. Containers whose interface is missing and empty files are skipped; containers "
          "that are already imported are not changed. CHECK reports differences for imported containers, because the "
          "other plugin configures the network differently. iptables rules of the other plugin are not removed.",
      .options = {{.name = "network",
                   .value = "NAME",
                   .help = "name of the network for the plugin (default: the last part of DIR)"},
                  {.name = "results",
                   .value = "DIR",
                   .help = "folder of the cached results (default: /var/lib/cni/results)"},
                  {.name = "data-dir",
                   .value = "DIR",
                   .help = "state folder, if the network has the key dataDir (default: /run/veth-cni)"},
                  {.name = "dry-run", .help = "print what would be done, and change nothing"},
                  output_option()},
      .examples = {"vethctl import host-local /var/lib/cni/networks/pods --dry-run"},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        kernel::LinuxInspector inspector{kernel};
        return import_leases(arguments, console, inspector);
      }};
}

}  // namespace vethctl
