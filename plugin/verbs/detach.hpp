#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/verbs/best_effort.hpp"
#include "plugin/verbs/recorded.hpp"

#include <string>
#include <vector>

namespace verbs {

/// Takes away all of the request's attachment, whatever of it is there: link, lease, record. Its lock has to be held;
/// `folder` is null where there is none. An address whose link could not be removed is kept: it still lives.
void detach(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder, BestEffort& effort);

/// Those of the gateways that no record of another network names: networks may have the same, as while one is renamed.
std::vector<cni::IpAddress> without_those_of_others(std::vector<cni::IpAddress> gateways, const std::string& network,
                                                    const state::Folder& folder);

/// Removes what an attachment has in nftables: what its record names, or where none can be read all that is marked as
/// its own.
void remove_recorded_rules(const cni::Attachment& attachment, const Recorded& recorded, kernel::Kernel& kernel);

/// Gives back the addresses that a record names and its tag still holds.
void release_recorded(const state::Record& record, state::Folder& folder);

/// An attachment whose addresses are given back.
struct Forgotten {
  const std::string& network;
  cni::Tag tag;
  std::vector<cni::IpAddress> gateways;
};

/// Removes its record, and before it from the host's lo those of its gateways that no other attachment needs.
void forget(const Forgotten& attachment, kernel::Kernel& kernel, state::Folder& folder);

}  // namespace verbs
