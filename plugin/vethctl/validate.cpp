// Configurations are checked by the code of ADD, so that both report the same errors. Lists are processed as by libcni:
// of two members with the same name the last one is used, which is also what the parser of nlohmann_json does.
#include "plugin/vethctl/validate.hpp"

#include "ipam/reference_ipam.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/cni/key_spelling.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/streams.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/add_checks.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/configuration_json.hpp"
#include "plugin/vethctl/json_syntax.hpp"
#include "plugin/vethctl/missing_plugins.hpp"
#include "plugin/vethctl/node_program.hpp"
#include "plugin/vethctl/replaced_reference.hpp"
#include "plugin/vethctl/report/escape.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <set>
#include <system_error>

namespace vethctl {
namespace {

using nlohmann::ordered_json;

using Kind = ValidationResult::Kind;

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::ok:
      return "ok";
    case Kind::fault:
      return "fault";
    case Kind::warning:
      return "warning";
    case Kind::not_checked:
      return "not checked";
  }
  return "";
}

std::string to_text(const ValidationResult& result) {
  auto text = report::clean(location_of(result));
  text.append(": ").append(to_string(result.kind));
  if (result.kind == Kind::fault) text += ", code " + std::to_string(result.code);
  return text + (result.message.empty() ? "\n" : ": " + report::clean(result.message) + '\n');
}

void write(cni::JsonWriter& json, const ValidationResult& result) {
  json.begin_object();
  json.member("file", result.file);
  if (!result.pointer.empty()) json.member("plugin", result.pointer);
  if (!result.type.empty()) json.member("type", result.type);
  json.member("kind", to_string(result.kind));
  if (result.kind == Kind::fault) json.member("code", result.code);
  if (!result.message.empty()) json.member("message", result.message);
  json.end_object();
}

std::string to_json(const std::vector<ValidationResult>& results) {
  cni::JsonWriter json{2};
  json.begin_array();
  for (const auto& result : results) write(json, result);
  json.end_array();
  return json.finished();
}

ValidationResult fault(ValidationResult result, const cni::Error& error) {
  result.kind = Kind::fault;
  result.code = error.code;
  result.message = error.what();
  return result;
}

ValidationResult warning(ValidationResult result, const std::string& key) {
  result.kind = Kind::warning;
  result.message = key + ": unknown key, ignored";
  return result;
}

/// The runtime looks for a file of this name in CNI_PATH.
void check_spelling(const std::string& pointer, const std::string& type, std::string_view own) {
  if (type == own || !cni::is_misspelling(type, own)) return;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   pointer + ": " + text::quoted(type) + ": did you mean " + text::quoted(own) + '?'};
}

/// Runtimes reject such a file; the JSON parser of this program skips the mark.
void check_byte_order_mark(std::string_view text) {
  if (!text.starts_with("\xef\xbb\xbf")) return;
  throw cni::Error{cni::ErrorCode::decoding_failure,
                   "the file begins with a byte order mark, with which runtimes cannot read it: save it as UTF-8 "
                   "without a byte order mark (BOM)"};
}

struct OtherName {
  const char* theirs;
  const char* own;
};

/// The keys of ovs-cni (docs/plugin.md of k8snetworkplumbingwg/ovs-cni) that have another name here.
constexpr std::array<OtherName, 3> names_of_ovs_cni{
    {{"trunk", "vlanTrunk"}, {"ofport_request", "ofportRequest"}, {"socket_file", "socket"}}};

/// What to change so that this plugin replaces ovs-cni.
std::string migration_from_ovs_cni(const ordered_json& plugin) {
  std::string text = R"(is of the plugin ovs-cni. For this plugin, write "type": "veth", "mode": "ovs")";
  for (const auto& [theirs, own] : names_of_ovs_cni) {
    if (plugin.contains(theirs)) text += std::string{", \""} + own + "\" instead of \"" + theirs + '"';
  }
  for (const auto* unsupported : {"deviceID", "interface_type", "mirrors"}) {
    if (plugin.contains(unsupported)) text += std::string{"; \""} + unsupported + "\" is not supported";
  }
  return text + (plugin.contains("configuration_path") ? "; copy the keys of its configuration_path" : "");
}

