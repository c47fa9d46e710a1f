#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/cni/address.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The blocks that this node owns, for the IPAM: BLOCKS/POOL/0000a3, {"prefixes":[...],"pool":[...]}. They survive a
// reboot, since only this node gives its blocks back.
namespace veth_node {

inline constexpr const char* default_blocks = "/var/lib/veth-cni/blocks";

class BlockFiles {
 public:
  explicit BlockFiles(std::string root = default_blocks) : root_(std::move(root)) {}

  /// The pools with a folder.
  std::vector<std::string> pools() const;

  /// The blocks of a pool in ascending order. Throws std::system_error.
  std::set<std::uint32_t> list(const std::string& pool) const;

  /// The prefixes of a block; nullopt if there is no such file or it cannot be read.
  std::optional<std::vector<cni::Prefix>> find(const cluster::BlockId& block) const;

  /// Writes a file atomically. Throws std::system_error.
  void write(const cluster::BlockId& block, const cluster::Pool& pool) const;

  /// Hides the file from the IPAM, or shows it again, or removes the hidden file. Each throws std::system_error.
  void hide(const cluster::BlockId& block) const;
  void show(const cluster::BlockId& block) const;
  void remove_hidden(const cluster::BlockId& block) const;

  /// Blocks that are hidden: an earlier process was killed while it released them, or they are quarantined.
  std::set<std::uint32_t> list_hidden(const std::string& pool) const;

  const std::string& root() const { return root_; }

 private:
  std::string folder_of(const std::string& pool) const { return root_ + '/' + pool; }
  std::string path_of(const cluster::BlockId& block) const;
  std::string hidden_path_of(const cluster::BlockId& block) const;

  std::string root_;
};

}  // namespace veth_node
