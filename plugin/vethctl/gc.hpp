#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/command.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vethctl {

/// One stale attachment.
struct Dropped {
  cni::Attachment attachment;  ///< empty where only elements of nftables were left
  cni::Tag tag;
  std::string what;                         ///< for people: what it held
  std::vector<cni::IpAddress> addresses{};  ///< what it held

  bool operator==(const Dropped&) const = default;
};

/// Tears down the stale attachments of one network, or of all: records whose interfaces are gone, and elements of
/// nftables whose owner has neither a record nor a link. A dry run only lists them.
std::vector<Dropped> drop_stale(std::vector<state::Folder>& folders, const std::optional<std::string>& network,
                                kernel::Kernel& kernel, bool is_dry_run);

/// The networks of a folder in ascending order, or the wanted one, where it is there.
std::vector<std::string> networks_of(const state::Folder& folder, const std::optional<std::string>& wanted);

/// "10.1.2.2, fd00::2", or "no address".
std::string addresses_text(const state::Record& record);

/// Runs drop_stale and prints what it was.
int gc(const Arguments& arguments, const Console& console, kernel::Inspector& inspector);

}  // namespace vethctl
