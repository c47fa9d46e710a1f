#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/footprint.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

// Finds the links of attachments, by the proof in identity.hpp.
namespace kernel {

/// A link of the host's namespace, and the place in the batch of the attachment that it belongs to.
struct FoundLink {
  std::size_t place = 0;
  Link link;
};

/// Host ends and ifbs of a batch in the host's namespace. Attachments of mode netns have none there.
std::vector<FoundLink> find_host_links(std::span<const wiring::Footprint> batch, NetlinkSocket& host, Search search);

/// An end of an attachment of mode netns, with a socket in its namespace.
struct FoundEnd {
  NetlinkSocket socket;
  Link link;
};

/// An end of an attachment of mode netns, looked for in the namespaces of its footprint; nullopt where there is none. A
/// namespace that is gone has none. Where the ifindexes of both ends are recorded, an end that these and the namespace
/// of the other end prove comes before links that have only its name and MAC, or its alias: those may be a workload's.
/// `home` is the host's namespace.
std::optional<FoundEnd> find_netns_end(const wiring::Footprint& footprint, int home, Search search);

/// The container end of an attachment whose host end is not on the host, looked for in the namespaces of its footprint:
/// the host end may have been moved into another namespace. nullopt where there is none.
std::optional<FoundEnd> find_container_end(const wiring::Footprint& footprint, int home);

/// Removes the end, and with it the other one.
void remove_end(FoundEnd& end);

/// Removes the pair of an attachment of mode netns. Where no recorded ifindexes prove an end, every link that has the
/// marks of one goes, in each of the namespaces.
void remove_netns_pair(const wiring::Footprint& footprint, int home);

}  // namespace kernel
