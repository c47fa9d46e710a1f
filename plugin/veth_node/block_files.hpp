#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/cni/address.hpp"
#include "plugin/state/blocks.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace veth_node {

/// The files of the blocks that this node owns: plugin/state/blocks.hpp.
class BlockFiles {
 public:
  explicit BlockFiles(std::string root = state::blocks_root) : root_(std::move(root)) {}

  /// The pools with a folder.
  std::vector<std::string> pools() const;

  /// The blocks of a pool in ascending order. Throws std::system_error.
  std::set<std::uint32_t> list(const std::string& pool) const;

  /// The prefixes of a block; nullopt if there is no such file or it cannot be read.
  std::optional<std::vector<cni::Prefix>> find(const cluster::BlockId& block) const;

  /// Writes the file. Throws std::system_error.
  void write(const cluster::BlockId& block, const cluster::Pool& pool) const;

  /// Removes the file; false if `is_in_use` returns true for its prefixes. No ADD takes an address of it meanwhile.
  /// Throws cni::Error and std::system_error.
  bool remove(const cluster::BlockId& block,
              const std::function<bool(const std::vector<cni::Prefix>&)>& is_in_use) const;

  // The file of a block in quarantine is hidden from the IPAM. Each throws std::system_error.
  void hide(const cluster::BlockId& block) const;
  void show(const cluster::BlockId& block) const;
  void remove_hidden(const cluster::BlockId& block) const;
  std::set<std::uint32_t> list_hidden(const std::string& pool) const;

  const std::string& root() const { return root_; }

 private:
  std::string folder_of(const std::string& pool) const { return root_ + '/' + pool; }
  std::string path_of(const cluster::BlockId& block) const;
  std::string hidden_path_of(const cluster::BlockId& block) const;

  std::string root_;
};

}  // namespace veth_node
