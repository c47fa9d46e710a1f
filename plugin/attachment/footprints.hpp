#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/wiring/footprint.hpp"

#include <optional>
#include <string>
#include <vector>

// What an attachment may have left, by each of the sources that know of it. (What the kernel shows is listed by
// kernel::Kernel::list.)
namespace attachment {

using wiring::Footprint;

/// Of an attachment that has nothing in the kernel: what it may have is in the state folder.
Footprint lease_footprint(cni::Tag tag, const std::string& network);

/// Where nothing but the tag is known: a record that cannot be read, an owner of elements.
Footprint footprint_of(cni::Tag tag, const std::string& network);

/// The marks of both ends as the configuration names them, without a state folder and without gateways.
Footprint end_marks_of(const cni::Request& request);

/// The same with the gateways that the configuration and the previous result name. For an attachment without a record.
Footprint footprint_of(const cni::Request& request);

/// What the record names. One that was written by another plugin's call for addresses has nothing in the kernel.
Footprint footprint_of(const state::Record& record);

/// By the record, and where that cannot be read by the tag and by what the state folder holds for it.
Footprint footprint_of(const state::StoredRecord& stored, const std::string& network, const state::Folder& folder);

/// Everything that a request's attachment may have left, by record and request together: in mode netns the namespaces
/// of both. Without a record that can be read, a pair may be on the host whatever mode is configured by now.
std::vector<Footprint> footprints_of(const cni::Request& request, const std::optional<state::StoredRecord>& stored,
                                     const state::Folder* folder);

}  // namespace attachment
