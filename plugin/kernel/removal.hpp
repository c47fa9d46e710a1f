#pragma once

#include "plugin/kernel/end_search.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/netfilter.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <functional>
#include <set>
#include <span>

namespace kernel {

/// Removes one batch of footprints from the kernel: nftables elements, links, gateways, changes of bridges. Each step
/// runs, even if others failed.
class BatchRemoval {
 public:
  /// All must outlive it. `host_netns` is the host's namespace, `host` a socket there.
  BatchRemoval(std::span<const wiring::Footprint> batch, int host_netns, NetlinkSocket& host);

  /// `netfilter` opens the socket, and is called only if an attachment of the batch may have elements. It returns null
  /// on a kernel without netfilter.
  void remove_rules(const std::function<Netfilter*()>& netfilter);
  void remove_unused_chains(const std::function<Netfilter*()>& netfilter);
  /// A helper process that waits for the kernel keeps the file `kept_open` (negative: none), see link_deletion.hpp.
  /// Those of reference plugins that may have attached the container.
  void remove_reference_rules();
  void remove_links(int kept_open);
  void remove_gateways();
  void revert_bridge_changes();

  /// The result: what is left, and why.
  Removal finish() &&;

 private:
  void attempt(std::span<const std::size_t> positions, const std::function<void()>& step);
  void remove_host_links(std::span<const std::size_t> on_host);
  void remove_moved_pairs(std::span<const FoundLink> links);
  std::vector<NetlinkRequest> source_filter_deletions() const;
  void remove_group(std::span<const FoundLink> links);
  void revert(const wiring::BridgeChange& change);

  std::span<const wiring::Footprint> batch_;
  int host_netns_;
  NetlinkSocket& host_;
  int kept_open_ = -1;
  std::set<std::size_t> with_links_;
  std::set<std::size_t> incomplete_;
  std::vector<std::system_error> failures_;
};

}  // namespace kernel
