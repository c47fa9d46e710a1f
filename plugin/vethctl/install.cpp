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
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <optional>

namespace vethctl {
namespace {

constexpr auto usual_bin_dir = "/opt/cni/bin";
constexpr auto plugin_name = "veth";
constexpr auto loopback_name = "loopback";
constexpr std::array program_names{plugin_name, "veth-ipam", loopback_name, "vethctl"};
constexpr std::size_t largest_program = std::size_t{64} << 20U;

/// What was done with one file.
struct Deed {
  std::string path;
  std::string act;
};

std::string to_text(const Deed& deed) {
  auto text = deed.path;
  return text.append(": ").append(deed.act).append("\n");
}

void print(const std::vector<Deed>& deeds, const Arguments& arguments, const Console& console) {
  if (!arguments.wants_json()) {
    for (const auto& deed : deeds) console.print(to_text(deed));
    return;
  }
  cni::JsonWriter json{2};
  json.begin_array();
  for (const auto& [path, act] : deeds) {
    json.begin_object();
    json.member("path", path);
    json.member("act", act);
    json.end_object();
  }
  json.end_array();
  console.print(json.finished());
}

std::string without_last_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string bin_dir_of(const Arguments& arguments) {
  return without_last_slashes(arguments.value("bin-dir").value_or(usual_bin_dir));
}

std::string conf_dir_of(const Arguments& arguments) {
  return without_last_slashes(arguments.value("conf-dir").value_or(inspect::usual_configurations));
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
    auto content = directory ? posix::find_content(directory->get(), name, largest_program) : std::nullopt;
    if (content) programs.push_back({.name = name, .content = std::move(*content), .is_program = true});
  }
  return programs;
}

bool has_plugin(const std::vector<InstallableFile>& programs) {
  return std::ranges::find(programs, plugin_name, &InstallableFile::name) != programs.end();
}

/// Those in the folder that was named; otherwise those beside this one, or, as a package has it, those that are in
/// place already.
std::vector<InstallableFile> find_programs(const Arguments& arguments) {
  const auto named = arguments.value("from");
  auto programs = read_programs(named ? *named : own_folder());
  if (!has_plugin(programs) && !named) programs = read_programs(bin_dir_of(arguments));
  if (has_plugin(programs)) return programs;
  throw cni::Error{cni::ErrorCode::system_refused,
                   "there is no executable veth in folder " + text::quoted(named ? *named : own_folder()),
                   "name the folder that has it by --from"};
}

/// None where none were named: the configuration is another's business then.
std::vector<cni::Prefix> find_pod_cidrs(const Arguments& arguments) {
  const auto path = arguments.value("pod-cidr-file");
  const auto named = arguments.value("pod-cidr");
  if (path && named) throw UsageError{"--pod-cidr and --pod-cidr-file cannot be given both"};
  if (named) return parse_cidrs("pod-cidr", *named);
  if (!path) return {};
  constexpr std::size_t largest = 4096;
  const auto text = posix::find_content(AT_FDCWD, *path, largest);
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
  throw UsageError{"--name " + text::quoted(network.name) + " is not the name of a network"};
}

/// One run of the command.
class Installation {
 public:
  Installation(const Arguments& arguments, const Status& status)
      : programs_(find_programs(arguments)),
        network_(find_network(arguments)),
        bin_(InstalledFiles::open(bin_dir_of(arguments))),
        status_(status),
        is_forced_(arguments.has("force")) {
    if (network_) conf_ = InstalledFiles::open(conf_dir_of(arguments));
  }

  std::vector<Deed> run() {
    refuse_what_is_anothers();
    for (const auto& program : programs_) {
      const bool may_stay = program.name == loopback_name && is_in_the_way(bin_, program);
      if (may_stay) tell(bin_, program.name, "kept: another's, which does the same");
      if (!may_stay) put(bin_, program);
    }
    if (network_) configure();
    return std::move(deeds_);
  }

 private:
  InstallableFile configuration() const {
    return {.name = "10-" + network_->name + ".conflist", .content = to_list(*network_)};
  }

  bool is_in_the_way(const InstalledFiles& files, const InstallableFile& file) const {
    return !is_forced_ && files.owner(file.name) == Owner::other && !files.has(file);
  }

  void refuse_what_is_anothers() const {
    for (const auto& program : programs_) {
      if (program.name != loopback_name) refuse_if_anothers(bin_, program);
    }
    if (network_) refuse_if_anothers(*conf_, configuration());
  }

  void refuse_if_anothers(const InstalledFiles& files, const InstallableFile& file) const {
    if (!is_in_the_way(files, file)) return;
    throw cni::Error{cni::ErrorCode::system_refused,
                     text::quoted(files.path(file.name)) + " was not put there by vethctl, or was changed since",
                     "move it away, or use --force"};
  }

  void put(InstalledFiles& files, const InstallableFile& file) {
    if (files.has(file)) return tell(files, file.name, "is there already");
    const bool is_new = files.owner(file.name) == Owner::nobody;
    files.put(file);
    tell(files, file.name, is_new ? "installed" : "replaced");
  }

