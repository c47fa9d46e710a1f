#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>
#include <vector>

namespace wiring {

/// What was found of an attachment that no record tells of.
struct Standing {
  cni::Attachment attachment{};
  std::string host_interface{};
  Observed observed{};                        ///< both ends, and the bridge where there is one
  std::string bridge{};                       ///< name of the bridge that the host's end is a port of; empty: none
  std::vector<cni::Prefix> host_addresses{};  ///< of the host's lo
};

/// The wiring that an attachment of mode ptp or bridge must have been made by, as far as the kernel can tell: VLANs of
/// a port, and what was lost, it cannot.
Wiring wiring_of(const Standing& standing);

}  // namespace wiring
