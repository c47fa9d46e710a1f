#pragma once

#include "plugin/cni/network_config.hpp"
#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace restore {

/// What became of a link of ours on the host that has no record.
struct Recovery {
  kernel::HostLink link{};
  std::optional<state::Record> record{};  ///< what was written, or would be
  std::string reason{};                   ///< where nothing was: why
};

/// Writes the records of these links anew, from what exists: the alias names the attachment, its other end is looked
/// for in all namespaces and has to be proven, and the addresses that are proven to be its own are taken again. Without
/// a folder (null) nothing is written: a dry run.
std::vector<Recovery> recover(const std::vector<kernel::HostLink>& links, kernel::Inspector& inspector,
                              const std::vector<cni::NetworkConfig>& configurations, state::Folder* folder);

}  // namespace restore
