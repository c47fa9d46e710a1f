#pragma once

#include "plugin/vethctl/explain/shell.hpp"
#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>
#include <vector>

// What the plugin does by netlink, as the commands of ip(8), bridge(8), tc(8), nft(8) and sysctl(8) with the same
// effect, from the same value. They can be run with sh(1). The differences:
// - the plugin waits until packets flow;
// - it keeps a record in the state folder, and takes addresses from an IPAM;
// - it deletes UDP flows of mapped ports from conntrack.
namespace explain {

/// What a wiring does not contain.
struct Place {
  std::string netns{};          ///< path of the container's namespace
  std::string node_instance{};  ///< comment of the nftables tables; empty: none
};

/// Commands that create everything in the wiring. Objects that attachments share, such as a bridge or the rules, are
/// created only if they do not exist.
Commands commands(const wiring::Wiring& wiring, const Place& place);

/// Commands that remove what belongs to this attachment only.
Commands removal_commands(const wiring::Wiring& wiring);

/// Commands that restore the differences of an existing pair. Differences that a repair does not restore are comments.
Commands commands(const std::vector<wiring::Difference>& differences, const wiring::Wiring& wiring, const Place& place);

}  // namespace explain
