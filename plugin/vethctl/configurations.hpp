#pragma once

#include <string>
#include <vector>

namespace vethctl {

/// The configuration of one plugin as a runtime passes it: with the name and version of its list.
struct PluginConfiguration {
  std::string type;
  std::string ipam_type;  ///< empty: none
  std::string text;       ///< JSON

  bool operator==(const PluginConfiguration&) const = default;
};

/// The plugin configurations of one file; empty if the text is invalid.
std::vector<PluginConfiguration> parse_configurations(const std::string& text);

/// All plugin configurations of a folder (.conf, .conflist, .json), in the order of the file names. Invalid ones are
/// left out; `vethctl check` reports them. Empty if the folder does not exist.
std::vector<PluginConfiguration> read_configurations(const std::string& folder);

}  // namespace vethctl
