#include "plugin/cluster/entries.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cluster {
namespace {

constexpr std::size_t index_digits = max_index_bits / 4;
constexpr std::uint8_t max_block_bits = 16;

std::string string_of(std::string_view prefix, const std::string& name) { return std::string{prefix} + name; }

void write_strings(cni::JsonWriter& json, std::string_view key, const auto& values) {
  json.key(key);
  json.begin_array();
  for (const auto& value : values) json.string(cni::to_string(value));
  json.end_array();
}

/// Two addresses or prefixes must not have one family.
void require_different_families(const cni::JsonValue& value, const std::vector<cni::Family>& families) {
  const bool is_repeated = families.size() > 2 || (families.size() == 2 && families[0] == families[1]);
  if (is_repeated) value.reject("must have at most one of each family");
}

std::vector<cni::IpAddress> read_addresses(const cni::JsonValue& value) {
  std::vector<cni::IpAddress> addresses;
  std::vector<cni::Family> families;
  for (const auto& element : value.as_array()) {
    addresses.push_back(element.as_address());
    families.push_back(addresses.back().family);
  }
  if (addresses.empty()) value.reject("must have an address");
  require_different_families(value, families);
  return addresses;
}

cni::Prefix read_network(const cni::JsonValue& value) {
  const auto prefix = value.as_prefix();
  if (prefix != cni::network_of(prefix)) value.reject("must be a network without host bits");
  return prefix;
}

std::vector<cni::Prefix> read_networks(const cni::JsonValue& value) {
  std::vector<cni::Prefix> networks;
  for (const auto& element : value.as_array()) {
    const auto network = read_network(element);
    const auto is_overlapping = [&](const cni::Prefix& other) { return cni::overlap(other, network); };
    if (std::ranges::any_of(networks, is_overlapping)) element.reject("must not overlap another one");
    networks.push_back(network);
  }
  return networks;
}

std::string read_name(const cni::JsonValue& value) {
  auto name = value.as_string();
  if (!is_name(name)) value.reject("must be a name of letters, digits, '-', '_' and '.'");
  return name;
}

/// The rest of the text after the prefix, if it is a name; nullopt: the text is another one.
std::optional<std::string> name_after(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix) || !is_name(text.substr(prefix.size()))) return std::nullopt;
  return std::string{text.substr(prefix.size())};
}

template <class Key, class Value, class Read>
void set(std::map<Key, Value>& entries, const Key& key, const Change& change, const Read& read) {
  if (change.removed) {
    entries.erase(key);
  } else {
    entries.insert_or_assign(key, read(change.item.value));
  }
}

void apply(const Change& change, Directory& directory) {
  const auto& key = change.item.key;
  if (const auto node = name_after(nodes_prefix, key)) return set(directory.nodes, *node, change, read_node);
  if (const auto pool = name_after(pools_prefix, key)) return set(directory.pools, *pool, change, read_pool);
  const auto read_node_of_block = [](const std::string& text) { return read_owner(text).node; };
  if (const auto block = find_block(key)) return set(directory.blocks, *block, change, read_node_of_block);
  throw cni::Error{cni::ErrorCode::decoding_failure, "unknown key"};
}

/// nullopt if it is applied.
std::optional<std::string> find_fault(const Change& change, Directory& directory) try {
  apply(change, directory);
  return std::nullopt;
} catch (const cni::Error& error) {
  return "entry " + text::quoted(change.item.key) + " of the store is ignored: " + error.message;
}

template <class Key, class Value>
void keep(const std::optional<Key>& key, const std::map<Key, Value>& last, std::map<Key, Value>& entries) {
  if (!key) return;
  if (const auto found = last.find(*key); found != last.end()) entries.insert(*found);
}

/// Takes the entry with the key from another directory.
void keep(const std::string& key, const Directory& last, Directory& directory) {
  keep(name_after(nodes_prefix, key), last.nodes, directory.nodes);
  keep(name_after(pools_prefix, key), last.pools, directory.pools);
  keep(find_block(key), last.blocks, directory.blocks);
}

}  // namespace

bool is_name(std::string_view text) {
  constexpr std::size_t max_length = 253;
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !text.empty() && text.size() <= max_length && text.front() != '.' &&
         text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string node_key(const std::string& name) { return string_of(nodes_prefix, name); }
std::string pool_key(const std::string& name) { return string_of(pools_prefix, name); }
std::string blocks_of(const std::string& pool) { return string_of(blocks_prefix, pool) + '/'; }
std::string block_key(const BlockId& block) { return blocks_of(block.pool) + block_name(block.index); }

std::string block_name(std::uint32_t index) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name(index_digits, '0');
  for (auto digit = name.rbegin(); digit != name.rend(); ++digit, index >>= 4U) *digit = digits[index & 0xfU];
  return name;
}

