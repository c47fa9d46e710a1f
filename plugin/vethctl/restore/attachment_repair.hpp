#pragma once

#include "plugin/attachment/ovs_ports.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/repairer.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace restore {

/// The problems that a repair found in one attachment, as texts for people.
struct AttachmentRepair {
  cni::Attachment attachment{};
  std::vector<std::string> restored{};      ///< in a dry run: would be restored
  std::vector<std::string> not_restored{};  ///< problems that remain

  bool operator==(const AttachmentRepair&) const = default;
};

struct RecordKey {
  const std::string& network;
  cni::Tag tag;
};

/// The interfaces to the kernel and to Open vSwitch that a repair uses.
struct KernelAccess {
  kernel::Kernel& kernel;
  kernel::Repairer& repairer;
  attachment::OvsReader& ovs;
};

/// Restores what the live record of an attachment contains and the kernel or the state folder does not have. Existing
/// objects are not changed, and no veth pair is created: that needs an ADD. Nothing is written into a namespace before
/// both ends are proven to be one pair. nullopt if there is no live and readable record with a wiring, or if the lock
/// is held.
std::optional<AttachmentRepair> repair_attachment(const RecordKey& key, const KernelAccess& access,
                                                  state::Folder& folder, bool is_dry_run);

}  // namespace restore
