#pragma once

#include "plugin/kernel/links.hpp"
#include "plugin/wiring/footprint.hpp"

// The one proof of identity: which links are an attachment's. A link is an end of the pair if it is of kind veth and
// any of these matches, whatever the other two are:
//
//   our name and our MAC | our alias | the recorded ifindex, and our MAC or the recorded ifindex of the other end
//
// Names, aliases and MACs can be changed by administrators, by udev and, inside a container, by its workload.
namespace kernel {

/// Whether the link, in the host's namespace or in that of mode netns's peer, is the attachment's host end. An imported
/// one was made by another plugin, with a MAC and an alias of its own: the ifindex has to be the recorded one, and the
/// name or the ifindex of the other end, too.
bool is_host_end(const Link& link, const wiring::Footprint& footprint);

/// Whether the link, in the container's namespace, is the attachment's container end.
bool is_container_end(const Link& link, const wiring::Footprint& footprint);

/// Whether the link has the recorded ifindex, is of kind veth, and its other end has the recorded ifindex, too. With
/// the namespaces of both ends it is a proof that no workload can forge by names, aliases and MACs.
bool is_proven_end(const Link& link, const wiring::EndMarks& marks, const wiring::EndMarks& other);

/// Whether the link is the attachment's ifb: of kind ifb with our alias, or with our name and MAC.
bool is_ifb(const Link& link, const wiring::Footprint& footprint);

}  // namespace kernel