std::optional<std::uint32_t> find_block_index(std::string_view text) {
  std::uint32_t index = 0;
  const auto* end = text.data() + text.size();
  constexpr int hexadecimal = 16;
  const auto [rest, error] = std::from_chars(text.data(), end, index, hexadecimal);
  if (error != std::errc{} || rest != end || block_name(index) != text) return std::nullopt;
  return index;
}

std::optional<BlockId> find_block(std::string_view key) {
  if (!key.starts_with(blocks_prefix)) return std::nullopt;
  key.remove_prefix(blocks_prefix.size());
  const auto slash = key.find('/');
  if (slash == std::string_view::npos || !is_name(key.substr(0, slash))) return std::nullopt;
  const auto index = find_block_index(key.substr(slash + 1));
  if (!index) return std::nullopt;
  return BlockId{.pool = std::string{key.substr(0, slash)}, .index = *index};
}

std::string to_json(const Node& node) {
  cni::JsonWriter json{0};
  json.begin_object();
  write_strings(json, "addresses", node.addresses);
  json.member("machine", node.machine);
  if (!node.pod_networks.empty()) write_strings(json, "podCIDRs", node.pod_networks);
  if (node.prefers_vxlan) json.member("encapsulation", "vxlan");
  json.end_object();
  return json.text();
}

std::string to_json(const Pool& pool) {
  cni::JsonWriter json{0};
  json.begin_object();
  write_strings(json, "cidrs", pool.prefixes);
  json.member("blockBits", std::uint64_t{pool.block_bits});
  json.end_object();
  return json.text();
}

std::string to_json(const Owner& owner) {
  cni::JsonWriter json{0};
  json.begin_object();
  json.member("node", owner.node);
  json.member("machine", owner.machine);
  json.end_object();
  return json.text();
}

Node read_node(std::string_view text) {
  const cni::JsonDocument document{text, "the entry of a node"};
  auto object = document.root().as_object();
  Node node{.addresses = read_addresses(object.require("addresses")),
            .machine = object.string_or("machine", ""),
            .pod_networks = {},
            .prefers_vxlan = object.string_or("encapsulation", "") == "vxlan"};
  if (const auto networks = object.find("podCIDRs")) node.pod_networks = read_networks(*networks);
  return node;
}

Pool read_pool(std::string_view text) {
  const cni::JsonDocument document{text, "the entry of a pool"};
  return pool_of(document.root().as_object());
}

Pool pool_of(cni::JsonObject object) {
  Pool pool{.prefixes = read_networks(object.require("cidrs"))};
  if (const auto bits = object.find("blockBits")) {
    pool.block_bits = static_cast<std::uint8_t>(bits->as_unsigned(0, max_block_bits));
  }
  require_valid(pool);
  return pool;
}

Owner read_owner(std::string_view text) {
  const cni::JsonDocument document{text, "the entry of a block"};
  auto object = document.root().as_object();
  return {.node = read_name(object.require("node")), .machine = object.string_or("machine", "")};
}

void require_valid(const Pool& pool) {
  const auto& prefixes = pool.prefixes;
  const auto reject = [](const std::string& reason) {
    throw cni::Error{cni::ErrorCode::invalid_config, "invalid pool: " + reason};
  };
  if (prefixes.empty()) reject("it has no CIDR");
  const bool is_repeated =
      prefixes.size() > 2 || (prefixes.size() == 2 && prefixes[0].address.family == prefixes[1].address.family);
  if (is_repeated) reject("it has more than one CIDR of a family");
  for (const auto& prefix : prefixes) {
    const auto host_bits = cni::address_length(prefix.address.family) - prefix.length;
    if (host_bits < pool.block_bits) reject(cni::to_string(prefix) + " is smaller than a block");
  }
}

std::vector<std::string> apply(const std::vector<Change>& changes, Directory& directory) {
  std::vector<std::string> messages;
  for (const auto& change : changes) {
    if (auto fault = find_fault(change, directory)) messages.push_back(*std::move(fault));
  }
  return messages;
}

ReadDirectory read_directory(const std::vector<Item>& items, const Directory& last) {
  ReadDirectory read;
  for (const auto& item : items) {
    auto fault = find_fault({.item = item}, read.directory);
    if (!fault) continue;
    keep(item.key, last, read.directory);
    read.messages.push_back(*std::move(fault));
  }
  return read;
}

}  // namespace cluster
