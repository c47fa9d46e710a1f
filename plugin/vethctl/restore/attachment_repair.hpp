#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/repairer.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace restore {

/// What a repair found wrong with one attachment, one sentence each.
struct AttachmentRepair {
  cni::Attachment attachment{};
  std::vector<std::string> restored{};  ///< or would be in a dry run
  std::vector<std::string> left{};      ///< what could not be restored

  bool operator==(const AttachmentRepair&) const = default;
};

/// Which record is meant.
struct RecordName {
  const std::string& network;
  cni::Tag tag;
};

/// The parts of the kernel that a repair needs.
struct Tools {
  kernel::Kernel& kernel;
  kernel::Repairer& repairer;
};

/// Brings back what the live record of an attachment names and the kernel, or the state folder, has lost; what exists
/// is not touched. An end of a pair is never made: that takes an ADD. Nothing is written into a namespace before both
/// ends are proven to be one pair. nullopt where there is nothing to compare with (no live record, none that can be
/// read, a lease without a wiring) and while a call of the plugin is at work on it.
std::optional<AttachmentRepair> repair_attachment(const RecordName& name, const Tools& tools, state::Folder& folder,
                                                  bool is_dry_run);

}  // namespace restore
