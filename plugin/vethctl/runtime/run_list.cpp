#include "plugin/vethctl/runtime/run_list.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/cni/version.hpp"
#include "plugin/text/quoted.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>

namespace runtime {
namespace {

using nlohmann::ordered_json;

ordered_json runtime_config(const PluginEntry& plugin, const std::string& capability_args) {
  ordered_json config = ordered_json::object();
  if (capability_args.empty()) return config;
  const auto values = ordered_json::parse(capability_args);
  for (const auto& [name, value] : values.items()) {
    if (std::ranges::find(plugin.capabilities, name) != plugin.capabilities.end()) config[name] = value;
  }
  return config;
}

/// CHECK, and prevResult of DEL, exist since 0.4.0. Plugins reject an unknown version.
bool has_check(const NetworkList& list) {
  return cni::find_version(list.version).value_or(cni::newest_version) >= cni::Version::v0_4_0;
}

/// A plugin need not be named in its own message.
cni::Error failure_of(const PluginEntry& plugin, cni::Verb verb, const cni::Error& error) {
  return {static_cast<cni::ErrorCode>(error.code),
          "plugin " + plugin.type + " failed (" + std::string{cni::to_string(verb)} + "): " + error.message,
          error.details};
}

std::string run_plugin(const PluginEntry& plugin, cni::Verb verb, const ListCall& call, const RunPlugin& run) try {
  return run(plugin.type, verb, plugin_configuration(plugin, call));
} catch (const cni::Error& error) {
  throw failure_of(plugin, verb, error);
}

/// Some plugins omit the version of their result.
std::string completed_result(const PluginEntry& plugin, const std::string& version, const std::string& output) {
  auto result = ordered_json::parse(output, nullptr, false);
  if (!result.is_object()) {
    throw cni::Error{cni::ErrorCode::decoding_failure,
                     "plugin " + plugin.type + " printed no result: " + text::quoted(output)};
  }
  if (!result.contains("cniVersion")) result["cniVersion"] = version;
  return result.dump();
}

/// Runs DEL of the first `count` plugins in reverse order. Returns the first failure.
std::exception_ptr delete_first(std::size_t count, const ListCall& call, const RunPlugin& run) {
  std::exception_ptr first;
  for (; count > 0; --count) {
    try {
      run_plugin(call.list.plugins[count - 1], cni::Verb::del, call, run);
    } catch (...) {
      if (!first) first = std::current_exception();
    }
  }
  return first;
}

/// A list whose version was changed after the ADD gets the result in its new version.
std::string in_version_of(const NetworkList& list, const std::string& result) {
  const auto version = cni::find_version(list.version);
  if (result.empty() || !version) return result;
  const auto json = ordered_json::parse(result, nullptr, false);
  if (json.is_object() && json.value("cniVersion", list.version) == list.version) return result;
  return cni::to_json(cni::parse_result(result, *version, "the kept result of ADD"), *version);
}

}  // namespace

std::string plugin_configuration(const PluginEntry& plugin, const ListCall& call) {
  auto configuration = ordered_json::parse(plugin.text);
  configuration["cniVersion"] = call.list.version;
  configuration["name"] = call.list.name;
  if (!call.previous_result.empty()) configuration["prevResult"] = ordered_json::parse(call.previous_result);
  auto config = runtime_config(plugin, call.capability_args);
  if (!config.empty()) configuration["runtimeConfig"] = std::move(config);
  return configuration.dump();
}

std::string add_list(const ListCall& call, const RunPlugin& run) {
  auto step = call;
  for (std::size_t position = 0; position < call.list.plugins.size(); ++position) {
    const auto& plugin = call.list.plugins[position];
    try {
      step.previous_result = completed_result(plugin, call.list.version, run_plugin(plugin, cni::Verb::add, step, run));
    } catch (...) {
      if (position > 0) delete_first(position + 1, step, run);
      throw;
    }
  }
  return step.previous_result;
}

void check_list(const ListCall& call, const RunPlugin& run) {
  if (!has_check(call.list)) {
    throw cni::Error{cni::ErrorCode::incompatible_version,
                     "network " + text::quoted(call.list.name) + " has cniVersion " + text::quoted(call.list.version) +
                         ", which has no CHECK",
                     "set cniVersion to 0.4.0 or later"};
  }
  if (call.list.disable_check) return;
  auto converted = call;
  converted.previous_result = in_version_of(call.list, call.previous_result);
  for (const auto& plugin : call.list.plugins) run_plugin(plugin, cni::Verb::check, converted, run);
}

void status_list(const ListCall& call, const RunPlugin& run, cni::Verb verb) {
  const bool has_status = cni::find_version(call.list.version).value_or(cni::newest_version) >= cni::Version::v1_1_0;
  auto list = call.list;
  if (!has_status) list.version = cni::to_string(cni::Version::v1_1_0);
  const ListCall newest{.list = list, .capability_args = {}, .previous_result = {}};
  for (const auto& plugin : call.list.plugins) {
    if (has_status || plugin.type == "veth") run_plugin(plugin, verb, newest, run);
  }
}

void delete_list(const ListCall& call, const RunPlugin& run) {
  auto converted = call;
  converted.previous_result = has_check(call.list) ? in_version_of(call.list, call.previous_result) : "";
  if (const auto failure = delete_first(call.list.plugins.size(), converted, run)) std::rethrow_exception(failure);
}

}  // namespace runtime
