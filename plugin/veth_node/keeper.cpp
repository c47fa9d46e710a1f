#include "plugin/veth_node/keeper.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/file_lock.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/state/location.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/veth_node/claim.hpp"
#include "plugin/veth_node/refusals.hpp"

#include <fcntl.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

namespace veth_node {
namespace {

/// A block is claimed before an ADD needs it: when fewer addresses than these are free.
constexpr std::size_t spare_addresses = 16;

constexpr std::chrono::minutes time_until_release{30};

std::string name_of(const cluster::BlockId& block) {
  return "block " + cluster::block_name(block.index) + " of pool " + text::quoted(block.pool);
}

}  // namespace

posix::FileDescriptor lock_changes(const BlockFiles& files) {
  constexpr std::chrono::seconds timeout{3};
  const auto path = files.root() + "/.lock";
  state::make_parents(path);
  auto file = posix::open_file(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW);
  if (posix::take_file_lock(file, timeout)) return file;
  throw cni::Error{cni::ErrorCode::try_again_later, "another process changes the blocks of this node",
                   "it waits for the store: see the log of veth-node"};
}

Keeper::Keeper(cluster::Store& store, BlockFiles files, Member member, Views views, const Log& log)
    : store_(store), files_(std::move(files)), member_(std::move(member)), views_(std::move(views)), log_(log) {}

void Keeper::join() {
  join_node();
  for (const auto& [name, pool] : member_.pools) join_pool(name, pool);
}

void Keeper::join_node() {
  const auto key = cluster::node_key(member_.owner.node);
  const auto value = to_json(member_.node);
  const auto item = store_.find(key);
  if (!item) {
    if (!store_.create(key, value)) return;
    throw cni::Error{cni::ErrorCode::try_again_later, "the entry of this node was created by another process"};
  }
  const auto stored = cluster::read_node(item->value);
  if (stored.machine != member_.owner.machine) throw name_refusal(member_.owner, stored);
  if (stored == member_.node) return;
  if (store_.replace({.key = key, .value = value, .revision = item->revision})) return;
  throw cni::Error{cni::ErrorCode::try_again_later, "the entry of this node was changed by another process"};
}

void Keeper::join_pool(const std::string& name, const cluster::Pool& pool) {
  const auto occupied = store_.create(cluster::pool_key(name), to_json(pool));
  if (!occupied) return;
  const auto stored = cluster::read_pool(occupied->item.value);
  if (stored != pool) throw pool_refusal(name, stored, pool);
}

void Keeper::keep(const cluster::Directory& directory, std::chrono::steady_clock::time_point now) {
  if (!directory.nodes.contains(member_.owner.node)) join();
  const auto names = pools(directory);
  for (const auto& pool : names) reconcile(pool, directory);
  if (names.empty()) return;
  const auto taken = views_.taken();
  for (const auto& pool : names) {
    claim_ahead(pool, taken);
    release_idle(pool, taken, now);
  }
}

/// Those of which this node needs or has blocks.
std::set<std::string> Keeper::pools(const cluster::Directory& directory) const {
  std::set<std::string> names;
  for (auto& pool : files_.pools()) names.insert(std::move(pool));
  for (const auto& [block, owner] : directory.blocks) {
    if (owner == member_.owner.node) names.insert(block.pool);
  }
  if (!member_.pool.empty()) names.insert(member_.pool);
  return names;
}

void Keeper::reconcile(const std::string& pool, const cluster::Directory& directory) {
  const auto files = files_.list(pool);
  const auto is_owner = [&](std::uint32_t index) {
    const auto found = directory.blocks.find({.pool = pool, .index = index});
    return found != directory.blocks.end() && found->second == member_.owner.node;
  };
  auto doubtful = files_.list_hidden(pool);
  for (const auto index : files) {
    if (!is_owner(index) || !files_.find({.pool = pool, .index = index})) doubtful.insert(index);
  }
  for (auto entry = directory.blocks.lower_bound({.pool = pool}); entry != directory.blocks.end(); ++entry) {
    if (entry->first.pool != pool) break;
    if (is_owner(entry->first.index) && !files.contains(entry->first.index)) doubtful.insert(entry->first.index);
  }
  if (doubtful.empty()) return;
  const auto lock = lock_changes(files_);
  for (const auto index : doubtful) reconcile({.pool = pool, .index = index});
}

/// The directory may be older than the last claim or release: the store decides.
void Keeper::reconcile(const cluster::BlockId& block) {
  const auto item = store_.find(cluster::block_key(block));
  const bool is_owned = item && is_own(*item);
  if (files_.list_hidden(block.pool).contains(block.index)) return end_quarantine(block, item, is_owned);
  if (!is_owned && files_.list(block.pool).contains(block.index)) return restore_or_hide(block, item);
  if (!is_owned || files_.find(block)) return;
  files_.write(block, pool_of(block.pool));
  log_.info(name_of(block) + " belongs to this node and had no file");
}

/// Of a block with a hidden file.
void Keeper::end_quarantine(const cluster::BlockId& block, const std::optional<cluster::Item>& item, bool is_own) {
  if (is_own) {
    files_.show(block);
    quarantined_.erase(block);
    return;
  }
  const auto prefixes = cluster::block_prefixes(pool_of(block.pool), block.index);
  const bool is_used = count_taken(prefixes, views_.taken()) > 0;
  if (item && is_used) {
    quarantined_.insert(block);
  } else if (is_used) {
    restore_or_hide(block, item);
  } else {
    files_.remove_hidden(block);
    quarantined_.erase(block);
  }
}

/// A file without a key of this node: the store was restored from a backup.
void Keeper::restore_or_hide(const cluster::BlockId& block, const std::optional<cluster::Item>& item) {
  if (!item) {
    if (store_.create(cluster::block_key(block), to_json(member_.owner))) return;  // the next round decides
    files_.show(block);
    quarantined_.erase(block);
    log_.warning(name_of(block) + " had no owner in the store and is claimed again");
    return;
  }
  files_.hide(block);
  quarantined_.insert(block);
  log_.warning(name_of(block) + " belongs to another node in the store: no container gets an address of it any more. " +
               "Containers that have one must be replaced");
}

bool Keeper::is_own(const cluster::Item& item) const try {
  return cluster::read_owner(item.value) == member_.owner;
} catch (const cni::Error&) {
  return false;
}

cluster::Pool Keeper::pool_of(const std::string& name) {
  const auto configured = member_.pools.find(name);
  return configured != member_.pools.end() ? configured->second : require_pool(store_, name);
}

cluster::BlockId Keeper::claim(const std::string& pool) {
  const auto lock = lock_changes(files_);
  return claim_locked(pool);
}

std::optional<cluster::BlockId> Keeper::claim_beyond(std::size_t count, const std::string& pool) {
  const auto lock = lock_changes(files_);
  if (files_.list(pool).size() > count) return std::nullopt;
  return claim_locked(pool);
}

cluster::BlockId Keeper::claim_locked(const std::string& pool) {
  const Claimant claimant{
      .owner = member_.owner, .pool_name = pool, .pool = pool_of(pool), .of_others = known_of_others(pool)};
  auto held = files_.list(pool);
  held.merge(files_.list_hidden(pool));
  for (const auto index : held) {
    const cluster::BlockId block{.pool = pool, .index = index};
    const auto prefixes = files_.find(block);
    if (prefixes && *prefixes != cluster::block_prefixes(claimant.pool, index)) {
      throw block_refusal(block, prefixes->front());
    }
  }
  auto block = claim_block(store_, claimant, held);
  try {
    files_.write(block, claimant.pool);
  } catch (const std::system_error&) {
    give_back(block);
    throw;
  }
  return block;
}

std::set<std::uint32_t> Keeper::known_of_others(const std::string& pool) const {
  std::set<std::uint32_t> indexes;
  for (const auto& [block, owner] : views_.owners()) {
    if (block.pool == pool && owner != member_.owner.node) indexes.insert(block.index);
  }
  return indexes;
}

bool Keeper::release(const cluster::BlockId& block) {
  const auto lock = lock_changes(files_);
  store_.find(cluster::block_key(block));  // throws if the store does not answer: the block stays
  const auto is_in_use = [&](const std::vector<cni::Prefix>& prefixes) {
    return count_taken(prefixes, views_.taken()) > 0;
  };
  if (!files_.remove(block, is_in_use)) return false;
  give_back(block);
  return true;
}

/// Removes the key. If the outcome is unknown, another node may have the block already: keep() decides later.
void Keeper::give_back(const cluster::BlockId& block) {
  const auto key = cluster::block_key(block);
  empty_since_.erase(block);
  auto item = store_.find(key);
  while (item && is_own(*item)) {
    if (store_.remove(*item)) return;
    item = store_.find(key);
  }
}

void Keeper::claim_ahead(const std::string& pool, const std::set<cni::IpAddress>& taken) {
  const auto blocks = files_.list(pool);
  const bool is_unused = blocks.empty() && pool != member_.pool;
  if (is_unused) return;
  const auto size = std::size_t{1} << pool_of(pool).block_bits;
  std::size_t free = 0;
  for (const auto index : blocks) {
    const auto prefixes = files_.find({.pool = pool, .index = index});
    if (prefixes) free += size - std::min(size, count_taken(*prefixes, taken));
  }
  if (free >= std::min(size, spare_addresses)) return;
  const auto block = claim_beyond(blocks.size(), pool);
  if (!block) return;
  log_.info(name_of(*block) + " is claimed: " + std::to_string(free) + " addresses were free");
}

/// The first block stays, since it has the address of the node; and one empty block stays for the next ADDs.
void Keeper::release_idle(const std::string& pool, const std::set<cni::IpAddress>& taken,
                          std::chrono::steady_clock::time_point now) {
  std::vector<cluster::BlockId> empty;
  const auto blocks = files_.list(pool);
  for (const auto index : blocks) {
    const cluster::BlockId block{.pool = pool, .index = index};
    const auto prefixes = files_.find(block);
    if (prefixes && count_taken(*prefixes, taken) == 0) {
      empty.push_back(block);
      empty_since_.try_emplace(block, now);
    } else {
      empty_since_.erase(block);
    }
  }
  if (empty.size() < 2 || empty.back().index == *blocks.begin()) return;
  if (now - empty_since_.at(empty.back()) < time_until_release) return;
  if (release(empty.back())) log_.info(name_of(empty.back()) + " is released: it was empty for 30 minutes");
}

}  // namespace veth_node
