#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/footprint.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

// Finds the links of attachments by the rules in identity.hpp.
namespace kernel {

/// A link in the host's namespace, and the position in the batch of the attachment that it belongs to.
struct FoundLink {
  std::size_t position = 0;
  Link link;
};

/// The host ends and ifbs of a batch in the host's namespace. Attachments of mode netns have none there.
std::vector<FoundLink> find_host_links(std::span<const wiring::Footprint> batch, NetlinkSocket& host, Search search);

/// An end of an attachment of mode netns, with a socket in its namespace.
struct FoundEnd {
  NetlinkSocket socket;
  Link link;
};

/// An end of an attachment of mode netns in the namespaces of its footprint; nullopt if there is none. Skips namespaces
/// that no longer exist. If the ifindexes of both ends are recorded, an end that matches them and the namespace of
/// the other end is preferred to a link that only has its name and MAC, or its alias: a workload may have created
/// that link. `host_netns` is the host's namespace.
std::optional<FoundEnd> find_netns_end(const wiring::Footprint& footprint, int host_netns, Search search);

/// The container end, in the namespaces of its footprint, of an attachment whose host end is not on the host: the host
/// end may have been moved into another namespace. nullopt if there is none.
std::optional<FoundEnd> find_container_end(const wiring::Footprint& footprint, int host_netns);

/// Deletes the end; the kernel deletes the other end with it. `kept_open` as in link_deletion.hpp.
void remove_end(FoundEnd& end, int kept_open);

/// Removes the pair of an attachment of mode netns. If no end matches both recorded ifindexes, removes every link
/// that is an end by its name, MAC or alias, in each of the namespaces.
void remove_netns_pair(const wiring::Footprint& footprint, int host_netns, int kept_open);

}  // namespace kernel
