#include "plugin/vethctl/status.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/observer.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/plugin_users.hpp"
#include "plugin/vethctl/read_only.hpp"
#include "plugin/vethctl/runtime/executables.hpp"
#include "plugin/vethctl/runtime/network_list.hpp"
#include "plugin/vethctl/validate.hpp"
#include "plugin/wiring/text.hpp"

#include <linux/netlink.h>

#include <functional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

namespace vethctl {
namespace {

using Problems = std::vector<std::string>;

/// Adds the error of the step as a problem.
void attempt(Problems& problems, const std::function<void()>& step) try { step(); } catch (const cni::Error& error) {
  problems.emplace_back(error.what());
} catch (const std::system_error& error) {
  problems.emplace_back(error.what());
}

void check_configuration(const std::string& file, Problems& problems) {
  for (const auto& result : validate(file)) {
    if (result.kind == ValidationResult::Kind::fault) problems.push_back(location_of(result) + ": " + result.message);
  }
}

void call_plugins(const std::string& file, const StatusSources& sources, Problems& problems) {
  attempt(problems, [&] {
    const auto list = runtime::parse_network_list(inspect::configuration_text(file), text::quoted(file));
    runtime::status_list({.list = list, .capability_args = {}, .previous_result = {}}, sources.run,
                         sources.can_write_sysctls ? cni::Verb::status : cni::Verb::version);
  });
}

/// The plugins of an invalid configuration are not called, as they would report the same fault.
void check_networks(const std::string& conf_dir, const StatusSources& sources, Problems& problems) {
  const auto files = configurations_using({"veth"}, conf_dir);
  if (files.empty()) {
    problems.push_back("no network configuration in " + text::quoted(conf_dir) +
                       " uses the plugin veth: write one with vethctl install, or set --conf-dir");
  }
  for (const auto& file : files) {
    const auto before = problems.size();
    check_configuration(file, problems);
    if (problems.size() == before) call_plugins(file, sources, problems);
  }
}

void check_folder(const state::Folder& folder, Problems& problems) {
  attempt(problems, [&] { folder.check_writable(); });
}

/// Of the attachments on the node. Before the first ADD, forwarding may be off: an ADD enables it.
std::set<cni::Family> forwarded_families(const state::Folder& folder) {
  std::set<cni::Family> families;
  for (const auto& network : folder.records.networks()) {
    for (const auto& stored : folder.records.list(network)) {
      const auto wiring = stored.record ? wiring::find_partial_wiring(stored.record->wiring) : std::nullopt;
      if (wiring && wiring->forward_ipv4) families.insert(cni::Family::ipv4);
      if (wiring && wiring->forward_ipv6) families.insert(cni::Family::ipv6);
    }
  }
  return families;
}

void check_forwarding(cni::Family family, const StatusSources& sources, Problems& problems) {
  if (sources.forwards(family)) return;
  const bool is_ipv4 = family == cni::Family::ipv4;
  problems.push_back(std::string{"the host does not forward "} + (is_ipv4 ? "IPv4" : "IPv6") +
                     " packets of its containers: sysctl -w " +
                     (is_ipv4 ? "net.ipv4.ip_forward=1" : "net.ipv6.conf.all.forwarding=1"));
}

Problems find_problems(const std::string& conf_dir, const std::string& root, const StatusSources& sources) {
  Problems problems;
  check_networks(conf_dir, sources, problems);
  const auto found = inspect::find_folders(root, conf_dir);
  for (const auto& error : found.unusable) problems.emplace_back(error.what());
  std::set<cni::Family> families;
  for (const auto& folder : found.folders) {
    check_folder(folder, problems);
    families.merge(forwarded_families(folder));
  }
  for (const auto family : families) check_forwarding(family, sources, problems);
  return problems;
}

std::string to_json(const Problems& problems) {
  cni::JsonWriter json{2};
  json.begin_object();
  json.key("ready");
  json.boolean(problems.empty());
  json.key("problems");
  json.begin_array();
  for (const auto& problem : problems) json.string(problem);
  json.end_array();
  json.end_object();
  return json.finished();
}

std::string to_text(const Problems& problems) {
  if (problems.empty()) return "ready\n";
  std::string text;
  for (const auto& problem : problems) text += "not ready: " + problem + '\n';
  return text;
}

int status_of_node(const Arguments& arguments, const Console& console) {
  kernel::NetlinkSocket host{NETLINK_ROUTE};
  const auto path = arguments.value("cni-path").value_or(runtime::default_plugin_path());
  return status(arguments, console,
                {.run = runtime::run_executables({.command = {}, .path = path}),
                 .forwards = [&](cni::Family family) { return kernel::observe_forwarding(host, family); },
                 .can_write_sysctls = !is_read_only("/proc/sys")});
}

}  // namespace

int status(const Arguments& arguments, const Console& console, const StatusSources& sources) {
  const auto conf_dir = arguments.value("conf-dir").value_or(inspect::default_conf_dir);
  const auto problems = find_problems(conf_dir, console.root, sources);
  console.print(arguments.wants_json() ? to_json(problems) : to_text(problems));
  return problems.empty() ? success : found_faults;
}

Command status_command() {
  return {.name = "status",
          .summary = "whether containers can be added on this node",
          .description =
              "Checks each network configuration that uses veth, calls STATUS of its plugins, as a runtime does, tests "
              "whether the state folders can be written, and whether the host forwards the packets of its containers. "
              "Prints \"ready\", or what prevents an ADD; the exit status is 1 then. Suitable as a readiness probe. "
              "Configurations with a cniVersion before 1.1.0 have no STATUS: only that of veth is called. Where "
              "/proc/sys is read-only, as in containers, VERSION is called instead: it shows that the executables "
              "run. check finds more problems, and takes longer.",
          .options = {{.name = "conf-dir",
                       .value = "DIR",
                       .help = "folder of the network configurations (default: /etc/cni/net.d)"},
                      {.name = "cni-path",
                       .value = "DIR:...",
                       .help = "folders of the plugins (default: the folder of vethctl if it contains veth, and "
                               "/opt/cni/bin)"},
                      output_option()},
          .examples = {"vethctl status", "vethctl status --output json"},
          .run = status_of_node};
}

}  // namespace vethctl
