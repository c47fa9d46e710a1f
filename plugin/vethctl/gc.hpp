#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/command.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vethctl {

/// A stale attachment that was removed; in a dry run one that would be.
struct RemovedAttachment {
  cni::Attachment attachment;  ///< empty if only nftables elements were left
  cni::Tag tag;
  std::string what;                         ///< its addresses or rules as a text for people
  std::vector<cni::IpAddress> addresses{};  ///< leases that were released

  bool operator==(const RemovedAttachment&) const = default;
};

/// Removes the stale attachments of one network, or of all: records whose interfaces are missing, and nftables elements
/// whose owner has neither a record nor a link. A dry run only lists them.
std::vector<RemovedAttachment> remove_stale(std::vector<state::Folder>& folders,
                                            const std::optional<std::string>& network, kernel::Kernel& kernel,
                                            bool is_dry_run);

/// The networks of a folder in ascending order; with `wanted` only this one, if it exists.
std::vector<std::string> networks_of(const state::Folder& folder, const std::optional<std::string>& wanted);

/// "10.1.2.2, fd00::2", or "no address".
std::string addresses_text(const state::Record& record);

/// Removes the ports of Open vSwitch whose attachment does not exist any more. Throws if a database does not answer.
std::vector<RemovedAttachment> remove_stale_ports(state::Folder& folder, kernel::Kernel& kernel, bool is_dry_run);

/// Removes stale attachments and ports, and prints them.
int gc(const Arguments& arguments, const Console& console, kernel::Inspector& inspector);

}  // namespace vethctl
