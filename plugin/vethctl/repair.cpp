#include "plugin/vethctl/repair.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/kernel/linux_repairer.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/explanation.hpp"
#include "plugin/vethctl/gc.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/networks.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/restore/attachment_repair.hpp"
#include "plugin/vethctl/restore/recover.hpp"

#include <algorithm>
#include <set>

namespace vethctl {
namespace {

enum class ActionKind { record_restored, removed, restored, not_restored };

/// One thing that was done, or could not be done.
struct RepairAction {
  cni::Attachment attachment{};
  ActionKind kind = ActionKind::restored;
  std::string what{};  ///< the problem; for record_restored and removed the addresses
};

/// The value in the JSON output.
std::string_view to_string(ActionKind kind) {
  switch (kind) {
    case ActionKind::record_restored:
      return "record restored";
    case ActionKind::removed:
      return "dropped";
    case ActionKind::restored:
      return "restored";
    case ActionKind::not_restored:
      return "not restored";
  }
  return "";
}

std::string_view done_text(ActionKind kind) {
  return kind == ActionKind::removed ? "stale attachment removed" : to_string(kind);
}

std::string_view planned_text(ActionKind kind) {
  switch (kind) {
    case ActionKind::record_restored:
      return "record would be restored";
    case ActionKind::removed:
      return "stale attachment would be removed";
    case ActionKind::restored:
      return "would be restored";
    case ActionKind::not_restored:
      return "cannot be restored";
  }
  return "";
}

std::string to_text(const RepairAction& action, bool is_dry_run) {
  const std::string done{is_dry_run ? planned_text(action.kind) : done_text(action.kind)};
  return report::clean(inspect::name_of(action.attachment) + ": " + action.what + ": " + done) + '\n';
}

std::string to_text(const std::vector<RepairAction>& actions, bool is_dry_run) {
  if (actions.empty()) return "nothing to restore\n";
  std::string text;
  for (const auto& action : actions) text += to_text(action, is_dry_run);
  return text;
}

void write(cni::JsonWriter& json, const RepairAction& action) {
  json.begin_object();
  json.member("network", action.attachment.network);
  json.member("container", action.attachment.container);
  json.member("interface", action.attachment.interface);
  json.member("action", to_string(action.kind));
  json.member("what", action.what);
  json.end_object();
}

std::string to_json(const std::vector<RepairAction>& actions, bool is_dry_run) {
  constexpr std::size_t indent = 2;
  cni::JsonWriter json{indent};
  json.begin_object();
  json.key("dryRun");
  json.boolean(is_dry_run);
  json.key("actions");
  json.begin_array();
  for (const auto& action : actions) write(json, action);
  json.end_array();
  json.end_object();
  return json.finished();
}

class RepairRun {
 public:
  RepairRun(const Arguments& arguments, const Console& console, const KernelAccess& access)
      : inspector_(access.inspector),
        repairer_(access.repairer),
        console_(console),
        configurations_(arguments.value("conf-dir").value_or(console.configurations)),
        data_dir_(arguments.value("data-dir")),
        is_dry_run_(arguments.has("dry-run")) {
    if (!arguments.operands.empty()) network_ = arguments.operands.front();
  }

  std::vector<RepairAction> run() {
    if (!is_dry_run_) register_folders();
    inspect::require_network(network_, inspector_, open_folders());
    restore_records();
    auto folders = open_folders();
    remove_stale_attachments(folders);
    restore_attachments(folders);
    if (!network_) remove_ports(folders);
    std::ranges::stable_sort(actions_, {}, &RepairAction::attachment);
    return std::move(actions_);
  }

  /// The commands for the attachments with a record. Changes nothing.
  std::string explain() {
    auto folders = open_folders();
    inspect::require_network(network_, inspector_, folders);
    std::string text;
    for (auto& folder : folders) {
      for (const auto& network : networks_of(folder, network_)) {
        for (const auto& stored : folder.records.list(network)) {
          if (stored.record && stored.stage == state::Stage::live)
            text += explain_repair(*stored.record, inspector_.kernel, folder, ovs_);
        }
      }
    }
    return text.empty() ? "# nothing to restore\n" : text;
  }

 private:
  std::vector<state::Folder> open_folders() const { return inspect::open_folders(console_.root, configurations_); }

  /// Adds the state folders of networks with the key dataDir to the list in the default folder, which may be missing.
  void register_folders() const {
    auto roots = inspect::configured_roots(configurations_);
    if (data_dir_) roots.push_back(*data_dir_);
    for (const auto& root : roots) {
      if (state::Folder::find(root)) state::Folder::register_root(root, console_.root);
    }
  }

  /// Interfaces of the plugin without a readable record.
  std::vector<kernel::HostLink> find_unrecorded() {
    const auto attachments = inspect::read_attachments(inspector_, open_folders());
    std::vector<kernel::HostLink> links;
    for (const auto& link : inspector_.host_links()) {
      const auto attachment = std::ranges::find(attachments, link.index, &inspect::Attachment::host_index);
      if (attachment == attachments.end() || !is_selected(attachment->identity.network)) continue;
      const auto state = attachment->state;
      if (state == inspect::State::unreadable || state == inspect::State::unrecorded) links.push_back(link);
    }
    return links;
  }

  bool is_selected(const std::string& network) const { return !network_ || *network_ == network; }

