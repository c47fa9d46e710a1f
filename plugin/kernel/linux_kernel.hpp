#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/netfilter.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <optional>

namespace kernel {

/// The kernel that this process runs on; its network namespace is the host's.
class LinuxKernel final : public Kernel {
 public:
  LinuxKernel();

  Namespace open_namespace(const std::string& path, bool allow_own) override;
  NodeState read_node(const NodeQuestion& question) override;
  BuildOutcome build(const wiring::Wiring& wiring, const Site& site, wiring::Footprint& footprint) override;
  void restore_rules(std::span<const wiring::Wiring> wirings, const Site& site, bool is_last) override;
  wiring::Observed observe(const wiring::Wiring& wanted, const Site& site) override;
  std::vector<bool> find_ends(std::span<const wiring::Footprint> batch, Search search) override;
  std::vector<wiring::Footprint> list(const std::string& network) override;
  Removal remove(std::span<const wiring::Footprint> batch) override;
  bool clean_rules(const std::string& network) override;

 private:
  BuildOutcome build_with_rules(const wiring::Wiring& wiring, const Site& site, wiring::Footprint& footprint);
  void drop_tables_of_another_life(const std::string& life);
  Netfilter& netfilter();
  Netfilter* find_netfilter();

  posix::FileDescriptor home_;
  NetlinkSocket host_;
  std::optional<Netfilter> netfilter_;  ///< opened when it is first needed
};

}  // namespace kernel
