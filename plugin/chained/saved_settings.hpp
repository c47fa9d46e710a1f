#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/wiring/interface_settings.hpp"
#include "plugin/wiring/tuning.hpp"

#include <optional>
#include <string>
#include <vector>

namespace chained {

/// The settings that an interface had before the plugin tuning changed them: a file CONTAINER_INTERFACE.json in
/// dataDir, in the format of the reference plugin, so that either version restores what the other has saved. The
/// sysctls are an additional member, which the reference plugin ignores.
struct SavedSettings {
  wiring::InterfaceSettings interface {};
  std::vector<wiring::Sysctl> sysctls{};

  bool operator==(const SavedSettings&) const = default;
};

std::string to_json(const SavedSettings& settings);

/// nullopt if the text is no such file. A member that cannot be read counts as absent.
std::optional<SavedSettings> find_saved_settings(const std::string& text);

/// The path of the file.
std::string path_of_saved_settings(const std::string& data_dir, const cni::Attachment& attachment);

}  // namespace chained
