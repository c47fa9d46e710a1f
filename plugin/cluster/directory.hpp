#pragma once

#include "plugin/cni/address.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cluster {

/// A member of the cluster, as it describes itself in the store.
struct Node {
  std::vector<cni::IpAddress> addresses{};  ///< of its underlay, at most one of each family
  std::string machine{};                    ///< /etc/machine-id: two machines must not use one name
  std::vector<cni::Prefix> pod_networks{};  ///< that the cluster has given it (podCIDRs); empty with pools
  bool prefers_vxlan = false;               ///< in tunnels, instead of VXLAN-GPE: see node::prefers_vxlan()

  bool operator==(const Node&) const = default;
};

/// A pool of addresses of the whole cluster, cut into blocks of 2^block_bits addresses. Block i is the i-th block of
/// each prefix, so one block has addresses of both families.
struct Pool {
  std::vector<cni::Prefix> prefixes;  ///< at most one of each family
  std::uint8_t block_bits = 6;

  bool operator==(const Pool&) const = default;
};

/// The largest number of blocks of a pool is 2^24: in keys their index has six hexadecimal digits.
constexpr unsigned max_index_bits = 24;

struct BlockId {
  std::string pool;
  std::uint32_t index = 0;

  auto operator<=>(const BlockId&) const = default;
};

/// What the store contains: the wanted state of the cluster.
struct Directory {
  std::map<std::string, Node> nodes;      ///< by name
  std::map<std::string, Pool> pools;      ///< by name
  std::map<BlockId, std::string> blocks;  ///< the node that owns a block

  bool operator==(const Directory&) const = default;
};

/// The number of blocks of a pool: that of its smallest prefix, but at most 2^max_index_bits.
std::uint32_t count_blocks(const Pool& pool);

/// The prefixes of a block, in the order of Pool::prefixes. The index is below count_blocks().
std::vector<cni::Prefix> block_prefixes(const Pool& pool, std::uint32_t index);

/// The networks of the containers of a node: its pod networks and the prefixes of its blocks.
std::vector<cni::Prefix> container_networks(const Directory& directory, const std::string& node);

/// The same for each node that has any.
std::map<std::string, std::vector<cni::Prefix>> container_networks(const Directory& directory);

}  // namespace cluster
