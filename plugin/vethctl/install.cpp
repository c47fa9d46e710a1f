#include "plugin/vethctl/install.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/own_executable.hpp"
#include "plugin/posix/program.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/install_actions.hpp"
#include "plugin/vethctl/installations.hpp"
#include "plugin/vethctl/installed_files.hpp"
#include "plugin/vethctl/node_network.hpp"
#include "plugin/vethctl/plugin_users.hpp"
#include "plugin/vethctl/read_only.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>

namespace vethctl {
namespace {

constexpr auto plugin_name = "veth";
constexpr auto loopback_name = "loopback";
/// The names of reference plugins that veth can replace: plugin/roles/role.cpp.
constexpr std::array replaceable_names{"ptp",     "bridge",    "host-local", "static",
                                       "portmap", "bandwidth", "tuning",     loopback_name};
/// The name under which veth is a plugin of netavark.
constexpr auto netavark_name = "netavark-veth";
/// Those that the folder has: veth-node is only needed in a cluster.
constexpr std::array program_names{plugin_name, "veth-ipam", loopback_name, "vethctl", "veth-node"};
constexpr std::size_t max_program_bytes = std::size_t{64} << 20U;

std::vector<InstallableFile> read_programs(const std::string& folder) {
  const auto directory = posix::find_file(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  std::vector<InstallableFile> programs;
  for (const std::string name : program_names) {
    auto content = directory ? posix::find_content(directory->get(), name, max_program_bytes) : std::nullopt;
    if (content) programs.push_back({.name = name, .content = std::move(*content), .is_program = true});
  }
  return programs;
}

bool has_plugin(const std::vector<InstallableFile>& programs) {
  return std::ranges::find(programs, plugin_name, &InstallableFile::name) != programs.end();
}

/// The executables in the folder --from. Without it those beside this executable, or, if a package has installed
/// vethctl elsewhere, those that are in --bin-dir already.
std::vector<InstallableFile> find_programs(const Arguments& arguments) {
  const auto named = arguments.value("from");
  auto programs = read_programs(named ? *named : posix::own_folder());
  if (!has_plugin(programs) && !named) programs = read_programs(bin_dir_of(arguments));
  if (has_plugin(programs)) return programs;
  throw cni::Error{
      cni::ErrorCode::system_refused,
      "folder " + text::quoted(named ? *named : posix::own_folder()) + " does not contain the executable veth",
      "set --from to the folder that contains it"};
}

/// Empty if no option gives them: no configuration is written then.
std::vector<cni::Prefix> find_pod_cidrs(const Arguments& arguments) {
  const auto path = arguments.value("pod-cidr-file");
  const auto named = arguments.value("pod-cidr");
  if (path && named) throw UsageError{"--pod-cidr and --pod-cidr-file cannot be combined. Remove one of them"};
  if (named) return parse_cidrs("pod-cidr", *named);
  if (!path) return {};
  constexpr std::size_t max_bytes = 4096;
  const auto text = posix::find_content(AT_FDCWD, *path, max_bytes);
  if (!text) throw posix::system_error(ENOENT, "read " + text::quoted(*path));
  return parse_cidrs("pod-cidr-file " + *path, *text);
}

std::optional<NodeNetwork> find_network(const Arguments& arguments) {
  NodeNetwork network{.pod_cidrs = find_pod_cidrs(arguments)};
  if (network.pod_cidrs.empty()) return std::nullopt;
  network.name = arguments.value("name").value_or(network.name);
  network.mode = arguments.value("mode").value_or(network.mode);
  if (const auto text = arguments.value("cluster-cidr")) network.cluster_cidrs = parse_cidrs("cluster-cidr", *text);
  if (cni::is_identifier(network.name)) return network;
  throw UsageError{"--name " + text::quoted(network.name) + " is not a valid network name"};
}

/// "10-NAME.conflist", as install names the file of a network.
std::string file_of_network(const std::string& network) { return "10-" + network + ".conflist"; }

class InstallRun {
 public:
  InstallRun(const Arguments& arguments, const Console& console, const StatusCheck& check_status)
      : programs_(find_programs(arguments)),
        network_(find_network(arguments)),
        bin_(InstalledFiles::open(bin_dir_of(arguments))),
        check_status_(check_status),
        console_(console),
        place_{canonical_path(bin_dir_of(arguments)), canonical_path(conf_dir_of(arguments))},
        is_forced_(arguments.has("force")),
        is_replacing_(arguments.has("replace-reference")),
        is_for_netavark_(arguments.has("netavark")) {
    if (network_) conf_ = InstalledFiles::open(conf_dir_of(arguments));
  }

  std::vector<FileAction> run() {
    refuse_foreign_files();
    if (network_ && !is_forced_) refuse_to_replace_used_network();
    remember_place();
    for (const auto& program : programs_) {
      if (program.name == loopback_name && is_replacing_) continue;  // a link too
      const bool is_kept = program.name == loopback_name && is_foreign(bin_, program);
      if (is_kept) add_action(bin_, program.name, "kept: a loopback plugin of another package");
      if (!is_kept) install_file(bin_, program);
    }
    for (const std::string name : replaceable_names) link_if_wanted(name, is_replacing_);
    link_if_wanted(netavark_name, is_for_netavark_);
    if (network_) configure();
    return std::move(actions_);
  }

 private:
  InstallableFile configuration() const {
    return {.name = file_of_network(network_->name), .content = to_conflist(*network_)};
  }

  /// Whether a different file exists that vethctl has not installed, and --force is not given.
  bool is_foreign(const InstalledFiles& files, const InstallableFile& file) const {
    return !is_forced_ && files.owner(file.name) == Owner::other && !files.has(file);
  }

  /// Before the first file is written: uninstall finds what an interrupted install has left.
  void remember_place() const try {
    if (!console_.installations.empty()) remember(console_.installations, place_);
  } catch (const std::system_error& error) {
    const bool has_defaults = place_ == Installation{default_bin_dir, inspect::default_conf_dir};
    if (has_defaults) return;  // uninstall looks there anyway
    console_.warn(std::string{"vethctl: the folders are not remembered, give --bin-dir and --conf-dir to uninstall: "} +
                  error.what() + '\n');
  }

  void refuse_foreign_files() const {
    for (const auto& program : programs_) {
      if (program.name != loopback_name) refuse_if_foreign(bin_, program);
    }
    if (network_) refuse_if_foreign(*conf_, configuration());
  }

  /// The runtime would call DEL for the running containers with the new network, which does not have their records, and
  /// on a bridge their addresses could be allocated again.
  void refuse_to_replace_used_network() const {
    auto installed = conf_->names();
    std::erase(installed, file_of_network(network_->name));
    if (installed.empty()) return;
    for (const auto& folder : inspect::open_folders(console_.root)) {
      for (const auto& network : folder.records.networks()) {
        const bool is_replaced = std::ranges::find(installed, file_of_network(network)) != installed.end();
        if (!is_replaced || !folder.records.has_any(network)) continue;
        throw_attached(
            "install another network", network,
            "install with --name " + network + ", delete the containers first (vethctl list), or use --force");
      }
    }
  }

  void refuse_if_foreign(const InstalledFiles& files, const InstallableFile& file) const {
    if (!is_foreign(files, file)) return;
    throw cni::Error{cni::ErrorCode::system_refused,
                     "cannot replace " + text::quoted(files.path(file.name)) +
                         ": vethctl did not install this file, or the file was changed afterwards",
                     "move the file to another folder, or use --force"};
  }

  void install_file(InstalledFiles& files, const InstallableFile& file) {
    if (files.has(file)) return add_action(files, file.name, "unchanged");
    const bool is_new = files.owner(file.name) == Owner::none;
    files.put(file);
    add_action(files, file.name, is_new ? "installed" : "replaced");
  }

  /// Links of an earlier install are made again, since they lead to the file that was replaced.
  void link_if_wanted(const std::string& name, bool is_wanted) {
    const bool was_link = name != loopback_name && bin_.owner(name) == Owner::vethctl;
    if (!is_wanted && !was_link) return;
    if (bin_.is_link(name, plugin_name)) return add_action(bin_, name, "unchanged");
    const bool has_original = bin_.owner(name) == Owner::other;
    bin_.link(name, plugin_name);
    add_action(bin_, name,
               has_original ? "replaced: a link to veth, the original is " + name + ".reference" : "a link to veth");
  }

  void configure() {
    check_status_(bin_.path(plugin_name), to_status_input(*network_));
    const auto file = configuration();
    install_file(*conf_, file);
    for (const auto& name : conf_->names()) {
      if (name != file.name && conf_->remove(name)) add_action(*conf_, name, "removed: replaced by " + file.name);
    }
    warn_of_preferred();
  }

  void warn_of_preferred() const {
    for (const auto& file : configurations_before(place_.conf_dir)) {
      console_.warn("vethctl: " + text::quoted(file) + " " + preferred_advice + '\n');
    }
  }

  void add_action(const InstalledFiles& files, const std::string& name, std::string action) {
    actions_.push_back({files.path(name), std::move(action)});
  }

  std::vector<InstallableFile> programs_;
  std::optional<NodeNetwork> network_;
  InstalledFiles bin_;
  std::optional<InstalledFiles> conf_{};
  const StatusCheck& check_status_;
  const Console& console_;
  Installation place_;
  bool is_forced_;
  bool is_replacing_;
  bool is_for_netavark_;
  std::vector<FileAction> actions_{};
};

/// In a container with a read-only /proc/sys, STATUS would fail although the runtime, outside of it, can write there.
/// So only VERSION is run there, which shows that the node can run the executable.
void run_status(const std::string& executable, const std::string& input) {
  const std::string command = is_read_only("/proc/sys") ? "VERSION" : "STATUS";
  constexpr std::size_t max_output_bytes = std::size_t{1} << 20U;
  const auto folder = executable.substr(0, executable.rfind('/'));
  const auto outcome =
      posix::run({.path = executable, .environment = {"CNI_COMMAND=" + command, "CNI_PATH=" + folder}, .input = input},
                 max_output_bytes);
  if (outcome.exit_status == 0) return;
  const auto error = cni::parse_error(outcome.output);
  throw cni::Error{
      static_cast<cni::ErrorCode>(error.code),
      command + " of " + text::quoted(executable) + " failed, no configuration was written: " + error.what()};
}

std::vector<Option> install_options() {
  return {
      bin_dir_option(),
      conf_dir_option(),
      {.name = "from", .value = "DIR", .help = "folder of the executables (default: the folder of vethctl)"},
      {.name = "pod-cidr",
       .value = "CIDR,CIDR",
       .help = "pod networks of the node: each pod gets an address of each (default: no configuration)"},
      {.name = "pod-cidr-file",
       .value = "FILE",
       .help = "file with the pod networks, separated by commas or white space"},
      {.name = "cluster-cidr",
       .value = "CIDR,CIDR",
       .help = "destinations for which pod addresses are not masqueraded (default: none)"},
      {.name = "mode", .value = "MODE", .help = "ptp (default) or bridge", .choices = {"ptp", "bridge"}},
      {.name = "name", .value = "NAME", .help = "name of the network (default: veth); the file is 10-NAME.conflist"},
      {.name = "replace-reference", .help = "give veth the names of the reference plugins too"},
      {.name = "netavark", .help = "give veth the name netavark-veth too, for Podman 5"},
      {.name = "force", .help = "also replace files that vethctl did not install, and a network in use"},
      output_option()};
}

}  // namespace

int install(const Arguments& arguments, const Console& console, const StatusCheck& check_status) {
  print(InstallRun{arguments, console, check_status}.run(), arguments, console);
  return success;
}

Command install_command() {
  return {
      .name = "install",
      .summary = "install the plugin and a configuration on this node",
      .description =
          "Copies the executables from the folder of vethctl to --bin-dir; each file is replaced atomically. Runs "
          "STATUS of the installed plugin, and then writes the network configuration: a runtime is ready as soon as "
          "the configuration exists. Suitable for an init container; it may be repeated. Where /proc/sys is "
          "read-only, as in containers, VERSION is run instead of STATUS.\n\n"
          "If a file exists that vethctl did not install, or that was changed afterwards, nothing is changed; only a "
          "loopback plugin of another package is kept. Nothing is changed either while containers are attached to a "
          "network "
          "that install configured under another name. Without --pod-cidr only the executables are copied.\n\n"
          "With --replace-reference, veth also gets the names of the reference plugins ptp, bridge, host-local, "
          "static, portmap, bandwidth, tuning and loopback, as hard links: configurations of these plugins run "
          "unchanged, and containers that they have attached are deleted by veth. The originals are kept as "
          "NAME.reference, and uninstall restores them.",
      .options = install_options(),
      .examples = {"vethctl install --pod-cidr 10.244.1.0/24,fd00:10:244:1::/64 --cluster-cidr 10.244.0.0/16"},
      .run = [](const Arguments& arguments, const Console& console) {
        return install(arguments, console, run_status);
      }};
}

}  // namespace vethctl
