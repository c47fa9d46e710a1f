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
  std::string peer_netns{};                   ///< of a cable: path of the host's own namespace; empty: it is none
  std::vector<cni::Prefix> host_addresses{};  ///< of the host's lo
};

/// The wiring that an attachment with an end on the host must have been made by, as far as the kernel can tell: VLANs
/// of a port, and what was lost, it cannot.
Wiring wiring_of(const Standing& standing);

}  // namespace wiring
