#pragma once

#include "plugin/kernel/links.hpp"
#include "plugin/wiring/footprint.hpp"

// Tests which links belong to an attachment. A link is an end of its pair if it is of kind veth or netkit and at least
// one of these matches:
//
//   its name and its MAC | its alias | the recorded ifindex, and its MAC or the recorded ifindex of the other end
//
// Names, aliases and MACs can be changed by administrators, by udev and, inside a container, by its workload.
namespace kernel {

/// Whether the link, in the host's namespace or in mode netns in that of the peer, is the host end of the attachment.
/// An imported end, or that of a member of a chain, was created by another plugin, with its own MAC and alias: the
/// ifindex must be the recorded one, and the name or the ifindex of the other end must match too.
bool is_host_end(const Link& link, const wiring::Footprint& footprint);

/// Whether the link, in the container's namespace, is the attachment's container end. The interface that a member of a
/// chain follows may be of any kind: its ifindex must be the recorded one, and its name must match. That of a reference
/// plugin has only its name, by which that plugin deletes it too.
bool is_container_end(const Link& link, const wiring::Footprint& footprint);

/// Whether the link is of the kind of a pair and has the recorded ifindex, and its other end has the recorded ifindex
/// too. Together with the namespaces of both ends this is a proof that a workload cannot forge by names, aliases and
/// MACs.
bool matches_both_ifindexes(const Link& link, const wiring::EndIdentity& identity, const wiring::EndIdentity& other);

/// Whether the link is the ifb of the attachment: of kind ifb, with the alias of the attachment, or with the name and
/// MAC derived from its tag.
bool is_ifb(const Link& link, const wiring::Footprint& footprint);

}  // namespace kernel
