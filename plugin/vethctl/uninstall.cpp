#include "plugin/attachment/reclaim.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/state/removal.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/install.hpp"
#include "plugin/vethctl/install_actions.hpp"
#include "plugin/vethctl/installations.hpp"
#include "plugin/vethctl/installed_files.hpp"
#include "plugin/vethctl/plugin_users.hpp"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

namespace vethctl {
namespace {

bool contains(const std::vector<std::string>& values, const std::string& value) {
  return std::ranges::find(values, value) != values.end();
}

void add_once(std::vector<std::string>& values, const std::string& value) {
  if (!contains(values, value)) values.push_back(value);
}

/// The folders of one uninstall, in canonical form.
struct Selection {
  std::vector<std::string> bin_dirs{};
  std::vector<std::string> conf_dirs{};

  void add(const Installation& installation) {
    add_once(bin_dirs, installation.bin_dir);
    add_once(conf_dirs, installation.conf_dir);
  }
};

bool is_given(const std::optional<std::string>& option, const std::string& folder) {
  return !option || canonical_path(*option) == folder;
}

/// Both options: these folders. One: it, and the other folder of each installation with it. None: all installations,
/// and the default folders. A folder that is not remembered is the default one.
Selection select(const Arguments& arguments, const std::vector<Installation>& remembered) {
  const auto bin_dir = arguments.value("bin-dir");
  const auto conf_dir = arguments.value("conf-dir");
  Selection selection;
  for (const auto& installation : remembered) {
    const bool is_selected = is_given(bin_dir, installation.bin_dir) && is_given(conf_dir, installation.conf_dir);
    if (is_selected) selection.add(installation);
  }
  const bool are_all_selected = !bin_dir && !conf_dir;
  if (are_all_selected || selection.bin_dirs.empty()) {
    selection.add({canonical_path(bin_dir_of(arguments)), canonical_path(conf_dir_of(arguments))});
  }
  return selection;
}

/// The pod, since people look for it by this name.
std::string name_of(const state::StoredRecord& stored) {
  if (!stored.record) return "tag " + cni::to_string(stored.tag);
  const auto& [network, container, interface] = stored.record->attachment;
  return stored.record->pod.empty() ? container : "pod " + stored.record->pod;
}

std::string names_of(const std::vector<state::StoredRecord>& records) {
  constexpr std::size_t most_names = 3;
  std::vector<std::string> names;
  for (const auto& stored : records) add_once(names, text::quoted(name_of(stored)));
  return text::listed(names, most_names);
}

/// Containers that another plugin has deleted, since its configuration comes first now, have left their records.
void refuse_while_attached(const std::string& root, kernel::Kernel& kernel) {
  for (auto& folder : inspect::open_folders(root)) {
    for (const auto& network : folder.records.networks()) {
      if (!folder.records.has_any(network)) continue;
      attachment::reclaim(network, kernel, folder);
      const auto records = folder.records.list(network);
      if (records.empty()) continue;
      throw cni::Error{
          cni::ErrorCode::already_attached,
          "cannot uninstall: containers are attached to network " + text::quoted(network) + ": " + names_of(records),
          "delete them with the runtime first (vethctl list prints them), or use --force"};
    }
  }
}

bool is_any_attached(const std::vector<state::Folder>& folders) {
  return std::ranges::any_of(folders, [](const state::Folder& folder) {
    const auto networks = folder.records.networks();
    return folder.locks.is_any_attachment_locked() ||
           std::ranges::any_of(networks, [&](const std::string& network) { return folder.records.has_any(network); });
  });
}

/// The roots of the state folders; the one that lists the others is the last.
std::vector<std::string> roots_of(const std::vector<state::Folder>& folders, const std::string& first) {
  std::vector<std::string> roots;
  for (const auto& folder : folders) add_once(roots, folder.path().substr(0, folder.path().rfind('/')));
  std::erase(roots, first);
  roots.push_back(first);
  return roots;
}

/// The folders that exist and contain files of install.
std::vector<InstalledFiles> find_files(const std::vector<std::string>& folders) {
  std::vector<InstalledFiles> found;
  for (const auto& folder : folders) {
    auto files = InstalledFiles::find(folder);
    if (files && !files->names().empty()) found.push_back(*std::move(files));
  }
  return found;
}

class Uninstallation {
 public:
  Uninstallation(const Arguments& arguments, const Console& console, kernel::Kernel& kernel)
      : remembered_(remembered_installations(console.installations)),
        selection_(select(arguments, remembered_)),
        configurations_(find_files(selection_.conf_dirs)),
        programs_(find_files(selection_.bin_dirs)),
        console_(console),
        kernel_(kernel),
        is_forced_(arguments.has("force")) {}

  /// Throws before anything is removed if the folders cannot be changed, or if a network would be left without its
  /// plugin.
  void check() const {
    if (!is_forced_) {
      refuse_while_attached(console_.root, kernel_);
      for (const auto& folder : selection_.conf_dirs) refuse_used_plugins(folder);
    }
    for (const auto* folders : {&configurations_, &programs_}) {
      for (const auto& files : *folders) files.require_writable();
    }
  }

  /// Removes the configurations first, so that the runtime starts no further containers.
  void run(std::vector<FileAction>& actions) {
    for (auto& files : configurations_) remove_all(files, is_forced_, actions);
    for (auto& files : programs_) {
      if (const auto user = find_other_user(files)) {
        keep_all(files, *user, actions);
      } else {
        remove_all(files, false, actions);
      }
    }
    if (is_last()) remove_node_state(actions);
    forget_selected();
  }

  bool is_complete() const { return is_complete_; }

