#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace verbs {

/// The network of the cables that people lay by hand (`vethctl connect`).
constexpr const char* cable_network = "vethctl";

/// What became of a host's link of ours that no record tells of.
struct Recovery {
  kernel::HostLink link{};
  std::optional<state::Record> record{};  ///< what was written, or would be
  std::string reason{};                   ///< where nothing was: why
};

/// Writes the records of these links anew, from what stands: the alias names the attachment, its other end is looked
/// for in all namespaces, and both ends tell the addresses, which are taken again. Without a folder (null) nothing is
/// written: a dry run.
std::vector<Recovery> recover(const std::vector<kernel::HostLink>& links, kernel::Kernel& kernel,
                              state::Folder* folder);

}  // namespace verbs
