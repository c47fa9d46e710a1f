#pragma once

#include "plugin/kernel/nat_elements.hpp"
#include "plugin/kernel/nat_table.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/nft_objects.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace kernel {

/// A chain with its family, "inet postrouting": two families have chains with the same name.
std::string full_name(NftFamily family, const std::string& chain);

/// Which of the queried objects exist.
struct NftState {
  std::vector<std::string> chains;             ///< their full names
  std::vector<NftElement> elements;            ///< in ascending order
  std::map<NftFamily, std::string> instances;  ///< node instances of the tables whose first chain exists
};

/// Queries, lists and transactions of nftables over one socket. A failing transaction takes 8 to 32 ms and a query 3 us
/// (plugin/kernel/README.md, "nftables"), so each change is preceded by a query, and is repeated if another process
/// changed the same objects in between.
class NftSession {
 public:
  /// In the network namespace of the calling thread.
  NftSession();

  /// Queries in one sendmsg which of the parts and elements exist, and which tables are complete.
  NftState query(std::span<const NeededPart> parts, std::span<const WantedElement> wanted);

  std::vector<NftChain> chains(NftFamily family);
  std::vector<FoundRule> rules(NftFamily family);
  std::vector<std::string> sets(NftFamily family);
  std::vector<NftElement> elements(NftFamily family, const std::string& set);
  std::uint32_t generation();

  /// Sends one transaction; returns false if it failed because another process changed the same objects. With
  /// `generation` the transaction fails if anything has changed since that generation. Throws for other errors.
  bool commit(std::vector<NetlinkRequest> changes, std::optional<std::uint32_t> generation = std::nullopt);

  /// Calls `action` until it returns true, since another process may change the same objects between a query and a
  /// change. After 100 attempts throws the last refusal.
  void retry_on_conflict(const std::function<bool()>& action);

  NetlinkSocket& socket() { return socket_; }
  int file() const { return socket_.file(); }

 private:
  bool has_nftables();
  bool has_generation_changed_since_query();
  std::vector<std::string> send_queries(std::span<const NetlinkRequest> queries);
  std::vector<std::string> list(const NetlinkRequest& query);

  NetlinkSocket socket_;
  std::optional<std::system_error> last_refusal_;
  std::optional<std::uint16_t> queried_generation_;  ///< lower 16 bits of the generation of the last query()
};

}  // namespace kernel
