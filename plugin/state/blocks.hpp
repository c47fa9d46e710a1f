#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// The blocks of addresses that this node owns in pools of the cluster. `veth-node` writes them, and the plugin assigns
// their addresses. Unlike the state folder they outlive the boot, since no other node gets the block:
//
//   /var/lib/veth-cni/blocks/<pool>/<index>   index in six hexadecimal digits
//       {"prefixes":["10.128.40.192/26","fd00:244::28c0/122"],"pool":["10.128.0.0/9","fd00:244::/48"]}
//
// The plugin holds a shared lock of the pool's folder from reading the blocks until the addresses are taken; a block is
// removed under the exclusive lock.
namespace state {

inline constexpr const char* blocks_root = "/var/lib/veth-cni/blocks";

struct Block {
  std::uint32_t index = 0;
  std::vector<cni::Prefix> prefixes{};  ///< one of each family of the pool
  std::vector<cni::Prefix> pool{};      ///< the prefixes of the whole pool

  bool operator==(const Block&) const = default;
};

/// The pools of which this node has blocks, in ascending order; empty if there is no folder. Throws std::system_error.
std::vector<std::string> block_pools(const std::string& root = blocks_root);

/// The blocks of the pool in ascending order of their indexes; empty if there is no folder. Throws cni::Error
/// io_failure for a damaged file, and std::system_error.
std::vector<Block> read_blocks(const std::string& pool, const std::string& root = blocks_root);

/// One of them; nullopt if there is no such file, or it is damaged. Throws std::system_error.
std::optional<Block> find_block(const std::string& pool, std::uint32_t index, const std::string& root = blocks_root);

/// Keeps blocks from being removed until the result is closed, which is invalid if there is no folder. Throws
/// cni::Error try_again_later if a removal takes longer than 10 s.
posix::FileDescriptor lock_blocks(const std::string& pool, const std::string& root = blocks_root);

/// Writes the file of the block, completely or not at all, even if the power fails. Throws std::system_error.
void write_block(const std::string& pool, const Block& block, const std::string& root = blocks_root);

/// Removes the file of the block; false if `is_in_use` returns true for the block, or if the file is damaged. True if
/// there is no such file. To undo it, write the block again.
bool remove_block(const std::string& pool, std::uint32_t index, const std::function<bool(const Block&)>& is_in_use,
                  const std::string& root = blocks_root);

/// Whether an attachment holds an address of the block in the state folder of this root or of one that is registered
/// there. Reads the names of all taken addresses.
bool has_taken_address(const Block& block, const std::string& state_root);

/// "0000a3".
std::string block_file_name(std::uint32_t index);

}  // namespace state
