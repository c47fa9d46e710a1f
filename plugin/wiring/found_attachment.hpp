#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <optional>
#include <string>
#include <vector>

namespace wiring {

/// What the kernel reports of an attachment without a record.
struct FoundAttachment {
  cni::Attachment attachment{};
  std::string host_interface{};
  Observed observed{};                        ///< both ends, and the bridge if there is one
  std::string bridge{};                       ///< name of the bridge of which the host end is a port; empty: none
  std::optional<OvsPort> ovs_port{};          ///< port of Open vSwitch of which the host end is; nullopt: it is none
  std::string peer_netns{};                   ///< mode netns: path of the host's own namespace; empty: another mode
  std::vector<cni::Prefix> host_addresses{};  ///< on the host's lo
};

/// The wiring by which an attachment with an end on the host was created, as far as the kernel's state shows it.
/// Without the VLANs of a port and without deleted objects.
Wiring reconstruct_wiring(const FoundAttachment& found);

}  // namespace wiring
