#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/cluster/entries.hpp"
#include "plugin/cluster/store.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace veth_node {

/// A node that needs a block of a pool.
struct Claimant {
  cluster::Owner owner;
  std::string pool_name;
  cluster::Pool pool;
  /// Blocks that belonged to other nodes when this node knew the store last. They are not claimed, even if the store
  /// has no owner of them: it may have been restored from a backup, and the owners create their keys again.
  std::set<std::uint32_t> of_others{};
};

/// The index at which a node begins to search, different for each node, so that nodes that claim at the same time do
/// not meet.
std::uint32_t first_index(const Claimant& claimant);

/// The first index from `start` on that is not taken, after the last one from 0 on; nullopt if all `count` are taken.
std::optional<std::uint32_t> find_gap(const std::set<std::uint32_t>& taken, std::uint32_t start, std::uint32_t count);

/// Creates the key of a free block. `held` are the blocks with a file of this node. A block that the store names as
/// this node's, but that has no file, is the result of an interrupted claim and is returned. Throws cni::Error:
/// addresses_exhausted if all blocks of the pool are owned.
cluster::BlockId claim_block(cluster::Store& store, const Claimant& claimant, const std::set<std::uint32_t>& held);

/// The pool with this name. Throws cni::Error invalid_config if the store has none.
cluster::Pool require_pool(cluster::Store& store, const std::string& name);

}  // namespace veth_node
