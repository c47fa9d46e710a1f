#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/nat_elements.hpp"
#include "plugin/kernel/nat_table.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/nft_session.hpp"
#include "plugin/wiring/footprint.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace kernel {

/// A port of the host that is mapped to another attachment.
struct HostPortConflict {
  std::string host_side;           ///< "8080/tcp"
  std::optional<cni::Tag> holder;  ///< nullopt: nothing says whose it is
};

/// What build() did.
struct RulesBuilt {
  std::optional<HostPortConflict> conflict{};  ///< then nothing was made
  bool has_lost_rules = false;  ///< a table is not complete: it was made anew, and what others had in it is missing
};

/// What wirings have in nftables: made, looked at and removed, in the network namespace of the thread that makes this.
/// `life` is "<boot id>-<cookie of the network namespace>". A table whose first chain has another comment was loaded
/// from a file of another life, or is an older version's: what makes the parts of a wiring drops it in the same
/// transaction.
class Netfilter {
 public:
  /// Throws std::system_error where this kernel has no nftables.
  void require();

  /// Makes the parts of the tables that the wiring needs, and nothing of its own: what they guard against is shut out
  /// before anything opens. Returns the conflict where a port of the host is another attachment's.
  std::optional<HostPortConflict> prepare(const wiring::Wiring& wiring, const std::string& life);

  /// Makes what is missing of the wiring.
  RulesBuilt build(const wiring::Wiring& wiring, const std::string& life);

  /// Marks the tables of the wiring complete: everything that others had in them is there again.
  void mark_complete(const wiring::Wiring& wiring);

  /// As build, and restores chains of which rules are missing.
  std::optional<HostPortConflict> repair(const wiring::Wiring& wiring, const std::string& life);

  /// In words: what is missing of the wiring, and of the tables.
  std::vector<std::string> missing(const wiring::Wiring& wiring);

  /// What the attachment has by the comments of its elements.
  wiring::ObservedRules find(cni::Tag attachment);

  /// Everybody who has an element in our tables, each once, in ascending order.
  std::vector<Owner> owners();

  /// Drops those of our tables that are of another life.
  void drop_tables_of_another_life(const std::string& life);

  /// Removes the elements of a batch, the owner elements last: as long as one is there, the next call finds the rest.
  /// Those that an outline lists are asked for; for all others together every set of our tables is listed once.
  void remove(std::span<const wiring::Footprint> batch);

  /// Removes the chains and sets of the network (nullopt: of all) that no container uses, and tables in which nothing
  /// is left; before the guard of the host's loopback goes, bridges let nothing to it any more (over `host`, a
  /// NETLINK_ROUTE socket). False where there was nothing of that, or somebody else changed nftables at this moment.
  bool clean(const std::optional<std::string>& network, NetlinkSocket& host);

 private:
  struct Wanted;
  struct Beginning;

  Beginning begin(const Wanted& wanted);
  std::vector<NftFamily> tables_of_another_life(const std::string& life);
  bool prepare_once(const Wanted& wanted, std::optional<HostPortConflict>& conflict);
  bool build_once(const Wanted& wanted, RulesBuilt& built);
  void restore_chains(std::span<const NeededPart> parts, const std::string& life);
  void remove_listed(std::span<const wiring::Footprint> batch, std::vector<MappedFlow>& flows);
  void remove_unlisted(const std::set<cni::Tag>& attachments, std::vector<MappedFlow>& flows);
  std::vector<NftElement> elements_where(const std::function<bool(const Owner&)>& is_wanted);
  bool delete_elements(std::vector<NftElement> elements);
  bool clean_table(NftFamily family, const std::optional<std::string>& network, NetlinkSocket& host);

  NftSession session_;
};

}  // namespace kernel