std::string reason_not_checked(const ordered_json& plugin, const std::string& type) {
  return type == "ovs" ? migration_from_ovs_cni(plugin) : "belongs to another plugin";
}

/// The newest known version among cniVersions and cniVersion of the list.
std::string version_of_list(cni::JsonObject& list) {
  auto names = list.strings("cniVersions");
  names.push_back(list.string_or("cniVersion", ""));
  std::set<cni::Version> known;
  for (const auto& name : names) {
    if (const auto version = cni::find_version(name)) known.insert(*version);
  }
  return known.empty() ? names.back() : std::string{cni::to_string(*known.rbegin())};
}

/// Keys of a list that only runtimes use.
constexpr std::array<std::string_view, 3> list_keys{"disableCheck", "disableGC", "loadOnlyInlinedPlugins"};

std::size_t count_plugins(cni::JsonObject& list) {
  const auto plugins = list.require("plugins");
  const auto count = plugins.as_array().size();
  if (count == 0) plugins.reject("must have at least one plugin");
  return count;
}

bool has_extension(std::string_view file, std::string_view extension) { return file.ends_with(extension); }

/// Runtimes decide by the extension of the file.
bool is_list(const std::string& file, const ordered_json& json) {
  const bool has_plugins = json.is_object() && json.contains("plugins");
  if (has_plugins && (has_extension(file, ".conf") || has_extension(file, ".json"))) {
    throw cni::Error{cni::ErrorCode::invalid_config, "the file is a list of plugins: its name must end in .conflist"};
  }
  return has_plugins || has_extension(file, ".conflist");
}

/// The parser reports the position, too, but not the cause.
void check_syntax(std::string_view text) {
  const auto fault = find_syntax_fault(text);
  if (fault) throw cni::Error{cni::ErrorCode::decoding_failure, to_string(*fault)};
}

/// The runtime, or the plugin for its IPAM, runs the executable of the name of the type.
std::vector<ValidationResult> check_installed(const ValidationResult& file_result, const std::string& text,
                                              const std::string& cni_path, Kind kind_of_missing) {
  std::vector<ValidationResult> results;
  if (cni_path.empty()) return results;
  const auto missing = find_missing_plugins(text, cni_path);
  if (!missing.has_folder) {
    auto result = file_result;
    result.kind = Kind::warning;
    result.message = text::quoted(cni_path) +
                     " does not exist, so it was not checked whether the plugins are installed: set --cni-path";
    results.push_back(result);
  }
  for (const auto& type : missing.types) {
    results.push_back(fault(file_result, {cni::ErrorCode::invalid_config,
                                          "type " + text::quoted(type) + " is not installed: " +
                                              text::quoted(cni_path) + " has no executable of this name",
                                          "install the plugin, or set --cni-path to the folder of the plugins"}));
    results.back().kind = kind_of_missing;
  }
  return results;
}

/// Checks one text and collects the results.
class Validation {
 public:
  /// `file` is the beginning of each result.
  Validation(ValidationResult file, std::string cni_path) : file_(std::move(file)), cni_path_(std::move(cni_path)) {}

  void check(const std::string& text) try {
    check_byte_order_mark(text);
    check_syntax(text);
    const cni::JsonDocument document{text, cni::configuration_origin};
    document.root().as_object();
    auto json = ordered_json::parse(text);
    if (is_list(file_.file, json)) return check_list(document, json);
    check_plugin(file_, json);
  } catch (const cni::Error& error) {
    results_.push_back(fault(file_, error));
  }

  std::vector<ValidationResult> results() && { return std::move(results_); }

 private:
  void check_list(const cni::JsonDocument& document, ordered_json& json) {
    auto list = document.root().as_object();
    const auto name = list.require("name").as_string();
    const auto version = version_of_list(list);
    const auto count = count_plugins(list);
    list.mark_known(list_keys);
    for (const auto& key : list.unread_members()) results_.push_back(warning(file_, '/' + key));
    for (std::size_t i = 0; i < count; ++i) {
      auto plugin_result = file_;
      plugin_result.pointer = "/plugins/" + std::to_string(i);
      auto& plugin = json["plugins"][i];
      if (!plugin.is_object()) list.require("plugins").as_array()[i].as_object();
      plugin["name"] = name;
      plugin["cniVersion"] = version;
      check_plugin(plugin_result, plugin);
    }
  }

