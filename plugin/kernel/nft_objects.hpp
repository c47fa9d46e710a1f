#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/nft_attributes.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Tables, chains, sets, rules and elements of nftables as values, and the messages that make them, remove them and ask
// for them, in the words of nft(8). All of ours are in tables of one name.
namespace kernel {

inline constexpr const char* nft_table = "veth_cni";

enum class NftFamily : std::uint8_t { inet = 1, bridge = 7 };

/// Where in the way of a packet a chain stands, as in nft(8), "BASE CHAINS".
struct NftHook {
  const char* type;      ///< "nat" or "filter"
  std::uint32_t number;  ///< NF_INET_... or NF_BR_...
  std::int32_t priority;
};

struct NftChain {
  std::string name;
  std::optional<NftHook> hook{};  ///< nullopt: only rules lead there
  std::string comment{};
};

/// The numbers by which nft tells how to print a value; the kernel only compares them.
enum class NftType : std::uint32_t {
  ipv4_addr = 7,
  ipv6_addr = 8,
  ether_addr = 9,
  inet_proto = 12,
  inet_service = 13,
  ifname = 41
};

/// A set, or with `data` a map. Several types are a concatenation.
struct NftSet {
  std::string name;
  std::vector<NftType> key;
  std::vector<NftType> data{};
};

struct NftRule {
  std::string chain;
  std::string comment;  ///< tells rules of one chain apart
  Bytes expressions;
};

/// An element of a set or map.
struct NftElement {
  NftFamily family = NftFamily::inet;
  std::string set{};
  Bytes key{};
  Bytes data{};           ///< empty in a set
  std::string comment{};  ///< whose it is

  auto operator<=>(const NftElement&) const = default;
};

/// What stands between these is carried out as a whole or not at all. With `generation` it is only where nothing has
/// changed since: ERESTART otherwise.
NetlinkRequest begin_transaction(std::optional<std::uint32_t> generation = std::nullopt);
NetlinkRequest end_transaction();

// Making. What exists already is as good as made, but for a rule, of which there are two then.
NetlinkRequest add_nft_table(NftFamily family);
NetlinkRequest add_nft_chain(NftFamily family, const NftChain& chain);
/// EEXIST where there is one of this name.
NetlinkRequest create_nft_chain(NftFamily family, const NftChain& chain);
NetlinkRequest add_nft_set(NftFamily family, const NftSet& set);
NetlinkRequest append_nft_rule(NftFamily family, const NftRule& rule);
/// EEXIST where there is one with this key.
NetlinkRequest create_nft_element(const NftElement& element);

// Removing. ENOENT where it does not exist.
NetlinkRequest delete_nft_table(NftFamily family);
NetlinkRequest delete_nft_chain(NftFamily family, const std::string& chain);
NetlinkRequest delete_nft_set(NftFamily family, const std::string& set);
NetlinkRequest delete_nft_rule(NftFamily family, const std::string& chain, std::uint64_t handle);
NetlinkRequest flush_nft_chain(NftFamily family, const std::string& chain);
NetlinkRequest delete_nft_element(const NftElement& element);

// Asking, outside of transactions. What does not exist gives no answer.
NetlinkRequest get_nft_generation();
NetlinkRequest get_nft_chain(NftFamily family, const std::string& chain);
NetlinkRequest get_nft_element(const NftElement& element);
NetlinkRequest list_nft_chains(NftFamily family);
NetlinkRequest list_nft_rules(NftFamily family);
NetlinkRequest list_nft_sets(NftFamily family);
NetlinkRequest list_nft_elements(NftFamily family, const std::string& set);

/// A rule as the kernel tells it.
struct FoundRule {
  std::string chain;
  std::string comment;
  std::uint64_t handle = 0;
  Bytes expressions{};
};

// Reading answers; nullopt and nothing for a message about something else.
std::optional<std::uint32_t> find_nft_generation(const std::string& message);
std::optional<NftChain> find_nft_chain(const std::string& message);   ///< of our table; without its hook
std::optional<std::string> find_nft_set(const std::string& message);  ///< its name
std::optional<FoundRule> find_nft_rule(const std::string& message);
std::vector<NftElement> find_nft_elements(const std::string& message);

NftFamily family_of(const std::string& message);

/// The lower 16 bits of the generation in which an answer was given: what a dump of several answers was interrupted by
/// shows in them alone.
std::uint16_t generation_of(const std::string& message);

}  // namespace kernel
