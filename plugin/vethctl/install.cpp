#include "plugin/vethctl/install.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/program.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/installed_files.hpp"
#include "plugin/vethctl/node_network.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <optional>

namespace vethctl {
namespace {

constexpr auto default_bin_dir = "/opt/cni/bin";
constexpr auto plugin_name = "veth";
constexpr auto loopback_name = "loopback";
constexpr std::array program_names{plugin_name, "veth-ipam", loopback_name, "vethctl"};
constexpr std::size_t max_program_bytes = std::size_t{64} << 20U;

/// What was done with one file, as a text.
struct FileAction {
  std::string path;
  std::string action;
};

void print(const std::vector<FileAction>& actions, const Arguments& arguments, const Console& console) {
  if (!arguments.wants_json()) {
    for (const auto& [path, action] : actions)
      console.print(std::string{path}.append(": ").append(action).append("\n"));
    return;
  }
  cni::JsonWriter json{2};
  json.begin_array();
  for (const auto& [path, action] : actions) {
    json.begin_object();
    json.member("path", path);
    json.member("action", action);
    json.end_object();
  }
  json.end_array();
  console.print(json.finished());
}

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string bin_dir_of(const Arguments& arguments) {
  return without_trailing_slashes(arguments.value("bin-dir").value_or(default_bin_dir));
}

std::string conf_dir_of(const Arguments& arguments) {
  return without_trailing_slashes(arguments.value("conf-dir").value_or(inspect::default_conf_dir));
}

std::string own_folder() {
  std::string path(PATH_MAX, '\0');
  const auto length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length < 0) posix::throw_errno("read the link \"/proc/self/exe\"");
  path.resize(static_cast<std::size_t>(length));
  return path.substr(0, std::max(path.rfind('/'), std::size_t{1}));
}

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
  auto programs = read_programs(named ? *named : own_folder());
  if (!has_plugin(programs) && !named) programs = read_programs(bin_dir_of(arguments));
  if (has_plugin(programs)) return programs;
  throw cni::Error{cni::ErrorCode::system_refused,
                   "folder " + text::quoted(named ? *named : own_folder()) + " does not contain the executable veth",
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

[[noreturn]] void throw_attached(const std::string& action, const std::string& network, const std::string& remedy) {
  throw cni::Error{cni::ErrorCode::already_attached,
                   "cannot " + action + ": containers are attached to network " + text::quoted(network), remedy};
}

class Installation {
 public:
  Installation(const Arguments& arguments, const Console& console, const StatusCheck& check_status)
      : programs_(find_programs(arguments)),
        network_(find_network(arguments)),
        bin_(InstalledFiles::open(bin_dir_of(arguments))),
        check_status_(check_status),
        root_(console.root),
        is_forced_(arguments.has("force")) {
    if (network_) conf_ = InstalledFiles::open(conf_dir_of(arguments));
  }

  std::vector<FileAction> run() {
    refuse_foreign_files();
    if (network_ && !is_forced_) refuse_to_replace_used_network();
    for (const auto& program : programs_) {
      const bool is_kept = program.name == loopback_name && is_foreign(bin_, program);
      if (is_kept) add_action(bin_, program.name, "kept: a loopback plugin of another package");
      if (!is_kept) install_file(bin_, program);
    }
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
    for (const auto& folder : inspect::open_folders(root_)) {
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

  void configure() {
    check_status_(bin_.path(plugin_name), to_status_input(*network_));
    const auto file = configuration();
    install_file(*conf_, file);
    for (const auto& name : conf_->names()) {
      if (name != file.name && conf_->remove(name)) add_action(*conf_, name, "removed: replaced by " + file.name);
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
  std::string root_;
  bool is_forced_;
  std::vector<FileAction> actions_{};
};

/// Container runtimes mount /proc/sys read-only in containers.
bool is_read_only(const char* path) {
  struct statvfs found {};
  return ::statvfs(path, &found) == 0 && (found.f_flag & ST_RDONLY) != 0;
}

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

void refuse_while_attached(const std::string& root) {
  for (const auto& folder : inspect::open_folders(root)) {
    for (const auto& network : folder.records.networks()) {
      if (!folder.records.has_any(network)) continue;
      throw_attached("uninstall", network,
                     "delete them with the runtime first (vethctl list prints them), or use --force");
    }
  }
}

/// Returns whether all files were unchanged since install.
bool remove_all(const std::string& folder, std::vector<FileAction>& actions) {
  auto files = InstalledFiles::find(folder);
  bool is_all_ours = true;
  for (const auto& name : files ? files->names() : std::vector<std::string>{}) {
    const bool is_ours = files->remove(name);
    is_all_ours = is_all_ours && is_ours;
    actions.push_back(
        {files->path(name),
         is_ours ? "removed" : "not removed: the file was changed after the installation, or is missing"});
  }
  return is_all_ours;
}

Option bin_dir_option() {
  return {.name = "bin-dir", .value = "DIR", .help = "folder of the plugins (default: /opt/cni/bin)"};
}

Option conf_dir_option() {
  return {.name = "conf-dir", .value = "DIR", .help = "folder of the network configurations (default: /etc/cni/net.d)"};
}

}  // namespace

int install(const Arguments& arguments, const Console& console, const StatusCheck& check_status) {
  print(Installation{arguments, console, check_status}.run(), arguments, console);
  return success;
}

int uninstall(const Arguments& arguments, const Console& console) {
  if (!arguments.has("force")) refuse_while_attached(console.root);
  std::vector<FileAction> actions;
  const bool is_configuration_ours = remove_all(conf_dir_of(arguments), actions);
  const bool are_programs_ours = remove_all(bin_dir_of(arguments), actions);
  print(actions, arguments, console);
  return is_configuration_ours && are_programs_ours ? success : found_faults;
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
          "that install configured under another name. Without --pod-cidr only the executables are copied.",
      .options = {bin_dir_option(),
                  conf_dir_option(),
                  {.name = "from",
                   .value = "DIR",
                   .help = "folder of the executables (default: the folder of vethctl)"},
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
                  {.name = "name",
                   .value = "NAME",
                   .help = "name of the network (default: veth); the file is 10-NAME.conflist"},
                  {.name = "force", .help = "also replace files that vethctl did not install, and a network in use"},
                  output_option()},
      .examples = {"vethctl install --pod-cidr 10.244.1.0/24,fd00:10:244:1::/64 --cluster-cidr 10.244.0.0/16"},
      .run = [](const Arguments& arguments, const Console& console) {
        return install(arguments, console, run_status);
      }};
}

Command uninstall_command() {
  return {.name = "uninstall",
          .summary = "remove the files that install has installed",
          .description =
              "Removes the files that install has installed in the two folders, first the configuration, so that the "
              "runtime starts no further containers. Files that were changed afterwards are not removed; the exit "
              "status is 1 then. Fails while containers are attached.",
          .options = {bin_dir_option(),
                      conf_dir_option(),
                      {.name = "force", .help = "remove the files even if containers are attached"},
                      output_option()},
          .examples = {"vethctl uninstall"},
          .run = uninstall};
}

}  // namespace vethctl
