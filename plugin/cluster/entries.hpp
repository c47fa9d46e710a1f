#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/cluster/store.hpp"
#include "plugin/cni/json_reader.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The entries of the store: keys, and values as JSON.
//
//   nodes/NAME            {"addresses":["192.0.2.1","fd00:2::1"],"machine":"<machine ID>","podCIDRs":["10.244.1.0/24"],
//                          "encapsulation":"vxlan"}
//   pools/NAME            {"cidrs":["10.128.0.0/9","fd00:244::/48"],"blockBits":6}
//   blocks/POOL/0000a3    {"node":"NAME","machine":"<machine ID>"}    the index in hexadecimal, so that keys are sorted
namespace cluster {

constexpr std::string_view nodes_prefix = "nodes/";
constexpr std::string_view pools_prefix = "pools/";
constexpr std::string_view blocks_prefix = "blocks/";

/// Who owns a block. A machine that gets the name of another one must not take its blocks for its own.
struct Owner {
  std::string node;
  std::string machine;  ///< /etc/machine-id

  bool operator==(const Owner&) const = default;
};

/// Names are parts of keys and names of files: letters, digits, '-', '_' and '.', no '.' at the beginning, at most 253.
bool is_name(std::string_view text);

std::string node_key(const std::string& name);
std::string pool_key(const std::string& name);
std::string block_key(const BlockId& block);

/// "blocks/POOL/": the prefix of the keys of the blocks of a pool.
std::string blocks_of(const std::string& pool);

/// "0000a3"
std::string block_name(std::uint32_t index);
/// nullopt for a text that block_name() does not return.
std::optional<std::uint32_t> find_block_index(std::string_view text);

/// nullopt if the key is not that of a block.
std::optional<BlockId> find_block(std::string_view key);

std::string to_json(const Node& node);
std::string to_json(const Pool& pool);
std::string to_json(const Owner& owner);

// Each throws cni::Error if the text is not such an entry.
Node read_node(std::string_view text);
Pool read_pool(std::string_view text);
Owner read_owner(std::string_view text);
Pool pool_of(cni::JsonObject object);

/// Throws cni::Error invalid_config if the pool has no prefix, two of one family, or one that is smaller than a block.
void require_valid(const Pool& pool);

/// Applies the changes. An entry that cannot be read is skipped: the directory keeps the last one that could. Returns a
/// message for each of them.
std::vector<std::string> apply(const std::vector<Change>& changes, Directory& directory);

/// A directory with the items of the listing. Entries that cannot be read are taken from `last`.
struct ReadDirectory {
  Directory directory;
  std::vector<std::string> messages;  ///< as of apply()
};
ReadDirectory read_directory(const std::vector<Item>& items, const Directory& last);

}  // namespace cluster
