// A configuration is read by the code that reads it for ADD, so that no fault is told here that would not be told
// there. What libcni does with a list before that is done as libcni does it.
#include "ipam/fixed_ipam.hpp"
#include "ipam/range_ipam.hpp"
#include "ipam/resolv_conf.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/cni/key_spelling.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/streams.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/wiring/wire.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <system_error>

namespace vethctl {
namespace {

enum class Kind { ok, fault, warning, not_checked };

/// One thing to be said of one file.
struct Finding {
  std::string file;
  std::string pointer{};  ///< of the plugin in a list: "/plugins/0"
  std::string type{};     ///< of the plugin
  Kind kind = Kind::ok;
  unsigned code = 0;  ///< of a fault
  std::string message{};
};

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

std::string to_text(const Finding& finding) {
  std::string text = finding.file;
  if (!finding.pointer.empty()) text += ": " + finding.pointer;
  if (!finding.type.empty()) text += " (" + finding.type + ")";
  text.append(": ").append(to_string(finding.kind));
  if (finding.kind == Kind::fault) text += ", code " + std::to_string(finding.code);
  return text + (finding.message.empty() ? "\n" : ": " + finding.message + '\n');
}

void write(cni::JsonWriter& json, const Finding& finding) {
  json.begin_object();
  json.member("file", finding.file);
  if (!finding.pointer.empty()) json.member("plugin", finding.pointer);
  if (!finding.type.empty()) json.member("type", finding.type);
  json.member("kind", to_string(finding.kind));
  if (finding.kind == Kind::fault) json.member("code", finding.code);
  if (!finding.message.empty()) json.member("message", finding.message);
  json.end_object();
}

std::string to_json(const std::vector<Finding>& findings) {
  cni::JsonWriter json{2};
  json.begin_array();
  for (const auto& finding : findings) write(json, finding);
  json.end_array();
  return json.finished();
}

cni::LeasedAddress first_of(const ipam::RangeSet& set) {
  const auto address = ipam::first_candidate(set).value();
  const auto* range = ipam::find_range(set, address);
  return {.address = {address, range->subnet.length}, .gateway = range->gateway};
}

/// What an ADD on an empty node would be given by the built-in IPAM.
cni::Lease first_lease(const cni::NetworkConfig& config) {
  auto lease = ipam::lease_without_addresses(config.ipam);
  if (config.ipam.ranges.empty() && config.wishes.ranges.empty()) {
    lease.addresses = ipam::fixed_addresses(config);
    return lease;
  }
  const auto sets = ipam::checked_range_sets(config);
  ipam::assign_requests(sets, config.wishes.addresses);
  for (const auto& set : sets) lease.addresses.push_back(first_of(set));
  return lease;
}

/// nullopt where only another program or the runtime can say.
std::optional<cni::Lease> find_lease(const cni::NetworkConfig& config) {
  if (config.ipam.type.empty()) return cni::Lease{};
  if (config.ipam.type != "veth-ipam") return std::nullopt;
  const bool is_told_later = config.ipam.ranges.empty() && config.ipam.addresses.empty() &&
                             config.wishes.ranges.empty() && config.wishes.addresses.empty();
  return is_told_later ? std::nullopt : std::optional{first_lease(config)};
}

/// All that ADD checks before it asks the kernel. Gives the keys that it ignores.
std::vector<std::string> check_as_add(const std::string& text, bool is_plugin) {
  cni::Request request;
  request.config = is_plugin ? cni::parse_network_config(text, cni::Verb::version, {})
                             : cni::parse_ipam_request(text, cni::Verb::version, {});
  const auto lease = find_lease(request.config);
  request.attachment = {.network = request.config.name, .container = "any", .interface = "eth0"};
  constexpr std::uint32_t usual_mtu = 1500;
  if (is_plugin && lease) {
    wiring::wire(request, wiring::complete(request, *lease), request.config.mtu.value_or(usual_mtu));
  }
  return request.config.ignored_keys;
}

Finding fault(Finding place, const cni::Error& error) {
  place.kind = Kind::fault;
  place.code = error.code;
  place.message = error.what();
  return place;
}

Finding warning(Finding place, const std::string& key) {
  place.kind = Kind::warning;
  place.message = key + ": nobody knows this key: it is ignored";
  return place;
}

std::string string_at(cni::JsonObject& object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_string() ? value->as_string() : "";
}

/// Where it cannot be read that is for the plugin to say.
std::string ipam_type(cni::JsonObject& plugin) {
  const auto value = plugin.find("ipam");
  if (!value || !value->is_object()) return "";
  auto ipam = value->as_object();
  return string_at(ipam, "type");
}

/// One plugin's configuration as it is handed to the plugin.
void check_plugin(Finding place, const std::string& text, std::vector<Finding>& findings) try {
  const cni::JsonDocument document{text, "the network configuration"};
  auto plugin = document.root().as_object();
  place.type = string_at(plugin, "type");
  if (place.type.empty()) throw cni::Error{cni::ErrorCode::invalid_config, "/type: missing"};
  const bool is_plugin = place.type == "veth";
  if (!is_plugin && ipam_type(plugin) != "veth-ipam") {
    place.kind = Kind::not_checked;
    place.message = "another plugin, which knows its keys itself";
    findings.push_back(place);
    return;
  }
  for (const auto& key : check_as_add(text, is_plugin)) findings.push_back(warning(place, key));
  findings.push_back(place);
} catch (const cni::Error& error) {
  findings.push_back(fault(place, error));
}

/// The newest that is known, of those that the list offers (key cniVersions) and the one it names.
std::string version_of_list(cni::JsonObject& list) {
  auto names = list.strings("cniVersions");
  names.push_back(list.string_or("cniVersion", ""));
  std::set<cni::Version> known;
  for (const auto& name : names) {
    if (const auto version = cni::find_version(name)) known.insert(*version);
  }
  return known.empty() ? names.back() : std::string{cni::to_string(*known.rbegin())};
}

/// Keys of a list that runtimes read and this tool does not.
constexpr std::array<std::string_view, 3> list_keys{"disableCheck", "disableGC", "loadOnlyInlinedPlugins"};

std::vector<cni::JsonValue> plugins_of(cni::JsonObject& list) {
  const auto value = list.require("plugins");
  auto plugins = value.as_array();
  if (plugins.empty()) value.reject("must have at least one plugin");
  return plugins;
}

void check_list(const Finding& place, cni::JsonObject list, std::vector<Finding>& findings) {
  const auto name = list.require("name").as_string();
  const auto version = version_of_list(list);
  const auto plugins = plugins_of(list);
  list.also_known(list_keys);
  for (const auto& key : list.unasked()) findings.push_back(warning(place, '/' + key));
  for (const auto& plugin : plugins) {
    auto plugin_place = place;
    plugin_place.pointer = plugin.pointer();
    plugin.as_object();
    check_plugin(plugin_place, plugin.handed_on({{"name", name}, {"cniVersion", version}}), findings);
  }
}

bool has_extension(std::string_view file, std::string_view extension) { return file.ends_with(extension); }

/// A runtime goes by the name of the file.
bool is_list(const std::string& file, cni::JsonObject json) {
  const bool has_plugins = json.find_or_null("plugins").has_value();
  if (has_plugins && (has_extension(file, ".conf") || has_extension(file, ".json"))) {
    throw cni::Error{cni::ErrorCode::invalid_config, "is a list of plugins: its name has to end in .conflist"};
  }
  return has_plugins || has_extension(file, ".conflist");
}

void check_text(const Finding& place, const std::string& text, std::vector<Finding>& findings) {
  const cni::JsonDocument document{text, "the network configuration"};
  const auto json = document.root().as_object();
  if (is_list(place.file, json)) return check_list(place, json, findings);
  check_plugin(place, document.root().handed_on({}), findings);
}

std::string read(const std::string& file) {
  constexpr std::chrono::minutes patience{10};
  constexpr std::size_t largest = std::size_t{1} << 20U;
  if (file == "-") return posix::read_input(patience);
  if (auto text = posix::find_content(AT_FDCWD, file, largest)) return std::move(*text);
  throw cni::Error{cni::ErrorCode::io_failure, "there is no such file"};
}

void check_file(const std::string& file, std::vector<Finding>& findings) {
  const Finding place{.file = file == "-" ? "standard input" : file};
  try {
    check_text(place, read(file), findings);
  } catch (const cni::Error& error) {
    findings.push_back(fault(place, error));
  } catch (const std::system_error& error) {
    findings.push_back(fault(place, {cni::ErrorCode::io_failure, error.what()}));
  }
}

int validate(const Arguments& arguments, const Console& console) {
  std::vector<Finding> findings;
  for (const auto& file : arguments.operands) check_file(file, findings);
  if (arguments.wants_json()) {
    console.print(to_json(findings));
  } else {
    for (const auto& finding : findings) console.print(to_text(finding));
  }
  const bool is_faulty = std::ranges::find(findings, Kind::fault, &Finding::kind) != findings.end();
  return is_faulty ? found_faults : success;
}

}  // namespace

Command validate_command() {
  return {.name = "validate",
          .operands = "FILE...",
          .least = 1,
          .most = 1000,
          .summary = "check network configurations as ADD would",
          .description =
              "Reads network configurations (.conf) and lists of them (.conflist), \"-\" for standard input, and tells "
              "for each plugin of type veth, and for each other one whose addresses come from veth-ipam, the fault "
              "that an ADD would end with, with the same code and message. Keys that ADD ignores because nobody knows "
              "them are warnings. Nothing is changed, and no rights are needed.\n\n"
              "Not looked at: what the runtime adds, the configuration of other plugins, whether an IPAM executable "
              "is installed.",
          .options = {output_option()},
          .run = validate};
}

}  // namespace vethctl