  /// Checks the configuration of one plugin in the form that the plugin gets.
  void check_plugin(ValidationResult result, const ordered_json& plugin) try {
    result.type = string_at(plugin, "type");
    if (result.type.empty()) cni::JsonDocument{plugin.dump(), "the plugin"}.root().as_object().require("type");
    check_spelling("/type", result.type, "veth");
    check_spelling("/ipam/type", ipam_type_of(plugin), "veth-ipam");
    const auto ignored = check_own_parts(result.type, plugin);
    if (!ignored) {
      result.kind = Kind::not_checked;
      result.message = reason_not_checked(plugin, result.type);
    }
    for (const auto& key : ignored.value_or(IgnoredKeys{})) results_.push_back(warning(result, key));
    results_.push_back(result);
  } catch (const cni::Error& error) {
    results_.push_back(fault(result, error));
  }

  /// nullopt if the plugin and its IPAM are other programs.
  std::optional<IgnoredKeys> check_own_parts(const std::string& type, const ordered_json& plugin) const {
    const auto ipam_type = ipam_type_of(plugin);
    const auto text = plugin.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    std::optional<IgnoredKeys> ignored;
    if (is_own_ipam(ipam_type, is_own(type))) ignored = check_as_ipam(ipam_type, text);
    if (is_own(type)) ignored = check_as_add(type, text);
    return ignored;
  }

  bool is_own(const std::string& type) const {
    return type == "veth" || (is_served(type) && is_replaced_by_veth(type, cni_path_));
  }

  /// Whether this program serves the IPAM, and ADD of the plugin does not check its part.
  bool is_own_ipam(const std::string& ipam_type, bool is_plugin_own) const {
    if (ipam_type == "veth-ipam") return !is_plugin_own;
    return ipam::reference_dialect_of(ipam_type) && is_replaced_by_veth(ipam_type, cni_path_);
  }

  ValidationResult file_;
  std::string cni_path_;
  std::vector<ValidationResult> results_{};
};

/// Whether the text is a configuration of veth-node, and not one of a plugin.
bool is_node_config(const std::string& text) {
  const auto json = ordered_json::parse(text, nullptr, false);
  const auto has = [&](const char* key) { return json.contains(key); };
  return json.is_object() && has("store") && !has("type") && !has("plugins") && !has("cniVersion");
}

/// veth-node reads the file itself, since it must be private.
ValidationResult check_node_config(ValidationResult result, const std::string& file, const std::string& program) {
  result.type = "veth-node";
  result.kind = Kind::not_checked;
  if (file == "-") {
    result.message = "is of veth-node, which reads a file and not standard input";
  } else if (program.empty()) {
    result.message = "is of veth-node, which is not installed beside vethctl or in the folder of the plugins";
  } else if (const auto error = validate_node_config(program, file)) {
    return fault(std::move(result), *error);
  } else {
    result.kind = Kind::ok;
  }
  return result;
}

bool is_regular(const posix::FileDescriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) < 0) posix::throw_errno("read the status of " + text::quoted(path));
  return S_ISREG(status.st_mode);
}

void refuse_folder(const std::string& path) {
  if (!is_folder(path)) return;
  throw cni::Error{cni::ErrorCode::io_failure, "this is a folder, not a file",
                   "give its files: vethctl validate " + path + (path.ends_with('/') ? "" : "/") + "*.conflist"};
}

std::string read(const std::string& file) {
  constexpr std::chrono::minutes timeout{10};
  constexpr std::size_t max_bytes = std::size_t{1} << 20U;
  if (file == "-") return posix::read_input(timeout);
  const auto opened =
      posix::find_file(AT_FDCWD, file, O_RDONLY | O_NONBLOCK);  // O_NONBLOCK: do not wait for the writer of a pipe
  if (!opened) throw cni::Error{cni::ErrorCode::io_failure, "the file does not exist"};
  refuse_folder(file);
  if (!is_regular(*opened, file)) {
    throw cni::Error{cni::ErrorCode::io_failure, "the file is not a regular file",
                     "to read a pipe, run: vethctl validate -"};
  }
  return posix::read_to_end(opened->get(), max_bytes, timeout);
}

