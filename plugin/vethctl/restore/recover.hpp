#pragma once

#include "plugin/cni/network_config.hpp"
#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace restore {

/// The result for one host link of this plugin without a record.
struct Recovery {
  kernel::HostLink link{};
  std::optional<state::Record> record{};  ///< the restored record; in a dry run the one that would be written
  std::string reason{};                   ///< why no record was written; empty if one was
};

/// Restores the records of these links from the state of the kernel. The alias contains the attachment. Its other end
/// is searched in all namespaces and must be one pair with the link. Addresses that are proven to be assigned to it are
/// leased again. `folder` is null in a dry run: nothing is written.
std::vector<Recovery> recover(const std::vector<kernel::HostLink>& links, kernel::Inspector& inspector,
                              const std::vector<cni::NetworkConfig>& configurations, state::Folder* folder);

}  // namespace restore
