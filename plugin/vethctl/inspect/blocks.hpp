#pragma once

#include "plugin/state/blocks.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/inspect/leases.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// The blocks of addresses that this node owns in pools of the cluster.
namespace inspect {

struct PoolBlock {
  std::string name;  ///< "default/0000a3"
  state::Block block;
  bool has_node_address = false;  ///< the first address is that of the node, and not assigned to containers

  bool operator==(const PoolBlock&) const = default;
};

/// How many addresses of a block containers have.
struct BlockUse {
  std::string block;
  std::vector<cni::Prefix> prefixes;
  std::size_t used = 0;    ///< in the family that has most
  std::uint64_t size = 0;  ///< addresses that can be assigned, of each family

  bool operator==(const BlockUse&) const = default;
};

/// Sorted by name. A pool with a damaged file is left out: ADD reports it. Throws std::system_error.
std::vector<PoolBlock> read_pool_blocks(const std::string& root = state::blocks_root);

/// Sets Lease::block.
void name_blocks(const std::vector<PoolBlock>& blocks, std::vector<Lease>& leases);

std::vector<BlockUse> count_uses(const std::vector<PoolBlock>& blocks, const std::vector<state::Folder>& folders);

}  // namespace inspect
