#include "plugin/vethctl/inspect/blocks.hpp"

#include "plugin/cni/error.hpp"

#include <algorithm>
#include <iterator>

namespace inspect {
namespace {

void add_blocks(const std::string& pool, const std::string& root, std::vector<PoolBlock>& all) try {
  const auto blocks = state::read_blocks(pool, root);
  for (const auto& block : blocks) {
    all.push_back({.name = pool + '/' + state::block_file_name(block.index),
                   .block = block,
                   .has_node_address = &block == &blocks.front()});
  }
} catch (const cni::Error&) {
  return;
}

bool contains(const PoolBlock& block, const cni::IpAddress& address) {
  return std::ranges::any_of(block.block.prefixes,
                             [&](const cni::Prefix& prefix) { return cni::contains(prefix, address); });
}

std::vector<cni::IpAddress> taken_addresses(const std::vector<state::Folder>& folders) {
  std::vector<cni::IpAddress> taken;
  for (const auto& folder : folders) {
    for (const auto& network : folder.records.networks()) {
      std::ranges::copy(folder.addresses.list_addresses(network), std::back_inserter(taken));
    }
  }
  return taken;
}

std::uint64_t size_of(const PoolBlock& block) {
  const auto& prefix = block.block.prefixes.front();
  const auto count = cni::last_address(prefix).bits - cni::first_address(prefix).bits + 1;
  return static_cast<std::uint64_t>(count) - (block.has_node_address ? 1 : 0);
}

}  // namespace

std::vector<PoolBlock> read_pool_blocks(const std::string& root) {
  std::vector<PoolBlock> all;
  for (const auto& pool : state::block_pools(root)) add_blocks(pool, root, all);
  return all;
}

void name_blocks(const std::vector<PoolBlock>& blocks, std::vector<Lease>& leases) {
  for (auto& lease : leases) {
    const auto found =
        std::ranges::find_if(blocks, [&](const PoolBlock& block) { return contains(block, lease.address); });
    if (found != blocks.end()) lease.block = found->name;
  }
}

std::vector<BlockUse> count_uses(const std::vector<PoolBlock>& blocks, const std::vector<state::Folder>& folders) {
  const auto taken = blocks.empty() ? std::vector<cni::IpAddress>{} : taken_addresses(folders);
  std::vector<BlockUse> uses;
  for (const auto& block : blocks) {
    BlockUse use{.block = block.name, .prefixes = block.block.prefixes, .size = size_of(block)};
    for (const auto& prefix : block.block.prefixes) {
      const auto used =
          std::ranges::count_if(taken, [&](const auto& address) { return cni::contains(prefix, address); });
      use.used = std::max(use.used, static_cast<std::size_t>(used));
    }
    uses.push_back(std::move(use));
  }
  return uses;
}

}  // namespace inspect
