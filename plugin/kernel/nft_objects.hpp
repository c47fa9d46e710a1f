#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/nft_attributes.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Tables, chains, sets, rules and elements of nftables as values, and the messages that create, delete and query them,
// in the terms of nft(8). All objects of attachments are in tables with the name nft_table.
namespace kernel {

inline constexpr const char* nft_table = "veth_cni";

/// The table of `veth-node`. It has no attachments: a table of its own survives when that of the attachments is
/// replaced or deleted.
inline constexpr const char* nft_node_table = "veth_node";

enum class NftFamily : std::uint8_t { inet = 1, bridge = 7 };

/// nft(8), "Standard priority names": before connection tracking.
constexpr std::int32_t raw_priority = -300;

/// Hook and priority of a base chain, as in nft(8), "CHAINS".
struct NftHook {
  const char* type;      ///< "nat" or "filter"
  std::uint32_t number;  ///< NF_INET_... or NF_BR_...
  std::int32_t priority;
};

struct NftChain {
  std::string name;
  std::optional<NftHook> hook{};  ///< nullopt: a regular chain, to which only rules jump
  std::string comment{};
};

/// The data types of nft, which it uses to print values (include/datatype.h of nftables). The kernel only compares
/// them.
enum class NftType : std::uint32_t {
  ipv4_addr = 7,
  ipv6_addr = 8,
  ether_addr = 9,
  inet_proto = 12,
  inet_service = 13,
  ifname = 41
};

/// A set, or with `data` a map. Several types form a concatenation.
struct NftSet {
  std::string name;
  std::vector<NftType> key;
  std::vector<NftType> data{};
};

struct NftRule {
  std::string chain;
  std::string comment;  ///< identifies the rule in its chain
  Bytes expressions;
};

/// An element of a set or map.
struct NftElement {
  NftFamily family = NftFamily::inet;
  std::string set{};
  Bytes key{};
  Bytes data{};           ///< empty in a set
  std::string comment{};  ///< its owner

  auto operator<=>(const NftElement&) const = default;
};

/// The requests between these two form one transaction. With `generation`, the kernel returns ERESTART if the ruleset
/// has changed since that generation.
NetlinkRequest begin_transaction(std::optional<std::uint32_t> generation = std::nullopt);
NetlinkRequest end_transaction();

// Creation. The add_ functions succeed if the object exists already; append_nft_rule() adds a second rule.
NetlinkRequest add_nft_table(NftFamily family, const char* table = nft_table);
NetlinkRequest add_nft_chain(NftFamily family, const NftChain& chain, const char* table = nft_table);
/// EEXIST if a chain with this name exists.
NetlinkRequest create_nft_chain(NftFamily family, const NftChain& chain);
NetlinkRequest add_nft_set(NftFamily family, const NftSet& set, const char* table = nft_table);
NetlinkRequest append_nft_rule(NftFamily family, const NftRule& rule, const char* table = nft_table);
/// EEXIST if an element with this key exists.
NetlinkRequest create_nft_element(const NftElement& element);

/// Many elements of one set, without data and comments.
struct NftKeys {
  NftFamily family = NftFamily::inet;
  const char* table = nft_table;
  std::string set{};
  std::vector<Bytes> keys{};  ///< at most 1,000
};

/// Elements that exist stay.
NetlinkRequest add_nft_elements(const NftKeys& elements);
/// ENOENT if one of them does not exist.
NetlinkRequest delete_nft_elements(const NftKeys& elements);

// Deletion. ENOENT if the object does not exist.
NetlinkRequest delete_nft_table(NftFamily family, const char* table = nft_table);
NetlinkRequest delete_nft_chain(NftFamily family, const std::string& chain);
NetlinkRequest delete_nft_set(NftFamily family, const std::string& set);
NetlinkRequest delete_nft_rule(NftFamily family, const std::string& chain, std::uint64_t handle);
NetlinkRequest flush_nft_chain(NftFamily family, const std::string& chain);
NetlinkRequest delete_nft_element(const NftElement& element);

// Queries, outside of transactions. An object that does not exist gives no answer.
NetlinkRequest get_nft_generation();
NetlinkRequest get_nft_chain(NftFamily family, const std::string& chain);
NetlinkRequest get_nft_element(const NftElement& element);
NetlinkRequest list_nft_chains(NftFamily family);
NetlinkRequest list_nft_rules(NftFamily family, const char* table = nft_table);
NetlinkRequest list_nft_sets(NftFamily family);
NetlinkRequest list_nft_elements(NftFamily family, const std::string& set, const char* table = nft_table);

/// A rule as the kernel reports it.
struct FoundRule {
  std::string chain;
  std::string comment;
  std::uint64_t handle = 0;
  Bytes expressions{};
};

// Parsers of answers. They return nullopt or an empty list for a message about something else.
std::optional<std::uint32_t> find_nft_generation(const std::string& message);
std::optional<NftChain> find_nft_chain(const std::string& message);   ///< of a table of this plugin; without its hook
std::optional<std::string> find_nft_set(const std::string& message);  ///< its name
std::optional<FoundRule> find_nft_rule(const std::string& message);
std::vector<NftElement> find_nft_elements(const std::string& message);

NftFamily family_of(const std::string& message);

/// The lower 16 bits of the generation of an answer (nfgenmsg.res_id). If they differ between the answers to one dump,
/// the ruleset changed during the dump.
std::uint16_t generation_of(const std::string& message);

}  // namespace kernel