  void restore_records() {
    const auto links = find_unrecorded();
    if (links.empty()) return;
    const auto root = data_dir_.value_or(console_.root);
    auto folder = is_dry_run_ ? state::Folder::find(root) : state::Folder::open(root, console_.root);
    const restore::RecordStore store{.folder = folder ? &*folder : nullptr, .is_dry_run = is_dry_run_};
    const auto networks = inspect::configured_networks(configurations_);
    for (const auto& recovery : restore::recover(links, inspector_, networks, store)) {
      const auto identity = cni::attachment_of_alias(recovery.link.alias).value_or(cni::Attachment{});
      if (recovery.record) {
        add_action(identity, ActionKind::record_restored, addresses_text(*recovery.record));
      } else {
        add_action(identity, ActionKind::not_restored,
                   "record of interface " + text::quoted(recovery.link.name) + ": " + recovery.reason);
      }
    }
  }

  void remove_stale_attachments(std::vector<state::Folder>& folders) {
    for (const auto& removed : remove_stale(folders, network_, inspector_.kernel, is_dry_run_)) {
      add_action(removed.attachment, ActionKind::removed, removed.what);
      removed_.insert(removed.tag);
    }
  }

  /// Not of a database that has not answered: its attachments are reported.
  void remove_ports(std::vector<state::Folder>& folders) {
    for (auto& folder : folders) {
      const auto databases = folder.ovs.databases();
      if (std::ranges::any_of(databases, [this](const auto& socket) { return ovs_.has_failed(socket); })) continue;
      attempt_to_remove_ports(folder);
    }
  }

  void attempt_to_remove_ports(state::Folder& folder) try {
    for (const auto& removed : remove_stale_ports(folder, inspector_.kernel, is_dry_run_)) {
      add_action(removed.attachment, ActionKind::removed, removed.what);
    }
  } catch (const std::system_error& error) {
    add_action({}, ActionKind::not_restored, error.what());
  } catch (const cni::Error& error) {
    add_action({}, ActionKind::not_restored, error.what());
  }

  void restore_attachments(std::vector<state::Folder>& folders) {
    for (auto& folder : folders) {
      for (const auto& network : networks_of(folder, network_)) {
        for (const auto& stored : folder.records.list(network)) {
          if (!removed_.contains(stored.tag)) restore_attachment(network, stored.tag, folder);
        }
      }
    }
  }

  void restore_attachment(const std::string& network, cni::Tag tag, state::Folder& folder) {
    const auto repair =
        restore::repair_attachment({network, tag}, {inspector_.kernel, repairer_, ovs_}, folder, is_dry_run_);
    if (!repair) return;
    for (const auto& text : repair->restored) add_action(repair->attachment, ActionKind::restored, text);
    for (const auto& text : repair->not_restored) add_action(repair->attachment, ActionKind::not_restored, text);
  }

  void add_action(const cni::Attachment& attachment, ActionKind kind, std::string what) {
    actions_.push_back({attachment, kind, std::move(what)});
  }

  kernel::Inspector& inspector_;
  kernel::Repairer& repairer_;
  const Console& console_;
  std::string configurations_;  ///< folder of the network configurations
  std::optional<std::string> data_dir_;
  std::optional<std::string> network_{};
  bool is_dry_run_;
  attachment::OvsReader ovs_{};
  std::set<cni::Tag> removed_{};  ///< a dry run does not remove them
  std::vector<RepairAction> actions_{};
};

}  // namespace

int repair(const Arguments& arguments, const Console& console, const KernelAccess& access) {
  check_explain_options(arguments);
  const bool is_explained = arguments.has("explain") || arguments.has("explain-also");
  const auto explanation = is_explained ? RepairRun{arguments, console, access}.explain() : std::string{};
  if (arguments.has("explain")) {
    print_commands(explanation, arguments, console);
    return success;
  }
  const auto actions = RepairRun{arguments, console, access}.run();
  const bool is_dry_run = arguments.has("dry-run");
  console.print(arguments.wants_json() ? to_json(actions, is_dry_run) : to_text(actions, is_dry_run));
  if (is_explained) console.warn(explanation);
  const bool is_complete = std::ranges::find(actions, ActionKind::not_restored, &RepairAction::kind) == actions.end();
  return is_complete ? success : found_faults;
}

Command repair_command() {
  return {
      .name = "repair",
      .operands = "[NETWORK]",
      .max_operands = 1,
      .summary = "restore what is missing, and remove stale attachments",
      .description =
          "Restores what the records of attachments contain and the kernel does not have, of one network or of all: "
          "addresses, routes and neighbour entries of both ends; name, alias and MTU of the host end; gateways, "
          "forwarding, bridges and their ports, nftables rules; interfaces that are down. Removes stale attachments as "
          "gc does. Restores missing records if the interface is on the host; it cannot restore records of pairs "
          "between two namespaces.\n\n"
          "Existing objects are not changed. A missing interface is not restored: the runtime must create the "
          "container again. The exit status is 1 if something could not be restored.\n\n"
          "The commands of --explain restore the attachments, not missing records and stale attachments.",
      .options = {{.name = "dry-run", .help = "print what would be done, and change nothing"},
                  {.name = "conf-dir",
                   .value = "DIR",
                   .help = "folder of the network configurations: an address of a container on a bridge is leased "
                           "again only if a configuration contains it (default: /etc/cni/net.d)"},
                  {.name = "data-dir",
                   .value = "DIR",
                   .help = "state folder of restored records, if the network has the key dataDir (default: "
                           "/run/veth-cni)"},
                  explain_options().front(),
                  explain_options().back(),
                  output_option()},
      .examples = {"vethctl repair --dry-run", "vethctl repair pods", "vethctl repair --explain"},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        kernel::LinuxInspector inspector{kernel};
        kernel::LinuxRepairer repairer{kernel};
        return repair(arguments, console, {inspector, repairer});
      }};
}

}  // namespace vethctl
