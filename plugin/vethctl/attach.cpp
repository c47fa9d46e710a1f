#include "plugin/vethctl/attach.hpp"

#include "plugin/attachment/state_folder.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/cni/environment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/connection.hpp"
#include "plugin/vethctl/end.hpp"
#include "plugin/vethctl/explanation.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/report/json.hpp"
#include "plugin/vethctl/runtime/executables.hpp"
#include "plugin/vethctl/runtime/network_list.hpp"
#include "plugin/vethctl/runtime/result_cache.hpp"
#include "plugin/vethctl/runtime/run_list.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace vethctl {
namespace {

/// One call for an attachment, as given on the command line.
struct AttachCall {
  runtime::NetworkList list;
  cni::Attachment attachment;
  cni::Environment environment;  ///< of the plugins
  std::string capability_args;   ///< JSON object; empty: not given
  std::string cache_folder;
};

End read_netns(const std::string& operand) {
  const bool is_relative = operand.find('/') != std::string::npos && !operand.starts_with('/');
  auto end = parse_end(is_relative ? std::filesystem::absolute(operand).lexically_normal().string() : operand);
  if (end.kind == End::Kind::netns) return end;
  throw UsageError{text::quoted(operand) + ": must be a network namespace (name, path or process ID)"};
}

std::string read_container(const Arguments& arguments, const End& netns) {
  auto container = arguments.value("container").value_or(netns.name);
  if (cni::is_identifier(container)) return container;
  throw UsageError{"--container " + text::quoted(container) +
                   ": is not a container ID: " + std::string{cni::identifier_rule}};
}

std::string read_capability_args(const Arguments& arguments) {
  const auto text = arguments.value("capability-args");
  if (!text) return {};
  if (nlohmann::ordered_json::parse(*text, nullptr, false).is_object()) return *text;
  throw UsageError{"--capability-args " + text::quoted(*text) +
                   R"(: must be a JSON object, as in {"portMappings": [{"hostPort": 8080, "containerPort": 80}]})"};
}

AttachCall read_call(const Arguments& arguments) {
  const auto folder = arguments.value("conf-dir").value_or(inspect::default_conf_dir);
  const auto netns = read_netns(arguments.operands.at(1));
  const auto interface = read_interface(arguments, "interface");
  const auto container = read_container(arguments, netns);
  auto list = runtime::find_network_list(arguments.operands.at(0), folder);
  cni::Attachment attachment{.network = list.name, .container = container, .interface = interface};
  return {.list = std::move(list),
          .attachment = std::move(attachment),
          .environment = {.command = {},
                          .container_id = container,
                          .netns = netns.path,
                          .ifname = interface,
                          .args = arguments.value("args").value_or(""),
                          .path = arguments.value("cni-path").value_or(runtime::default_plugin_path())},
          .capability_args = read_capability_args(arguments),
          .cache_folder = arguments.value("cache-dir").value_or(runtime::default_cache_folder)};
}

void require_netns(const std::string& path) {
  if (posix::find_file(AT_FDCWD, path, O_PATH)) return;
  throw cni::Error{cni::ErrorCode::invalid_netns, "network namespace " + text::quoted(path) + " does not exist",
                   path.starts_with("/proc/") ? "the process does not exist"
                                              : "create it with ip netns add NAME, or see ip netns list"};
}

/// Reference plugins may damage an existing attachment if they are called again.
void require_new(const AttachCall& call) {
  if (!runtime::read_cache(call.cache_folder, call.attachment)) return;
  const auto& [network, container, interface] = call.attachment;
  throw cni::Error{cni::ErrorCode::already_attached,
                   "interface " + interface + " of container " + text::quoted(container) +
                       " is already attached to network " + text::quoted(network),
                   "run vethctl del first, or use another --interface"};
}

/// Without the kept result, the next DEL would have no prevResult: the attachment is deleted again.
void keep_result(const AttachCall& call, const runtime::ListCall& list_call, const std::string& result) try {
  runtime::write_cache(call.cache_folder, call.attachment,
                       {.result = result,
                        .configuration = call.list.text,
                        .args = call.environment.args,
                        .capability_args = call.capability_args});
} catch (const std::system_error&) {
  const auto failure = std::current_exception();
  auto undo = list_call;
  undo.previous_result = result;
  try {
    runtime::delete_list(undo, runtime::run_executables(call.environment));
  } catch (const std::exception&) {
    std::rethrow_exception(failure);  // the reason why the ADD failed
  }
  throw;
}

/// An IPAM executable inherits the variables of the call from this process.
void export_variables(const cni::Environment& environment) {
  for (const auto& variable : runtime::plugin_environment(environment)) {
    const auto separator = variable.find('=');
    if (variable.starts_with("CNI_"))
      ::setenv(variable.substr(0, separator).c_str(), variable.c_str() + separator + 1, 1);
  }
}

std::string root_of(const cni::Request& request) {
  const auto& data_dir = request.config.ipam.data_dir;
  return data_dir.empty() ? std::string{state::default_root} : data_dir;
}

/// The request that veth gets as the plugin of a list.
cni::Request request_of(const runtime::PluginEntry& plugin, const AttachCall& call,
                        const runtime::ListCall& list_call) {
  auto environment = call.environment;
  environment.command = cni::to_string(cni::Verb::add);
  export_variables(environment);
  return cni::parse_request(environment, runtime::plugin_configuration(plugin, list_call), cni::Role::plugin);
}

/// Calls `explain` for each plugin of type veth. Others are programs whose actions are unknown.
std::string explain_list(const AttachCall& call, const runtime::ListCall& list_call,
                         const std::function<std::string(const cni::Request&)>& explain) {
  std::string text;
  for (const auto& plugin : call.list.plugins) {
    text += plugin.type == "veth" ? explain(request_of(plugin, call, list_call))
                                  : "# plugin " + plugin.type + ": not explained, it is another program\n";
  }
  return text;
}

std::string explain_planned(const AttachCall& call, const runtime::ListCall& list_call) {
  return explain_list(call, list_call, [](const cni::Request& request) {
    kernel::LinuxKernel kernel;
    PlanFolder plan{root_of(request), request.attachment.network};
    return explain_add(request, kernel, plan.folder());
  });
}

std::string explain_done(const AttachCall& call, const runtime::ListCall& list_call) {
  return explain_list(call, list_call, [](const cni::Request& request) {
    const auto folder = attachment::find_folder(root_of(request), request.attachment.network);
    return folder ? explain_recorded(request.attachment, *folder) : std::string{};
  });
}

std::string explain_del(const AttachCall& call, const runtime::ListCall& list_call) {
  return explain_list(call, list_call, [](const cni::Request& request) {
    return explain_removal(request.attachment, attachment::find_folder(root_of(request), request.attachment.network));
  });
}

int add(const Arguments& arguments, const Console& console) {
  check_explain_options(arguments);
  const auto call = read_call(arguments);
  require_netns(call.environment.netns);
  require_new(call);
  const runtime::ListCall list_call{.list = call.list, .capability_args = call.capability_args, .previous_result = {}};
  if (arguments.has("explain")) {
    print_commands(explain_planned(call, list_call), arguments, console);
    return success;
  }
  const auto result = runtime::add_list(list_call, runtime::run_executables(call.environment));
  keep_result(call, list_call, result);
  constexpr int indent = 4;
  console.print(nlohmann::ordered_json::parse(result).dump(indent) + '\n');
  if (arguments.has("explain-also")) console.warn(explain_done(call, list_call));
  return success;
}

/// Arguments that are not given are those of the ADD.
runtime::ListCall with_kept_result(AttachCall& call) {
  const auto kept = runtime::read_cache(call.cache_folder, call.attachment).value_or(runtime::CachedResult{});
  if (call.environment.args.empty()) call.environment.args = kept.args;
  if (call.capability_args.empty()) call.capability_args = kept.capability_args;
  return {.list = call.list, .capability_args = call.capability_args, .previous_result = kept.result};
}

/// The namespace need not exist.
int del(const Arguments& arguments, const Console& console) {
  check_explain_options(arguments);
  auto call = read_call(arguments);
  const auto list_call = with_kept_result(call);
  const bool is_explained = arguments.has("explain") || arguments.has("explain-also");
  const auto explanation = is_explained ? explain_del(call, list_call) : std::string{};
  if (arguments.has("explain")) {
    print_commands(explanation, arguments, console);
    return success;
  }
  runtime::delete_list(list_call, runtime::run_executables(call.environment));
  runtime::remove_from_cache(call.cache_folder, call.attachment);
  if (is_explained) console.warn(explanation);
  if (arguments.wants_json()) console.print(report::json(call.attachment));
  return success;
}

Option conf_dir_option() {
  return {.name = "conf-dir", .value = "DIR", .help = "folder of the network configurations (default: /etc/cni/net.d)"};
}

std::vector<Option> all_options() {
  auto options = attach_options();
  options.insert(options.begin(), conf_dir_option());
  options.push_back(output_option());
  return options;
}

std::vector<Option> with_explain_options() {
  auto options = all_options();
  for (auto& option : explain_options()) options.push_back(std::move(option));
  return options;
}

}  // namespace

