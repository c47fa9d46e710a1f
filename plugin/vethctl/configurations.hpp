#pragma once

#include <string>
#include <vector>

namespace vethctl {

/// One plugin's configuration as a runtime hands it to the plugin: with the name and version of its list.
struct PluginConfiguration {
  std::string type;
  std::string ipam_type;  ///< empty: none
  std::string text;       ///< JSON

  bool operator==(const PluginConfiguration&) const = default;
};

/// Those of all files of a folder that runtimes read (.conf, .conflist, .json), by the names of the files. What cannot
/// be read is left out: `vethctl check` tells of it. None where there is no such folder.
std::vector<PluginConfiguration> read_configurations(const std::string& folder);

}  // namespace vethctl