  void configure() {
    status_(bin_.path(plugin_name), to_status_input(*network_));
    const auto file = configuration();
    put(*conf_, file);
    for (const auto& name : conf_->names()) {
      if (name != file.name && conf_->remove(name)) tell(*conf_, name, "removed: of another name");
    }
  }

  void tell(const InstalledFiles& files, const std::string& name, std::string act) {
    deeds_.push_back({files.path(name), std::move(act)});
  }

  std::vector<InstallableFile> programs_;
  std::optional<NodeNetwork> network_;
  InstalledFiles bin_;
  std::optional<InstalledFiles> conf_{};
  const Status& status_;
  bool is_forced_;
  std::vector<Deed> deeds_{};
};

void ask_status(const std::string& executable, const std::string& input) {
  constexpr std::size_t longest_answer = std::size_t{1} << 20U;
  const auto folder = executable.substr(0, executable.rfind('/'));
  const auto outcome =
      posix::run({.path = executable, .environment = {"CNI_COMMAND=STATUS", "CNI_PATH=" + folder}, .input = input},
                 longest_answer);
  if (outcome.exit_status == 0) return;
  const auto error = cni::parse_error(outcome.output);
  throw cni::Error{
      static_cast<cni::ErrorCode>(error.code),
      "STATUS of " + text::quoted(executable) + " failed, and no configuration was written: " + error.what()};
}

void refuse_while_attached(const std::string& root) {
  for (const auto& folder : inspect::open_folders(root)) {
    for (const auto& network : folder.records.networks()) {
      if (!folder.records.has_any(network)) continue;
      throw cni::Error{cni::ErrorCode::already_attached, "containers are attached to network " + text::quoted(network),
                       "remove them first (vethctl list), or use --force: they cannot be deleted without the plugin"};
    }
  }
}

/// Whether each file was as install had put it there.
bool remove_all(const std::string& folder, std::vector<Deed>& deeds) {
  auto files = InstalledFiles::find(folder);
  bool is_all_ours = true;
  for (const auto& name : files ? files->names() : std::vector<std::string>{}) {
    const bool is_ours = files->remove(name);
    is_all_ours = is_all_ours && is_ours;
    deeds.push_back({files->path(name), is_ours ? "removed" : "left: it was changed since, or is gone"});
  }
  return is_all_ours;
}

Option bin_dir_option() {
  return {.name = "bin-dir", .value = "DIR", .help = "where the runtime looks for plugins (default: /opt/cni/bin)"};
}

Option conf_dir_option() {
  return {.name = "conf-dir", .value = "DIR", .help = "where it looks for configurations (default: /etc/cni/net.d)"};
}

}  // namespace

int install(const Arguments& arguments, const Console& console, const Status& status) {
  print(Installation{arguments, status}.run(), arguments, console);
  return success;
}

int uninstall(const Arguments& arguments, const Console& console) {
  if (!arguments.has("force")) refuse_while_attached(console.root);
  std::vector<Deed> deeds;
  const bool is_configuration_ours = remove_all(conf_dir_of(arguments), deeds);
  const bool are_programs_ours = remove_all(bin_dir_of(arguments), deeds);
  print(deeds, arguments, console);
  return is_configuration_ours && are_programs_ours ? success : found_faults;
}

Command install_command() {
  return {
      .name = "install",
      .summary = "put the plugin and a configuration where a runtime finds them",
      .description =
          "Copies the executables that are beside this one, each whole or not at all, and writes the configuration of "
          "the node's network last: runtimes take its presence for the network being ready. Before that the plugin is "
          "asked by STATUS whether it could serve it. Made for the start of a node, an init container too: it may be "
          "repeated.\n\n"
          "A file that this command did not put there, or that was changed since, is in the way, and nothing is done; "
          "another's loopback is kept. Without --pod-cidr only the executables are copied.",
      .options =
          {bin_dir_option(),
           conf_dir_option(),
           {.name = "from", .value = "DIR", .help = "folder of the executables (default: that of vethctl)"},
           {.name = "pod-cidr", .value = "CIDR,CIDR", .help = "the node's networks: a pod gets one address of each"},
           {.name = "pod-cidr-file", .value = "FILE", .help = "a file with them, divided by commas or white space"},
           {.name = "cluster-cidr",
            .value = "CIDR,CIDR",
            .help = "destinations that see a pod's own address; others see the node's"},
           {.name = "mode", .value = "MODE", .help = "ptp (default) or bridge", .choices = {"ptp", "bridge"}},
           {.name = "name", .value = "NAME", .help = "of the network (default: veth); the file is 10-NAME.conflist"},
           {.name = "force", .help = "replace files of others, too"},
           output_option()},
      .run = [](const Arguments& arguments, const Console& console) {
        return install(arguments, console, ask_status);
      }};
}

Command uninstall_command() {
  return {
      .name = "uninstall",
      .summary = "take back what install has put there",
      .description =
          "Removes what install has put into the two folders, the configuration first, so that the runtime asks for "
          "no further network. Files that were changed since are left, and the exit status is 1 then. Refused while "
          "containers are attached.",
      .options = {bin_dir_option(),
                  conf_dir_option(),
                  {.name = "force", .help = "though containers are attached"},
                  output_option()},
      .run = uninstall};
}

}  // namespace vethctl
