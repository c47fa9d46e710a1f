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

/// The state folder that holds addresses of the attachments, and gets the records.
struct RecordStore {
  state::Folder* folder = nullptr;  ///< null only in a dry run: there is none yet
  bool is_dry_run = false;          ///< nothing is written
};

/// Restores the records of these links from the state of the kernel. The alias contains the attachment. Its other end
/// is searched in all namespaces and must be one pair with the link. Addresses that the folder holds for it, or that
/// are proven to be assigned to it, are leased again.
std::vector<Recovery> recover(const std::vector<kernel::HostLink>& links, kernel::Inspector& inspector,
                              const std::vector<cni::NetworkConfig>& configurations, const RecordStore& store);

}  // namespace restore
