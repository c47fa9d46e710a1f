#pragma once

#include "plugin/cni/environment.hpp"
#include "plugin/vethctl/runtime/network_list.hpp"

#include <functional>
#include <string>

// The verbs of a network configuration list, section 3 of the specification ("Execution of Network Configurations").
namespace runtime {

/// Runs one plugin with this configuration and returns its output. Throws cni::Error, the plugin's own if it printed
/// one.
using RunPlugin = std::function<std::string(const std::string& type, cni::Verb verb, const std::string& configuration)>;

/// What the plugins of one attachment get beside their configuration.
struct ListCall {
  const NetworkList& list;
  std::string capability_args;  ///< JSON object: the values by capability; empty: none
  std::string previous_result;  ///< of the ADD, for CHECK and DEL, JSON; empty: none
};

/// The configuration of one plugin: its entry with name and cniVersion of the list, prevResult unless it is empty, and
/// as runtimeConfig the values of the capabilities that it declares.
std::string plugin_configuration(const PluginEntry& plugin, const ListCall& call);

/// Runs the plugins in their order, each with the result of the one before as prevResult. Returns the last result. If a
/// plugin other than the first fails, runs DEL of this plugin and of those before it, in reverse order. If the first
/// one fails, nothing is deleted: what exists may belong to an earlier ADD.
std::string add_list(const ListCall& call, const RunPlugin& run);

/// Runs CHECK of the plugins in their order until one fails. Does nothing if the list has disableCheck. Throws
/// cni::Error if the version of the list has no CHECK.
void check_list(const ListCall& call, const RunPlugin& run);

/// Runs STATUS (or VERSION, if `verb` is that) of the plugins until one fails. STATUS exists since 1.1.0: of an older
/// list only the plugin veth is called, which has it in each version.
void status_list(const ListCall& call, const RunPlugin& run, cni::Verb verb = cni::Verb::status);

/// Runs DEL of all plugins in reverse order, also if some fail, and throws the first failure afterwards.
void delete_list(const ListCall& call, const RunPlugin& run);

}  // namespace runtime
