#include "plugin/veth_node/claim.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/hash.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>

namespace veth_node {
namespace {

/// The search reads the next keys this often, and then the keys of all blocks: the pool is nearly full.
constexpr int windows = 3;

class Search {
 public:
  Search(cluster::Store& store, const Claimant& claimant, const std::set<std::uint32_t>& held)
      : store_(store), claimant_(claimant), held_(held), count_(cluster::count_blocks(claimant.pool)) {}

  cluster::BlockId run() {
    std::optional<std::uint32_t> index = next_from(first_index(claimant_));
    for (int tries = 0; index; ++tries) {
      const cluster::BlockId block{.pool = claimant_.pool_name, .index = *index};
      if (is_claimed(block)) return block;
      if (tries + 1 >= windows && !has_all_) add_all();
      index = next_from(*index);
    }
    throw cni::Error{cni::ErrorCode::addresses_exhausted,
                     "pool " + text::quoted(claimant_.pool_name) + " has no free block: all " + std::to_string(count_) +
                         " blocks are owned by nodes",
                     "`veth-node show` lists the owners; `veth-node forget NODE` frees the blocks of a node that is "
                     "gone, as soon as "
                     "`veth-node run` of this node knows of it"};
  }

 private:
  /// Whether the block belongs to this node now. If not, notes what else is taken.
  bool is_claimed(const cluster::BlockId& block) {
    const auto key = cluster::block_key(block);
    const auto occupied = store_.create(key, to_json(claimant_.owner));
    if (!occupied) return true;
    taken_.insert(block.index);
    if (occupied->following) {
      for (const auto& other : *occupied->following) add(other);
    } else if (!has_all_) {
      add_all();
    }
    return is_own(occupied->item) && !held_.contains(block.index);
  }

  bool is_own(const cluster::Item& item) const try {
    return cluster::read_owner(item.value) == claimant_.owner;
  } catch (const cni::Error&) {
    return false;
  }

  void add(const std::string& key) {
    const auto block = cluster::find_block(key);
    if (block && block->pool == claimant_.pool_name) taken_.insert(block->index);
  }

  void add_all() {
    for (const auto& item : store_.list(cluster::blocks_of(claimant_.pool_name)).items) add(item.key);
    has_all_ = true;
  }

  /// Blocks with a file are this node's, even if the store has lost them.
  std::optional<std::uint32_t> next_from(std::uint32_t start) const {
    auto taken = held_;
    taken.insert(taken_.begin(), taken_.end());
    taken.insert(claimant_.of_others.begin(), claimant_.of_others.end());
    return find_gap(taken, start, count_);
  }

  cluster::Store& store_;
  const Claimant& claimant_;
  const std::set<std::uint32_t>& held_;
  std::uint32_t count_;
  std::set<std::uint32_t> taken_;
  bool has_all_ = false;
};

}  // namespace

std::uint32_t first_index(const Claimant& claimant) {
  const auto hash = text::fmix64(text::fnv1a(claimant.owner.node + '/' + claimant.pool_name));
  return static_cast<std::uint32_t>(hash % std::max(cluster::count_blocks(claimant.pool), 1U));
}

std::optional<std::uint32_t> find_gap(const std::set<std::uint32_t>& taken, std::uint32_t start, std::uint32_t count) {
  const auto first_gap = [&](std::uint32_t from, std::uint32_t end) {
    auto index = from;
    for (auto next = taken.lower_bound(from); next != taken.end() && *next == index && index < end; ++next) ++index;
    return index < end ? std::optional{index} : std::nullopt;
  };
  if (const auto gap = first_gap(start, count)) return gap;
  return first_gap(0, std::min(start, count));
}

cluster::BlockId claim_block(cluster::Store& store, const Claimant& claimant, const std::set<std::uint32_t>& held) {
  return Search{store, claimant, held}.run();
}

cluster::Pool require_pool(cluster::Store& store, const std::string& name) {
  const auto item = store.find(cluster::pool_key(name));
  if (item) return cluster::read_pool(item->value);
  throw cni::Error{cni::ErrorCode::invalid_config, "the store has no pool " + text::quoted(name),
                   R"(add it to "pools" in the configuration of veth-node, and start veth-node)"};
}

}  // namespace veth_node
