#pragma once

#include "ipam/ipam.hpp"
#include "plugin/attachment/best_effort.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/wiring/footprint.hpp"

#include <vector>

namespace attachment {

/// Where the traces of attachments are.
struct Node {
  kernel::Kernel* kernel = nullptr;     ///< null: nothing in the kernel belongs to them (veth-ipam)
  state::Folder* folder = nullptr;      ///< null: there is none
  cni::Stopwatch* stopwatch = nullptr;  ///< for the steps; null: timing is off
};

/// Removes all that the attachments of a batch have left, for everybody who removes anything: elements of nftables and
/// links, then the addresses (a delegate's by `ipam`, null: none), the gateways on lo that nobody else needs, and at
/// last the records. Every step runs whatever became of other attachments; what failed is in `effort`. An attachment
/// whose links or elements could not be removed keeps its addresses and its record: it may still be in use. Returns the
/// tags of those of which something is left. Several footprints of one attachment are adjacent, and the last one names
/// what it holds in the state folder. The locks of the attachments are held by the caller.
std::vector<cni::Tag> tear_down(std::vector<wiring::Footprint> batch, const Node& node, BestEffort& effort,
                                ipam::Ipam* ipam = nullptr);

}  // namespace attachment