 private:
  /// The runtime would still consider the network ready, and each container would fail.
  void refuse_used_plugins(const std::string& folder) const {
    if (programs_.empty()) return;
    for (const auto& file : configurations_using({"veth", "veth-ipam"}, folder)) {
      const auto* owner = find_owner(file);
      const auto name = file.substr(file.rfind('/') + 1);
      if (owner != nullptr && owner->owner(name) == Owner::vethctl) continue;
      const bool is_changed = owner != nullptr && contains(owner->names(), name);
      throw cni::Error{cni::ErrorCode::system_refused,
                       "cannot uninstall: " + text::quoted(file) + " uses the plugins and " +
                           (is_changed ? "was changed after the installation" : "was not written by vethctl") +
                           ", so it would stay without them",
                       is_changed ? "delete the file, move it to another folder, or use --force, which removes it"
                                  : "delete the file, move it to another folder, or use --force, which keeps it"};
    }
  }

  const InstalledFiles* find_owner(const std::string& file) const {
    const auto name = file.substr(file.rfind('/') + 1);
    const auto found =
        std::ranges::find_if(configurations_, [&](const InstalledFiles& files) { return files.path(name) == file; });
    return found == configurations_.end() ? nullptr : &*found;
  }

  /// The folder of a configuration that uses these programs and is not to be removed.
  std::optional<std::string> find_other_user(const InstalledFiles& programs) const {
    for (const auto& [bin_dir, conf_dir] : remembered_) {
      if (programs.path({}) != bin_dir + '/' || contains(selection_.conf_dirs, conf_dir)) continue;
      if (!find_files({conf_dir}).empty()) return conf_dir;
    }
    return std::nullopt;
  }

  static void keep_all(const InstalledFiles& files, const std::string& user, std::vector<FileAction>& actions) {
    for (const auto& name : files.names()) {
      actions.push_back({files.path(name), "kept: the configuration in " + text::quoted(user) + " uses it"});
    }
  }

  void remove_all(InstalledFiles& files, bool even_if_changed, std::vector<FileAction>& actions) {
    for (const auto& name : files.names()) {
      if (files.restore(name)) {
        actions.push_back({files.path(name), "restored from " + name + ".reference"});
        continue;
      }
      const bool is_missing = files.owner(name) == Owner::none;
      const bool is_removed = files.remove(name, even_if_changed);
      is_complete_ = is_complete_ && (is_removed || is_missing);
      const auto* kept = is_missing ? "is missing already" : "not removed: the file was changed after the installation";
      actions.push_back({files.path(name), is_removed ? "removed" : kept});
    }
  }

  bool is_selected(const Installation& installation) const {
    return contains(selection_.bin_dirs, installation.bin_dir) && contains(selection_.conf_dirs, installation.conf_dir);
  }

  /// Whether no other installation stays, which would create the same state again.
  bool is_last() const {
    return std::ranges::all_of(remembered_, [&](const Installation& each) { return is_selected(each); });
  }

  /// With --force, attachments may exist: they keep their records, for a later installation.
  void remove_node_state(std::vector<FileAction>& actions) {
    const auto folders = inspect::open_folders(console_.root);
    if (is_any_attached(folders)) {
      actions.push_back({console_.root, "kept: containers are attached"});
      return;
    }
    if (kernel_.clean_rules("")) actions.push_back({"nftables", "removed the tables of the plugin"});
    for (const auto& root : roots_of(folders, console_.root)) {
      if (state::remove_folders(root)) actions.push_back({root, "removed"});
    }
  }

  void forget_selected() const try {
    for (const auto& installation : remembered_) {
      if (is_selected(installation)) forget(console_.installations, installation);
    }
  } catch (const std::system_error& error) {
    console_.warn(std::string{"vethctl: "} + error.what() + '\n');  // the next uninstall finds no files there
  }

  std::vector<Installation> remembered_;
  Selection selection_;
  std::vector<InstalledFiles> configurations_;
  std::vector<InstalledFiles> programs_;
  const Console& console_;
  kernel::Kernel& kernel_;
  bool is_forced_;
  bool is_complete_ = true;
};

}  // namespace

int uninstall(const Arguments& arguments, const Console& console, kernel::Kernel& kernel) {
  Uninstallation uninstallation{arguments, console, kernel};
  uninstallation.check();
  std::vector<FileAction> actions;
  try {
    uninstallation.run(actions);
  } catch (const std::system_error&) {
    print(actions, arguments, console);
    throw;
  }
  print(actions, arguments, console);
  return uninstallation.is_complete() ? success : found_faults;
}

Command uninstall_command() {
  return {
      .name = "uninstall",
      .summary = "remove the plugin from this node",
      .description =
          "Removes the files that install has installed, first the configuration, so that the runtime starts no "
          "further containers. install remembers its folders, so no option is needed; --bin-dir or --conf-dir "
          "selects one of several installations. Executables that another configuration of install uses are kept. "
          "Executables that were changed afterwards are not removed; the exit status is 1 then. Plugins that "
          "install --replace-reference has replaced are restored. Then the nftables tables and the state folder of the "
          "plugin are removed, unless another installation stays.\n\n"
          "Fails, and removes nothing, while containers are attached, which it names (stale attachments are removed), "
          "and if a configuration that uses the "
          "plugins would stay: one that was changed after install, or that vethctl did not write.",
      .options = {{.name = "bin-dir", .value = "DIR", .help = "folder of the plugins (default: see above)"},
                  {.name = "conf-dir",
                   .value = "DIR",
                   .help = "folder of the network configurations (default: see above)"},
                  {.name = "force",
                   .help = "uninstall even if containers are attached, and remove the configurations of install "
                           "even if they were changed"},
                  output_option()},
      .examples = {"vethctl uninstall", "vethctl uninstall --conf-dir /etc/cni/net.d"},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        return uninstall(arguments, console, kernel);
      }};
}

}  // namespace vethctl
