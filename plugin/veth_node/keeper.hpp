#pragma once

#include "plugin/cluster/entries.hpp"
#include "plugin/cluster/store.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/veth_node/block_files.hpp"
#include "plugin/veth_node/log.hpp"
#include "plugin/veth_node/taken_addresses.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace veth_node {

/// Who this node is, and what it adds to the store.
struct Member {
  cluster::Owner owner;
  cluster::Node node;
  std::map<std::string, cluster::Pool> pools{};  ///< of the configuration
  std::string pool{};                            ///< of which blocks are claimed ahead; empty: none
};

/// Keeps the entries of this node in the store, and the files of its blocks, in step with each other. A block of which
/// only the key or only the file exists is the trace of an interrupted claim or release, or of a store that was
/// restored from a backup.
class Keeper {
 public:
  /// What the keeper looks at beside the store.
  struct Views {
    std::function<std::set<cni::IpAddress>()> taken;                  ///< the addresses that containers have
    std::function<std::map<cluster::BlockId, std::string>()> owners;  ///< of blocks, as this node knew them last
  };

  /// The store and the log must outlive it.
  Keeper(cluster::Store& store, BlockFiles files, Member member, Views views, const Log& log);

  /// Creates or replaces the entry of this node, and creates the pools of the configuration. Throws cni::Error
  /// already_attached if another machine has the name of this node, and invalid_config if a pool of the store differs
  /// from that of the configuration.
  void join();

  /// Makes keys and files of blocks agree, claims a block before the last addresses are taken, and releases blocks that
  /// have been empty for 30 minutes. `directory` is the content of the store. Throws cni::Error and std::system_error.
  void keep(const cluster::Directory& directory, std::chrono::steady_clock::time_point now);

  /// Claims a further block of a pool now, and returns it.
  cluster::BlockId claim(const std::string& pool);

  /// The same, unless this node has more blocks of the pool than these: another process was faster.
  std::optional<cluster::BlockId> claim_beyond(std::size_t count, const std::string& pool);

  /// Gives a block back. False if an address of it is in use: it is kept then.
  bool release(const cluster::BlockId& block);

  /// Blocks that the store has given to another node.
  const std::set<cluster::BlockId>& quarantined() const { return quarantined_; }

 private:
  void join_node();
  void join_pool(const std::string& name, const cluster::Pool& pool);
  cluster::BlockId claim_locked(const std::string& pool);
  cluster::Pool pool_of(const std::string& name);
  std::set<std::string> pools(const cluster::Directory& directory) const;
  void reconcile(const std::string& pool, const cluster::Directory& directory);
  void reconcile(const cluster::BlockId& block);
  void end_quarantine(const cluster::BlockId& block, const std::optional<cluster::Item>& item, bool is_own);
  void restore_or_hide(const cluster::BlockId& block, const std::optional<cluster::Item>& item);
  bool is_own(const cluster::Item& item) const;
  void claim_ahead(const std::string& pool, const std::set<cni::IpAddress>& taken);
  void release_idle(const std::string& pool, const std::set<cni::IpAddress>& taken,
                    std::chrono::steady_clock::time_point now);
  void give_back(const cluster::BlockId& block);
  std::set<std::uint32_t> known_of_others(const std::string& pool) const;

  cluster::Store& store_;
  BlockFiles files_;
  Member member_;
  Views views_;
  const Log& log_;
  std::map<cluster::BlockId, std::chrono::steady_clock::time_point> empty_since_;
  std::set<cluster::BlockId> quarantined_;
};

/// The lock of all changes of block files of this node. Throws cni::Error try_again_later if another process holds it.
posix::FileDescriptor lock_changes(const BlockFiles& files);

}  // namespace veth_node
