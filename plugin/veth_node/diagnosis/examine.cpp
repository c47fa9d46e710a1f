#include "plugin/veth_node/diagnosis/examine.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/veth_node/diagnosis/block_faults.hpp"
#include "plugin/veth_node/diagnosis/block_holders.hpp"
#include "plugin/veth_node/diagnosis/network_faults.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace diagnosis {
namespace {

void read_owners(const std::vector<cluster::Item>& items, StoreContent& content) {
  for (const auto& item : items) {
    const auto block = cluster::find_block(item.key);
    if (!block || !content.directory.blocks.contains(*block)) continue;
    content.owners[*block] = cluster::read_owner(item.value);
  }
}

StoreContent read_items(const std::vector<cluster::Item>& items) {
  StoreContent content;
  auto read = cluster::read_directory(items, {});
  content.directory = std::move(read.directory);
  content.unreadable = std::move(read.messages);
  read_owners(items, content);
  return content;
}

/// Without the store, what it contained last.
StoreContent after_failure(const cni::Error& failure, const std::string& snapshot) {
  StoreContent content{.failure = failure};
  if (auto last = veth_node::find_snapshot(snapshot)) content.directory = std::move(last->directory);
  return content;
}

StoreContent read_store(const Sources& sources) try {
  return read_items(sources.open_store()->list("").items);
} catch (const cni::Error& error) {
  return after_failure(error, sources.snapshot);
} catch (const std::system_error& error) {
  return after_failure({cni::ErrorCode::system_refused, error.what()}, sources.snapshot);
}

std::optional<cluster::Pool> find_pool(const Examination& examination, const std::string& name) {
  const auto& stored = examination.store.directory.pools;
  const auto& configured = examination.config.pools;
  if (const auto found = stored.find(name); found != stored.end()) return found->second;
  if (const auto found = configured.find(name); found != configured.end()) return found->second;
  return std::nullopt;
}

std::optional<std::vector<cni::Prefix>> prefixes_of(const Examination& examination, const cluster::BlockId& block) {
  const auto pool = find_pool(examination, block.pool);
  if (!pool || block.index >= cluster::count_blocks(*pool)) return std::nullopt;
  return cluster::block_prefixes(*pool, block.index);
}

bool is_doubtful(const Examination& examination, const BlockFile& file) {
  const auto owner = examination.store.owners.find(file.block);
  const cluster::Owner self{.node = examination.config.node, .machine = examination.machine};
  return file.is_hidden || (owner != examination.store.owners.end() && owner->second != self);
}

std::vector<BlockFile> read_blocks(const Examination& examination, const Sources& sources) {
  std::vector<BlockFile> files;
  for (const auto& pool : sources.blocks.pools()) {
    for (const auto index : sources.blocks.list(pool)) {
      const cluster::BlockId block{.pool = pool, .index = index};
      files.push_back({.block = block, .prefixes = sources.blocks.find(block)});
    }
    for (const auto index : sources.blocks.list_hidden(pool)) {
      const cluster::BlockId block{.pool = pool, .index = index};
      files.push_back({.block = block, .is_hidden = true, .prefixes = prefixes_of(examination, block)});
    }
  }
  for (auto& file : files) {
    if (is_doubtful(examination, file) && file.prefixes)
      file.containers = read_holders(*file.prefixes, sources.state_root);
  }
  return files;
}

/// Only a member of the cluster has a network to the others.
bool is_member(const Examination& examination) {
  return examination.store.directory.nodes.contains(examination.config.node);
}

Examination read(const veth_node::Config& config, const std::string& machine, const Sources& sources) {
  Examination examination{.config = config, .machine = machine, .store = read_store(sources)};
  examination.is_running = veth_node::is_running(sources.run_mark);
  if (config.network) examination.has_network_file = !!posix::find_file(AT_FDCWD, config.network->file, O_PATH);
  if (is_member(examination)) {
    examination.kernel = veth_node::read_network_state(examination.store.directory, config.node, config.tunnels);
  }
  examination.blocks = read_blocks(examination, sources);
  return examination;
}

bool may_settle(const Examination& examination) {
  if (!examination.is_running || examination.store.failure) return false;
  return !find_network_faults(examination).empty() || !find_block_faults(examination).empty();
}

}  // namespace

Examination examine(const veth_node::Config& config, const std::string& machine, const Sources& sources) {
  constexpr std::chrono::milliseconds time_to_settle{1500};
  auto examination = read(config, machine, sources);
  if (may_settle(examination)) {
    std::this_thread::sleep_for(time_to_settle);
    examination = read(config, machine, sources);
  }
  try {
    examination.paths = test_paths(paths_to_nodes(examination), examination.kernel, sources.exchange);
  } catch (const std::system_error& error) {
    examination.why_untested = error.what();
  }
  return examination;
}

}  // namespace diagnosis
