#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/wiring/footprint.hpp"

#include <optional>
#include <string>
#include <vector>

// The footprint of an attachment, built from a request, a record or the state folder. kernel::Kernel::list builds it
// from the kernel.
namespace attachment {

using wiring::Footprint;

/// The part of a bridge on which the addresses of the attachment are claimed; empty: they are not on a bridge.
std::string segment_of(const wiring::Wiring& wiring);

/// Of an attachment without objects in the kernel: only the state folder may contain parts of it. Also the start of a
/// footprint of a single kind of object.
Footprint lease_footprint(cni::Tag tag, const std::string& network);

/// Of an attachment of which only the tag is known: from an unreadable record, or from the owner of nftables elements.
Footprint footprint_of(cni::Tag tag, const std::string& network);

/// The veth pair of a request, as configured, without gateways.
Footprint pair_footprint(const cni::Request& request);

/// The same with the gateways of the configuration and of the previous result. For an attachment without a record.
Footprint footprint_of(const cni::Request& request);

/// The contents of a record. A record of veth-ipam, called by another plugin, has no objects in the kernel.
Footprint footprint_of(const state::Record& record);

/// From the record; if that is unreadable, from the tag and the addresses and gateways that the state folder has for
/// it.
Footprint footprint_of(const state::StoredRecord& stored, const std::string& network, const state::Folder& folder);

/// Everything that may be left of a request's attachment, from record and request together: in mode netns the
/// namespaces of both. Without a readable record, mode netns gives two footprints: if the mode was changed, the pair is
/// on the host.
std::vector<Footprint> footprints_of(const cni::Request& request, const std::optional<state::StoredRecord>& stored,
                                     const state::Folder* folder);

}  // namespace attachment