std::optional<std::string> given_cni_path(const Arguments& arguments) {
  if (auto option = arguments.value("cni-path")) return option;
  const auto* variable = std::getenv("CNI_PATH");
  return variable == nullptr ? std::nullopt : std::optional<std::string>{variable};
}

int run_validate(const Arguments& arguments, const Console& console) {
  std::vector<ValidationResult> results;
  const auto given = given_cni_path(arguments);
  // A machine that only writes configurations has no plugins.
  const auto cni_path = given.value_or(is_folder(console.cni_path) ? console.cni_path : "");
  const auto node_program = find_node_program(console.node_programs()).value_or("");
  for (const auto& file : arguments.operands) {
    std::ranges::move(validate(file, cni_path, given ? Kind::fault : Kind::warning, node_program),
                      std::back_inserter(results));
  }
  if (arguments.wants_json()) {
    console.print(to_json(results));
  } else {
    for (const auto& result : results) console.print(to_text(result));
  }
  const bool is_faulty = std::ranges::find(results, Kind::fault, &ValidationResult::kind) != results.end();
  return is_faulty ? found_faults : success;
}

}  // namespace

std::string location_of(const ValidationResult& result) {
  auto text = result.file;
  if (!result.pointer.empty()) text += ": " + result.pointer;
  return result.type.empty() ? text : text + " (" + result.type + ")";
}

std::vector<ValidationResult> validate(const std::string& file, const std::string& cni_path, Kind kind_of_missing,
                                       const std::string& node_program) {
  const ValidationResult file_result{.file = file == "-" ? "standard input" : file};
  std::vector<ValidationResult> results;
  try {
    const auto text = read(file);
    if (is_node_config(text)) return {check_node_config(file_result, file, node_program)};
    Validation validation{file_result, cni_path};
    validation.check(text);
    results = std::move(validation).results();
    std::ranges::move(check_installed(file_result, text, cni_path, kind_of_missing), std::back_inserter(results));
  } catch (const cni::Error& error) {
    results.push_back(fault(file_result, error));
  } catch (const std::system_error& error) {
    results.push_back(fault(file_result, {cni::ErrorCode::io_failure, error.what()}));
  }
  return results;
}

Command validate_command() {
  return {
      .name = "validate",
      .operands = "FILE...",
      .min_operands = 1,
      .max_operands = 1000,
      .summary = "check network configurations as ADD does",
      .description =
          "Checks network configurations (.conf) and lists (.conflist). For each plugin of type veth, for each "
          "reference plugin that veth replaces in --cni-path (vethctl install --replace-reference), and for each "
          "other plugin whose addresses come from one of these, it prints the error that an ADD would return, with "
          "the same code and message. Keys that ADD ignores are warnings. \"-\" reads standard input. Nothing is "
          "changed, and root is not required.\n\n"
          "A text that is not JSON is reported with line, column and what to change. A type whose executable is not "
          "in --cni-path or CNI_PATH is a fault. If neither is given, it is searched for in /opt/cni/bin, and is a "
          "warning.\n\n"
          "A configuration of veth-node (such as /etc/veth-cni/node.json) is checked by veth-node validate(8), if "
          "veth-node is beside vethctl or in the folder of the plugins.\n\n"
          "Not checked are the configurations of other plugins, and values that the runtime adds.",
      .options = {{.name = "cni-path", .value = "DIR:DIR", .help = "folders of the plugins, (default: CNI_PATH)"},
                  output_option()},
      .examples = {"vethctl validate /etc/cni/net.d/10-veth.conflist", "vethctl validate /etc/veth-cni/node.json",
                   "vethctl validate --cni-path /usr/lib/cni - < 10-veth.conflist"},
      .run = run_validate};
}

}  // namespace vethctl