std::vector<Option> attach_options() {
  return {
      {.name = "container", .value = "ID", .help = "container ID (default: the name of NETNS, or pid-PID)"},
      {.name = "interface", .value = "NAME", .help = "interface in the container (default: eth0)"},
      {.name = "args", .value = "KEY=VALUE;...", .help = "CNI_ARGS (del, check: default as in the add)"},
      {.name = "capability-args",
       .value = "JSON",
       .help = "object with the values of capabilities, such as portMappings and bandwidth (del, check: default as "
               "in the add)"},
      {.name = "cni-path",
       .value = "DIR:...",
       .help = "folders of the plugins (default: the folder of vethctl if it contains veth, and /opt/cni/bin)"},
      {.name = "cache-dir", .value = "DIR", .help = "folder for the results, as of libcni (default: /var/lib/cni)"}};
}

int check_attachment(const Arguments& arguments, const Console& console) {
  auto call = read_call(arguments);
  require_netns(call.environment.netns);
  const auto list_call = with_kept_result(call);
  if (list_call.previous_result.empty()) {
    throw cni::Error{
        cni::ErrorCode::invalid_config,
        "no result of an ADD is kept in " + text::quoted(runtime::cache_path(call.cache_folder, call.attachment)),
        "run vethctl add first, or set --container, --interface and --cache-dir as in the ADD"};
  }
  runtime::check_list(list_call, runtime::run_executables(call.environment));
  if (arguments.wants_json()) console.print(report::json(call.attachment));
  return success;
}

