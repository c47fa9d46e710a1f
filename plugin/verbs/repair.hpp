#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace verbs {

/// What a repair found amiss with one attachment, one sentence each.
struct Repair {
  cni::Attachment attachment{};
  std::vector<std::string> mended{};  ///< and put right, or would in a dry run
  std::vector<std::string> left{};    ///< and could not put right

  bool operator==(const Repair&) const = default;
};

/// Which record is meant.
struct RecordName {
  const std::string& network;
  cni::Tag tag;
};

/// Brings back what the live record of an attachment knows and the kernel, or the state folder, has lost; what stands
/// is not touched. Nothing is ever made that is a pair's whole end: that takes an ADD. nullopt where there is nothing
/// to compare with (no live record, none that can be read, a lease without a wiring) and while a call of the plugin is
/// at work on it.
std::optional<Repair> repair(const RecordName& recorded, kernel::Kernel& kernel, state::Folder& folder,
                             bool is_dry_run);

}  // namespace verbs
