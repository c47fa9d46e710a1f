#include "plugin/vethctl/import.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/host_local.hpp"
#include "plugin/vethctl/inspect/held_addresses.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/words.hpp"
#include "plugin/vethctl/restore/adopt.hpp"

#include <fcntl.h>

#include <algorithm>
#include <map>

namespace vethctl {
namespace {

constexpr auto default_results = "/var/lib/cni/results";

enum class Outcome {
  imported,
  ours,      ///< it was imported before, or added by the plugin itself
  gone,      ///< its interface does not exist any more
  empty,     ///< host-local's own remains
  conflict,  ///< it runs and could not be taken over
};

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::imported:
      return "imported";
    case Outcome::ours:
      return "is ours already";
    case Outcome::gone:
    case Outcome::empty:
      return "skipped";
    case Outcome::conflict:
      return "conflict";
  }
  return "";
}

/// What becomes of one container's leases, and why.
struct Verdict {
  Outcome outcome = Outcome::imported;
  std::string reason{};
};

struct Entry {
  cni::Attachment attachment{};
  std::vector<cni::IpAddress> addresses{};
  Verdict verdict{};
};

using Refusal = std::optional<Verdict>;

/// One entry for each container, after those for empty files.
std::vector<Entry> group(const std::string& network, const std::vector<HostLocalLease>& leases) {
  std::map<cni::Attachment, Entry> held;
  std::vector<Entry> entries;
  for (const auto& [address, container, interface] : leases) {
    if (container.empty()) {
      entries.push_back({.addresses = {address}, .verdict = {Outcome::empty, "the file is empty"}});
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

/// The host's end of one attachment, as the result that libcni keeps and the kernel know it.
class Finder {
 public:
  /// `cached_prefix` is what the paths of the network's results begin with.
  Finder(std::string cached_prefix, kernel::Inspector& inspector)
      : cached_prefix_(std::move(cached_prefix)), inspector_(inspector) {}

  /// Completes the record by the interface and the namespace.
  Refusal complete(state::Record& record) {
    const auto& attachment = record.attachment;
    if (!cni::is_identifier(attachment.container)) return Verdict{Outcome::conflict, "not the name of a container"};
    constexpr std::size_t largest = std::size_t{1} << 20U;
    const auto path = cached_prefix_ + attachment.container + "-" + attachment.interface;
    const auto text = posix::find_content(AT_FDCWD, path, largest);
    if (!text) {
      return Verdict{Outcome::conflict, "no result " + text::quoted(path) + " names its interface (--results)"};
    }
    const auto cached = find_cached(*text, attachment.interface);
    if (!cached) return Verdict{Outcome::conflict, text::quoted(path) + " is no result"};
    record.netns = cached->netns;
    return find_link(*cached, record);
  }

  kernel::Kernel& kernel() { return inspector_.kernel; }

 private:
  /// Not the bridge: that is among the interfaces of a result, too, and DEL would remove it.
  Refusal find_link(const CachedAttachment& cached, state::Record& record) {
    for (const auto& name : cached.host_interfaces) {
      const auto host = inspector_.kernel.open_namespace(inspect::host_namespace_path, true);
      const auto link = inspector_.find_interface(name, host);
      if (!link || link->kind != "veth") continue;
      record.host_interface = state::HostInterface{.name = name, .index = link->index};
      record.ends = {.host = link->index, .container = link->peer_index};
      if (link->alias.empty()) return std::nullopt;
      const bool is_ours = link->alias == cni::alias_of(record.attachment);
      return Verdict{is_ours ? Outcome::ours : Outcome::conflict,
                     "interface " + name + " has the alias " + text::quoted(link->alias)};
    }
    return Verdict{Outcome::gone, "its host interface is gone"};
  }

  std::string cached_prefix_;
  kernel::Inspector& inspector_;
};

/// Whether the attachment is on record as live, and with which addresses.
Refusal attached_already(const state::Record& record, const state::Folder& folder) {
  const auto stored = folder.records.find(record.attachment);
  if (!stored || stored->stage == state::Stage::pending) return std::nullopt;
  const bool holds_all = std::ranges::all_of(record.addresses, [&](const cni::IpAddress& address) {
    return folder.addresses.holder(record.attachment.network, address) == cni::tag_of(record.attachment);
  });
  if (holds_all) return Verdict{Outcome::ours, ""};
  return Verdict{Outcome::conflict, "it is attached already, with other addresses"};
}

Refusal conflict_of(std::optional<std::string> reason) {
  if (!reason) return std::nullopt;
  return Verdict{Outcome::conflict, *std::move(reason)};
}

Refusal take_over(const state::Record& record, kernel::Kernel& kernel, state::Folder& folder, bool is_dry_run) {
  const auto lock = folder.locks.try_attachment(cni::tag_of(record.attachment));
  if (!lock) return Verdict{Outcome::conflict, "a call of the plugin is at work on it"};
  if (auto refusal = conflict_of(inspect::held_by_another(record, folder))) return refusal;
  if (auto refusal = attached_already(record, folder)) return refusal;
  return is_dry_run ? std::nullopt : conflict_of(restore::adopt(record, kernel, folder));
}

/// `folder` is null where there is none yet and none is to be made.
Verdict import_entry(const Entry& entry, Finder& finder, state::Folder* folder, bool is_dry_run) {
  state::Record record{.attachment = entry.attachment, .addresses = entry.addresses};
  if (const auto refusal = finder.complete(record)) return *refusal;
  const auto refusal = folder == nullptr ? std::nullopt : take_over(record, finder.kernel(), *folder, is_dry_run);
  return refusal.value_or(Verdict{Outcome::imported, "host interface " + record.host_interface->name});
}

std::string to_text(const Entry& entry, bool is_dry_run) {
  auto text = text::joined(report::texts(entry.addresses), ", ");
  if (!entry.attachment.container.empty())
    text += " of " + report::clean(entry.attachment.container + "/" + entry.attachment.interface);
  const bool is_planned = is_dry_run && entry.verdict.outcome == Outcome::imported;
  text += ": " + std::string{is_planned ? "would be imported" : to_string(entry.verdict.outcome)};
  return text + (entry.verdict.reason.empty() ? "\n" : ": " + entry.verdict.reason + '\n');
}

std::string to_text(const std::vector<Entry>& entries, bool is_dry_run) {
  if (entries.empty()) return "there are no leases\n";
  std::string text;
  for (const auto& entry : entries) text += to_text(entry, is_dry_run);
  return text;
}

void write(cni::JsonWriter& json, const Entry& entry) {
  json.begin_object();
  if (!entry.attachment.container.empty()) json.member("container", entry.attachment.container);
  if (!entry.attachment.container.empty()) json.member("interface", entry.attachment.interface);
  json.key("addresses");
  json.begin_array();
  for (const auto& address : entry.addresses) json.string(cni::to_string(address));
  json.end_array();
  json.member("outcome", to_string(entry.verdict.outcome));
  if (!entry.verdict.reason.empty()) json.member("reason", entry.verdict.reason);
  json.end_object();
}

std::string to_json(const std::vector<Entry>& entries, bool is_dry_run) {
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
  throw UsageError{text::quoted(name) + " is not the name of a network (--network)"};
}

/// A dry run makes nothing.
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
  Finder finder{results + "/" + old_network + "-", inspector};
  auto entries = group(network, leases);
  for (auto& entry : entries) {
    if (entry.verdict.outcome == Outcome::empty) continue;
    entry.verdict = import_entry(entry, finder, folder ? &*folder : nullptr, is_dry_run);
  }
  console.print(arguments.wants_json() ? to_json(entries, is_dry_run) : to_text(entries, is_dry_run));
  const auto is_conflict = [](const Entry& entry) { return entry.verdict.outcome == Outcome::conflict; };
  return std::ranges::any_of(entries, is_conflict) ? found_faults : success;
}

Command import_command() {
  return {
      .name = "import",
      .operands = "host-local DIR",
      .least = 2,
      .most = 2,
      .first_operands = {"host-local"},
      .summary = "take over running containers from another IPAM plugin",
      .description =
          "Takes over the leases of a network of host-local, without restarting its containers: DIR is "
          "/var/lib/cni/networks/NAME. Each container gets a record and its addresses in the state folder, so that the "
          "plugin gives none of them to another, and its DEL removes the interface that ptp or bridge made. The name "
          "of that interface is read from the result that the runtime's library keeps.\n\n"
          "Files in DIR are left as they are. Containers whose interface is gone and empty files are skipped, what is "
          "ours already is left alone. CHECK does not know how the other plugin laid its network, and finds "
          "differences; what that plugin put into iptables stays.",
      .options = {{.name = "network",
                   .value = "NAME",
                   .help = "name of the network for the plugin (default: that of DIR)"},
                  {.name = "results", .value = "DIR", .help = "where results are kept (default: /var/lib/cni/results)"},
                  {.name = "data-dir", .value = "DIR", .help = "state folder, where the network has a key dataDir"},
                  {.name = "dry-run", .help = "only tell what would be done"},
                  output_option()},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        kernel::LinuxInspector inspector{kernel};
        return import_leases(arguments, console, inspector);
      }};
}

}  // namespace vethctl
