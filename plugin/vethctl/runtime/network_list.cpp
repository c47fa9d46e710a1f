#include "plugin/vethctl/runtime/network_list.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/key_spelling.hpp"
#include "plugin/cni/version.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <algorithm>
#include <string_view>

namespace runtime {
namespace {

using nlohmann::ordered_json;

[[noreturn]] void reject(const std::string& message, const std::string& advice = {}) {
  throw cni::Error{cni::ErrorCode::invalid_config, message, advice};
}

/// Ignores case, as libcni does; null if the member is missing.
const ordered_json* find_member(const ordered_json& object, std::string_view key) {
  for (const auto& [name, member] : object.items()) {
    if (cni::is_same_key(name, key)) return &member;
  }
  return nullptr;
}

std::string string_at(const ordered_json& object, std::string_view key) {
  const auto* member = find_member(object, key);
  return member != nullptr && member->is_string() ? member->get<std::string>() : "";
}

std::vector<std::string> capabilities_of(const ordered_json& plugin) {
  std::vector<std::string> names;
  const auto* member = find_member(plugin, "capabilities");
  if (member == nullptr || !member->is_object()) return names;
  for (const auto& [name, value] : member->items()) {
    if (value.is_boolean() && value.get<bool>()) names.push_back(name);
  }
  return names;
}

/// "disableCheck" is a boolean, or the text of one.
bool is_true(const ordered_json* value) {
  return value != nullptr && (*value == ordered_json(true) || *value == ordered_json("true"));
}

/// The newest version of "cniVersion" and "cniVersions" that this program supports. An unknown cniVersion without
/// alternatives is passed to the plugins, which reject it.
std::string negotiated_version(const ordered_json& list) {
  const auto single = string_at(list, "cniVersion");
  auto best = cni::find_version(single);
  const auto* several = find_member(list, "cniVersions");
  if (several != nullptr && several->is_array()) {
    for (const auto& value : *several) {
      const auto version = value.is_string() ? cni::find_version(value.get<std::string>()) : std::nullopt;
      if (version && (!best || *version > *best)) best = version;
    }
  }
  if (best) return std::string{cni::to_string(*best)};
  return single.empty() ? "0.1.0" : single;
}

PluginEntry read_entry(const ordered_json& plugin, const std::string& origin) {
  if (!plugin.is_object()) reject(origin + ": an entry of \"plugins\" is not an object");
  const auto type = string_at(plugin, "type");
  if (type.empty()) reject(origin + ": a plugin has no \"type\"", "set it to the name of an executable");
  return {.type = type, .capabilities = capabilities_of(plugin), .text = plugin.dump()};
}

ordered_json parse_object(const std::string& text, const std::string& origin) try {
  auto json = ordered_json::parse(text);
  if (!json.is_object()) reject(origin + ": is not a JSON object");
  return json;
} catch (const ordered_json::parse_error& error) {
  throw cni::Error{cni::ErrorCode::decoding_failure, origin + ": " + error.what(), "see vethctl validate"};
}

/// The paths of the folder, lists first.
std::vector<std::string> files_in(const std::string& folder) {
  auto files = inspect::find_configurations(folder);
  if (!files) {
    throw cni::Error{cni::ErrorCode::io_failure, "folder " + text::quoted(folder) + " does not exist",
                     "set --conf-dir to the folder of the network configurations"};
  }
  std::ranges::stable_partition(*files, [](const std::string& path) { return path.ends_with(".conflist"); });
  return *std::move(files);
}

std::string name_in(const std::string& path) {
  const auto json = ordered_json::parse(inspect::configuration_text(path), nullptr, false);
  return json.is_object() ? string_at(json, "name") : "";
}

[[noreturn]] void reject_unknown(const std::string& network, const std::string& folder,
                                 const std::vector<std::string>& names) {
  constexpr std::size_t limit = 10;
  reject("no file in " + text::quoted(folder) + " has the network " + text::quoted(network),
         names.empty() ? "the folder contains no network configuration: set --conf-dir, or give the path of a file"
                       : "the networks are: " + text::listed(names, limit));
}

NetworkList read_file(const std::string& path) {
  if (!posix::find_file(AT_FDCWD, path, O_PATH)) {
    throw cni::Error{cni::ErrorCode::io_failure, "file " + text::quoted(path) + " does not exist",
                     "give the name of a network in --conf-dir, or the path of a .conf or .conflist file"};
  }
  return parse_network_list(inspect::configuration_text(path), path);
}

bool is_path(const std::string& network) {
  return network.find('/') != std::string::npos || network.ends_with(".conf") || network.ends_with(".conflist");
}

}  // namespace

NetworkList parse_network_list(const std::string& text, const std::string& origin) {
  const auto json = parse_object(text, origin);
  NetworkList list{.name = string_at(json, "name"),
                   .version = negotiated_version(json),
                   .disable_check = is_true(find_member(json, "disableCheck")),
                   .text = text};
  if (!cni::is_identifier(list.name))
    reject(origin + ": name " + text::quoted(list.name) + " is not valid", std::string{cni::identifier_rule});
  const auto* plugins = find_member(json, "plugins");
  if (plugins == nullptr) {
    list.plugins.push_back(read_entry(json, origin));
    return list;
  }
  if (!plugins->is_array() || plugins->empty()) reject(origin + ": \"plugins\" must be an array of plugins");
  for (const auto& plugin : *plugins) list.plugins.push_back(read_entry(plugin, origin));
  return list;
}

NetworkList find_network_list(const std::string& network, const std::string& folder) {
  if (is_path(network)) return read_file(network);
  std::vector<std::string> names;
  for (const auto& path : files_in(folder)) {
    auto name = name_in(path);
    if (name == network) return read_file(path);
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  reject_unknown(network, folder, names);
}

}  // namespace runtime
