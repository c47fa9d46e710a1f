#pragma once

#include "integration/support/call.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace support {

/// A folder with the built executable under the names of the reference plugins that it replaces.
std::string drop_in_plugins();

/// A plugin of a chain, and the folder in which it is looked up first.
struct ChainedPlugin {
  json config;
  std::string folder = drop_in_plugins();
};

/// The first plugin of a chain. Its members are tested behind ptp and bridge of either version.
struct FirstPlugin {
  std::string type;
  bool is_own = false;  ///< this executable under the name; otherwise the reference plugin

  std::string folder() const;
};

/// "own_ptp", "reference_bridge"
std::ostream& operator<<(std::ostream& stream, const FirstPlugin& plugin);

std::vector<FirstPlugin> first_plugins();

/// A network configuration list, whose plugins are called in order as libcni calls them: each gets the result of the
/// one before.
struct PluginChain {
  std::string network = "net";
  std::vector<ChainedPlugin> plugins{};
  json runtime_config = nullptr;  ///< for the plugins behind the first
  std::string version = "1.0.0";

  /// The answer of the last plugin, or of the first that fails.
  Answer add(const Container& container) const;
  Answer check(const Container& container, const json& result) const;

  /// In reverse order. Calls all plugins; the answer of the first that fails.
  Answer del(const Container& container, const json& result = nullptr) const;
  Answer gc(const std::vector<Valid>& valid) const;

  /// The configuration that the plugin at this position gets.
  json config_of(std::size_t position, const json& previous) const;
  Call call_of(std::size_t position, const std::string& command, const Container& container,
               const json& previous = nullptr) const;
};

}  // namespace support
