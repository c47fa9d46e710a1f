#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>

namespace vethctl {

/// An address that is taken in a network.
struct TakenAddress {
  std::string network;
  cni::IpAddress address;
};

/// Gives it back, and forgets a dead attachment with its last address. Returns the attachment that held it; nullopt
/// where no record tells. Throws cni::Error where it may be in use, unless `is_forced` is set.
std::optional<cni::Attachment> release(const TakenAddress& taken, state::Folder& folder, kernel::Inspector& inspector,
                                       bool is_forced);

}  // namespace vethctl
