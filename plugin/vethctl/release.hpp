#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>

namespace vethctl {

/// A leased address of a network.
struct TakenAddress {
  std::string network;
  cni::IpAddress address;
};

/// Releases the address, and removes the record of a stale attachment with its last address. Returns the attachment
/// that held it; nullopt if it has no readable record. Throws cni::Error if the address may be in use, unless
/// `is_forced`.
std::optional<cni::Attachment> release(const TakenAddress& taken, state::Folder& folder, kernel::Inspector& inspector,
                                       bool is_forced);

}  // namespace vethctl
