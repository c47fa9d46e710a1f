#pragma once

#include "plugin/kernel/end_search.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/netfilter.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <functional>
#include <set>
#include <span>

namespace kernel {

/// The removal of one batch of footprints from the kernel: elements of nftables, links, gateways. Each step runs,
/// whatever became of the others.
class BatchRemoval {
 public:
  /// All have to outlive it. `home` is the host's namespace, `host` a socket there.
  BatchRemoval(std::span<const wiring::Footprint> batch, int home, NetlinkSocket& host);

  /// `netfilter` opens it, and is called only where an attachment of the batch may have elements; it returns null on a
  /// kernel without nftables.
  void remove_rules(const std::function<Netfilter*()>& netfilter);
  void remove_links();
  void remove_gateways();

  /// What is left, and why.
  Removal finish() &&;

 private:
  void attempt(std::span<const std::size_t> places, const std::function<void()>& step);
  void remove_host_links();
  void remove_moved_pairs(std::span<const FoundLink> links);
  void remove_group(std::span<const FoundLink> links);

  std::span<const wiring::Footprint> batch_;
  int home_;
  NetlinkSocket& host_;
  std::set<std::size_t> linked_;
  std::set<std::size_t> incomplete_;
  std::vector<std::system_error> failures_;
};

}  // namespace kernel
