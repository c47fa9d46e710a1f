#pragma once

#include "ipam/ipam.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/state/blocks.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ipam {

/// The configuration with the blocks as its range sets, one for each family. All addresses of a block are assigned, but
/// the first one of the lowest block: it is that of the node itself.
cni::NetworkConfig with_blocks(cni::NetworkConfig config, const std::vector<state::Block>& blocks);

/// The same with the blocks that this node has now. Unchanged if the configuration has no pool.
cni::NetworkConfig with_own_blocks(cni::NetworkConfig config);

/// Allocates from the blocks that this node owns in a pool of the cluster. If they are full, `veth-node` claims another
/// one. No request is sent to the cluster as long as a block has a free address.
class PoolIpam : public Ipam {
 public:
  /// `folder` may be null: then no address is held. Both must outlive it.
  PoolIpam(const cni::Request& request, state::Folder* folder, std::string blocks = state::blocks_root)
      : request_(request), folder_(folder), root_(std::move(blocks)) {}

  Allocation allocate() override;
  void check() override;
  void gc(const std::set<cni::Tag>& valid) override;
  void status() override;

 private:
  Allocation allocate_from_blocks();
  std::optional<cni::Error> find_fault();
  cni::Request with_ranges(const std::vector<state::Block>& blocks) const;
  cni::Error no_block() const;
  std::optional<std::string> claim_block() const;

  const cni::Request& request_;
  state::Folder* folder_;
  std::string root_;             ///< of the blocks
  std::size_t block_count_ = 0;  ///< of the blocks that were full: a claim is not needed if there are more meanwhile
};

}  // namespace ipam
