#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/netfilter.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <optional>

namespace kernel {

/// The kernel that this process runs on. The network namespace of this process is the host's.
class LinuxKernel final : public Kernel {
 public:
  LinuxKernel();

  Namespace open_namespace(const std::string& path, bool allow_own) override;
  NodeState read_node(const NodeQuery& query) override;
  BuildOutcome build(const wiring::Wiring& wiring, const AttachmentContext& context,
                     wiring::Footprint& footprint) override;
  void restore_rules(std::span<const wiring::Wiring> wirings, const AttachmentContext& context,
                     bool mark_complete) override;
  wiring::Observed observe(const wiring::Wiring& wanted, const AttachmentContext& context) override;
  std::vector<bool> find_ends(std::span<const wiring::Footprint> batch, Search search) override;
  std::vector<wiring::Footprint> list(const std::string& network) override;
  Removal remove(std::span<const wiring::Footprint> batch) override;
  bool clean_rules(const std::string& network) override;

  /// Closes the nftables socket in a helper process: the last close waits until the kernel has freed removed elements.
  /// A removal of links leaves it to its own helper.
  void close_netfilter_in_helper();

 private:
  BuildOutcome build_with_rules(const wiring::Wiring& wiring, const AttachmentContext& context,
                                wiring::Footprint& footprint);
  void delete_stale_tables(const std::string& instance);
  Netfilter& netfilter();
  Netfilter* find_netfilter();
  void observe_checksums(const wiring::Wiring& wanted, const AttachmentContext& context, wiring::Observed& observed);

  posix::FileDescriptor host_netns_;
  NetlinkSocket host_;
  std::optional<Netfilter> netfilter_;  ///< opened when it is first needed
};

}  // namespace kernel
