#pragma once

#include "ipam/ipam.hpp"
#include "plugin/attachment/best_effort.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/wiring/footprint.hpp"

#include <vector>

namespace attachment {

/// The parts of the node that may contain objects of attachments.
struct Node {
  kernel::Kernel* kernel = nullptr;     ///< null: they have no objects in the kernel (veth-ipam)
  state::Folder* folder = nullptr;      ///< null: no state folder
  cni::Stopwatch* stopwatch = nullptr;  ///< null: timing is off
};

/// Removes all objects of the attachments of a batch. Every verb and tool that removes attachments uses it. The order
/// is: ports of Open vSwitch, nftables elements and links, then the addresses (those of a delegate by `ipam`, null:
/// none), the gateways on lo that no other attachment needs, what a failed ADD has changed at a bridge, the records,
/// and last the masquerade chains of a network without records. Each step runs even if steps of other attachments fail;
/// failures are added to `effort`. If links or elements of an attachment cannot be removed, it may still be in use and
/// keeps its addresses and its record. Returns the tags of the attachments that are not completely removed. Several
/// footprints of one attachment are adjacent; the last one contains its addresses and gateways. The caller holds the
/// locks.
std::vector<cni::Tag> tear_down(std::vector<wiring::Footprint> batch, const Node& node, BestEffort& effort,
                                ipam::Ipam* ipam = nullptr);

/// The same for a caller without further steps: throws the failures as BestEffort::finish() does.
void tear_down_or_throw(std::vector<wiring::Footprint> batch, const Node& node, ipam::Ipam* ipam = nullptr);

/// Removes only what the footprint lists in the kernel; no state. Throws the first failure.
void remove_or_throw(const wiring::Footprint& footprint, kernel::Kernel& kernel);

}  // namespace attachment
