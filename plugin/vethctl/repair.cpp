#include "plugin/vethctl/repair.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/kernel/linux_repairer.hpp"
#include "plugin/vethctl/commands.hpp"
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

enum class Act { recorded, dropped, mended, left };

/// One thing that was done, or could not be done.
struct Deed {
  cni::Attachment attachment{};
  Act act = Act::mended;
  std::string what{};
};

std::string_view to_string(Act act) {
  switch (act) {
    case Act::recorded:
      return "recorded anew";
    case Act::dropped:
      return "dropped";
    case Act::mended:
      return "mended";
    case Act::left:
      return "not mended";
  }
  return "";
}

std::string to_text(const Deed& deed, bool is_dry_run) {
  const bool is_planned = is_dry_run && deed.act != Act::left;
  return report::clean(inspect::name_of(deed.attachment) + ": " + (is_planned ? "would be " : "") +
                       std::string{to_string(deed.act)} + ": " + deed.what) +
         '\n';
}

std::string to_text(const std::vector<Deed>& deeds, bool is_dry_run) {
  if (deeds.empty()) return "there is nothing to mend\n";
  std::string text;
  for (const auto& deed : deeds) text += to_text(deed, is_dry_run);
  return text;
}

void write(cni::JsonWriter& json, const Deed& deed) {
  json.begin_object();
  json.member("network", deed.attachment.network);
  json.member("container", deed.attachment.container);
  json.member("interface", deed.attachment.interface);
  json.member("act", to_string(deed.act));
  json.member("what", deed.what);
  json.end_object();
}

std::string to_json(const std::vector<Deed>& deeds, bool is_dry_run) {
  constexpr std::size_t indent = 2;
  cni::JsonWriter json{indent};
  json.begin_object();
  json.key("dryRun");
  json.boolean(is_dry_run);
  json.key("deeds");
  json.begin_array();
  for (const auto& deed : deeds) write(json, deed);
  json.end_array();
  json.end_object();
  return json.finished();
}

/// One run of the command.
class Repairs {
 public:
  Repairs(const Arguments& arguments, const Console& console, const RepairTools& tools)
      : inspector_(tools.inspector),
        repairer_(tools.repairer),
        console_(console),
        configurations_(arguments.value("conf-dir").value_or(console.configurations)),
        data_dir_(arguments.value("data-dir")),
        is_dry_run_(arguments.has("dry-run")) {
    if (!arguments.operands.empty()) network_ = arguments.operands.front();
  }

  std::vector<Deed> run() {
    if (!is_dry_run_) write_down_folders();
    inspect::require_network(network_, inspector_, open_folders());
    recover();
    auto folders = open_folders();
    drop(folders);
    mend(folders);
    return std::move(deeds_);
  }

 private:
  std::vector<state::Folder> open_folders() const { return inspect::open_folders(console_.root, configurations_); }

  /// State folders of networks with a key dataDir, of which the default one, as it was lost, knows nothing any more.
  void write_down_folders() const {
    auto roots = inspect::configured_roots(configurations_);
    if (data_dir_) roots.push_back(*data_dir_);
    for (const auto& root : roots) {
      if (state::Folder::find(root)) state::Folder::write_down(root, console_.root);
    }
  }

  /// Interfaces of ours without a record that can be read.
  std::vector<kernel::HostLink> unrecorded() {
    const auto attachments = inspect::read_attachments(inspector_, open_folders());
    std::vector<kernel::HostLink> links;
    for (const auto& link : inspector_.host_links()) {
      const auto attachment = std::ranges::find(attachments, link.index, &inspect::Attachment::host_index);
      if (attachment == attachments.end() || !is_meant(attachment->identity.network)) continue;
      const auto state = attachment->state;
      if (state == inspect::State::unreadable || state == inspect::State::unrecorded) links.push_back(link);
    }
    return links;
  }

  bool is_meant(const std::string& network) const { return !network_ || *network_ == network; }

