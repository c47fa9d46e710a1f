#include "plugin/cluster/directory.hpp"

#include <algorithm>

namespace cluster {
namespace {

/// The number of bits that number the blocks of a prefix.
unsigned index_bits(const cni::Prefix& prefix, std::uint8_t block_bits) {
  const unsigned host_bits = cni::address_length(prefix.address.family) - prefix.length;
  return host_bits > block_bits ? host_bits - block_bits : 0;
}

cni::Prefix block_prefix(const cni::Prefix& prefix, std::uint8_t block_bits, std::uint32_t index) {
  cni::IpAddress address = cni::first_address(prefix);
  address.bits += cni::AddressBits{index} << block_bits;
  return {.address = address, .length = static_cast<std::uint8_t>(cni::address_length(address.family) - block_bits)};
}

}  // namespace

std::uint32_t count_blocks(const Pool& pool) {
  if (pool.prefixes.empty()) {
    return 0;
  }
  unsigned bits = max_index_bits;
  for (const cni::Prefix& prefix : pool.prefixes) {
    bits = std::min(bits, index_bits(prefix, pool.block_bits));
  }
  return std::uint32_t{1} << bits;
}

std::vector<cni::Prefix> block_prefixes(const Pool& pool, std::uint32_t index) {
  std::vector<cni::Prefix> prefixes;
  for (const cni::Prefix& prefix : pool.prefixes) {
    prefixes.push_back(block_prefix(prefix, pool.block_bits, index));
  }
  return prefixes;
}

std::vector<cni::Prefix> container_networks(const Directory& directory, const std::string& node) {
  std::vector<cni::Prefix> networks;
  if (const auto found = directory.nodes.find(node); found != directory.nodes.end()) {
    networks = found->second.pod_networks;
  }
  for (const auto& [block, owner] : directory.blocks) {
    const auto pool = directory.pools.find(block.pool);
    if (owner == node && pool != directory.pools.end() && block.index < count_blocks(pool->second)) {
      const std::vector<cni::Prefix> prefixes = block_prefixes(pool->second, block.index);
      networks.insert(networks.end(), prefixes.begin(), prefixes.end());
    }
  }
  return networks;
}

std::map<std::string, std::vector<cni::Prefix>> container_networks(const Directory& directory) {
  std::map<std::string, std::vector<cni::Prefix>> networks;
  for (const auto& [name, node] : directory.nodes) {
    if (!node.pod_networks.empty()) networks[name] = node.pod_networks;
  }
  for (const auto& [block, owner] : directory.blocks) {
    const auto pool = directory.pools.find(block.pool);
    if (pool == directory.pools.end() || block.index >= count_blocks(pool->second)) continue;
    const std::vector<cni::Prefix> prefixes = block_prefixes(pool->second, block.index);
    auto& of_owner = networks[owner];
    of_owner.insert(of_owner.end(), prefixes.begin(), prefixes.end());
  }
  return networks;
}

}  // namespace cluster