Command add_command() {
  return {.name = "add",
          .operands = "NETWORK NETNS",
          .min_operands = 2,
          .max_operands = 2,
          .summary = "add a network namespace to a network, as a runtime does",
          .description =
              "Calls ADD of the plugins of NETWORK, one after the other, as container runtimes and cnitool do, and "
              "prints the result. NETWORK is the name of a network in --conf-dir, or the path of a .conf or .conflist "
              "file. NETNS is the name of a network namespace in /run/netns, its path, or a process ID. All plugins "
              "of a list are supported, not only veth. Their messages on standard error are passed through.\n\nThe "
              "result is kept in --cache-dir, in the format of libcni, for del and check. If a plugin fails, its "
              "error is printed, and DEL of the plugins is called in reverse order; if the first one fails, nothing "
              "is deleted.\n\nWith --explain, the plugin veth is not called, and what it would do is printed: its "
              "addresses "
              "are reserved for a moment and released again. Other plugins of the list are not explained.",
          .options = with_explain_options(),
          .examples =
              {"vethctl add pods net0", "vethctl add ./10-veth.conflist net0 --interface eth1",
               R"(vethctl add pods net0 --capability-args '{"portMappings":[{"hostPort":80,"containerPort":80}]}')"},
          .run = add};
}

Command del_command() {
  return {
      .name = "del",
      .operands = "NETWORK NETNS",
      .min_operands = 2,
      .max_operands = 2,
      .summary = "delete a network namespace from a network, as a runtime does",
      .description =
          "Calls DEL of the plugins of NETWORK in reverse order, with the result of the ADD if it is kept. Operands "
          "are those of add. NETNS need not exist any more. All plugins are called, also if some fail; the first "
          "error is printed.",
      .options = with_explain_options(),
      .examples = {"vethctl del pods net0", "vethctl del pods net0 --explain"},
      .run = del};
}

}  // namespace vethctl