  void recover() {
    const auto links = unrecorded();
    if (links.empty()) return;
    std::optional<state::Folder> folder;
    if (!is_dry_run_) folder = state::Folder::open(data_dir_.value_or(console_.root), console_.root);
    const auto networks = inspect::configured_networks(configurations_);
    for (const auto& recovery : restore::recover(links, inspector_, networks, folder ? &*folder : nullptr)) {
      const auto identity = cni::attachment_of_alias(recovery.link.alias).value_or(cni::Attachment{});
      if (recovery.record) tell(identity, Act::recorded, addresses_text(*recovery.record));
      if (!recovery.record)
        tell(identity, Act::left, "interface \"" + recovery.link.name + "\" has no record: " + recovery.reason);
    }
  }

  void drop(std::vector<state::Folder>& folders) {
    for (const auto& dropped : drop_stale(folders, network_, inspector_.kernel, is_dry_run_)) {
      tell(dropped.attachment, Act::dropped, dropped.what);
      dropped_.insert(dropped.tag);
    }
  }

  void mend(std::vector<state::Folder>& folders) {
    for (auto& folder : folders) {
      for (const auto& network : networks_of(folder, network_)) {
        for (const auto& stored : folder.records.list(network)) {
          if (!dropped_.contains(stored.tag)) mend(network, stored.tag, folder);
        }
      }
    }
  }

  void mend(const std::string& network, cni::Tag tag, state::Folder& folder) {
    const auto repair = restore::repair_attachment({network, tag}, {inspector_.kernel, repairer_}, folder, is_dry_run_);
    if (!repair) return;
    for (const auto& sentence : repair->restored) tell(repair->attachment, Act::mended, sentence);
    for (const auto& sentence : repair->left) tell(repair->attachment, Act::left, sentence);
  }

  void tell(const cni::Attachment& attachment, Act act, std::string what) {
    deeds_.push_back({attachment, act, std::move(what)});
  }

  kernel::Inspector& inspector_;
  kernel::Repairer& repairer_;
  const Console& console_;
  std::string configurations_;  ///< folder of the network configurations
  std::optional<std::string> data_dir_;
  std::optional<std::string> network_{};
  bool is_dry_run_;
  std::set<cni::Tag> dropped_{};  ///< in a dry run they are still there
  std::vector<Deed> deeds_{};
};

}  // namespace

int repair(const Arguments& arguments, const Console& console, const RepairTools& tools) {
  const auto deeds = Repairs{arguments, console, tools}.run();
  const bool is_dry_run = arguments.has("dry-run");
  console.print(arguments.wants_json() ? to_json(deeds, is_dry_run) : to_text(deeds, is_dry_run));
  const bool is_all_well = std::ranges::find(deeds, Act::left, &Deed::act) == deeds.end();
  return is_all_well ? success : found_faults;
}

Command repair_command() {
  return {
      .name = "repair",
      .operands = "[NETWORK]",
      .most = 1,
      .summary = "bring back what was lost, and drop what is dead",
      .description =
          "Brings back what the records of attachments know and the kernel has lost, of all networks or of one: "
          "addresses, routes and neighbours of both ends, name, alias and MTU of the host's end, gateways, forwarding, "
          "interfaces that are down, bridges and their ports. Drops what is provably dead, as gc does. Writes records "
          "anew that were lost, for interfaces of ours on the host, from what stands; attachments between two "
          "namespaces have nothing there.\n\n"
          "What stands is not touched, and where nothing is missing nothing is changed. An interface that is gone is "
          "not brought back: that takes an ADD. The exit status is 1 where something was left.",
      .options = {{.name = "dry-run", .help = "only print what would be done"},
                  {.name = "conf-dir",
                   .value = "DIR",
                   .help =
                       "network configurations, which say what addresses containers on a bridge were given (default: "
                       "/etc/cni/net.d)"},
                  {.name = "data-dir",
                   .value = "DIR",
                   .help = "state folder for records written anew, where the network has a key dataDir"},
                  output_option()},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        kernel::LinuxInspector inspector{kernel};
        kernel::LinuxRepairer repairer{kernel};
        return repair(arguments, console, {inspector, repairer});
      }};
}

}  // namespace vethctl
