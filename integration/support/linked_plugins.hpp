#pragma once

#include "integration/support/call.hpp"

#include <filesystem>
#include <string>
#include <vector>

// Folders of plugins in which veth has the names of the reference plugins.
namespace dropin {

constexpr auto plugin_folder = "/run/test/plugins";

inline const std::vector<std::string>& replaced_names() {
  static const std::vector<std::string> names{"ptp",     "bridge",    "host-local", "static",
                                              "portmap", "bandwidth", "tuning",     "loopback"};
  return names;
}

/// How a name leads to veth.
enum class Kind { hard_link, symbolic_link, copy };

/// Creates the folder and returns CNI_PATH: this folder, then the reference plugins.
inline std::string make_plugins(Kind kind = Kind::hard_link) {
  namespace fs = std::filesystem;
  const fs::path folder{plugin_folder};
  fs::remove_all(folder);
  fs::create_directories(folder);
  const auto program = folder / "veth";
  fs::copy_file(fs::path{support::executables()} / "veth", program);
  for (const auto& name : replaced_names()) {
    if (kind == Kind::hard_link) fs::create_hard_link(program, folder / name);
    if (kind == Kind::symbolic_link) fs::create_symlink("veth", folder / name);
    if (kind == Kind::copy) fs::copy_file(program, folder / name);
  }
  return folder.string() + ":" + support::reference_plugins;
}

}  // namespace dropin
