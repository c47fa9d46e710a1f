#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/kernel.hpp"
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
  std::string host_port;           ///< "8080/tcp"
  std::optional<cni::Tag> holder;  ///< nullopt: unknown
};
Conflict to_conflict(const HostPortConflict& taken);

/// Whether the host ports of this attachment are taken over. Empty function: no port is.
using TakesPortOver = std::function<bool(cni::Tag holder)>;

/// The result of build().
struct RulesBuilt {
  std::optional<HostPortConflict> conflict{};  ///< if set, nothing was created
  bool has_missing_rules = false;  ///< a table was created again: the elements of other attachments are missing
  bool has_new_parts = false;      ///< parts of the tables were created
};

/// Creates, observes and removes the nftables objects of wirings, in the network namespace of the thread that
/// constructs this. `instance` is the node instance "<boot id>-<cookie of the network namespace>". A table whose first
/// chain has another comment is stale: it was loaded from a file that was saved in another node instance, or an older
/// version created it. It is deleted in the transaction that creates the parts of a wiring.
class Netfilter {
 public:
  /// Throws std::system_error if this kernel has no nftables.
  void require();

  /// Creates the parts of the tables that the wiring needs, but no elements of it: the guard rules must exist before
  /// the pair. Returns a conflict if another attachment uses a host port of the wiring, unless it is taken over.
  std::optional<HostPortConflict> prepare(const wiring::Wiring& wiring, const std::string& instance,
                                          const TakesPortOver& takes_over = {});

  /// Creates the missing parts and elements of the wiring. If parts were missing, clean() may have run since the pair
  /// was created: opens the loopback addresses of the bridge again, over `host`, a NETLINK_ROUTE socket. A port that is
  /// taken over changes its container in one transaction.
  RulesBuilt build(const wiring::Wiring& wiring, const std::string& instance, NetlinkSocket& host,
                   const TakesPortOver& takes_over = {});

  /// Marks the tables of the wiring complete: they contain the elements of all attachments again.
  void mark_complete(const wiring::Wiring& wiring);

  /// As build(), and restores missing rules.
  std::optional<HostPortConflict> repair(const wiring::Wiring& wiring, const std::string& instance,
                                         NetlinkSocket& host);

  /// Descriptions of the missing parts, rules and elements of the wiring.
  std::vector<std::string> missing(const wiring::Wiring& wiring);

  /// The configuration that the elements of the attachment implement. The comments of elements name their attachment.
  wiring::ObservedRules find(cni::Tag attachment);

  /// The owners of all elements in the tables of this plugin, each once, in ascending order.
  std::vector<Owner> owners();

  /// Deletes the tables of this plugin that belong to another node instance.
  void delete_stale_tables(const std::string& instance);

  /// Removes the elements of a batch, the owner elements last: while one exists, the next call finds the rest. If a
  /// footprint has a partial wiring, its elements are queried by key; for all others every set of the tables is listed
  /// once.
  void remove(std::span<const wiring::Footprint> batch);

  /// Removes the masquerade chains and sets of the networks that no container uses. Unlike clean(), it reads no set of
  /// another network. If other processes keep changing nftables, the chains are left for the next call.
  void remove_unused_masquerades(const std::set<std::string>& networks);

  /// Removes the chains and sets of the network (nullopt: of all) that no container uses, and tables without elements.
  /// Before it deletes the chain "guard", it clears route_localnet of bridges, over `host`, a NETLINK_ROUTE socket.
  /// Returns false if there was nothing to remove, or if another process changed nftables at the same time.
  bool clean(const std::optional<std::string>& network, NetlinkSocket& host);

  /// The socket: its last close waits until the kernel has freed the removed objects.
  int file() const { return session_.file(); }

 private:
  struct Wanted;
  struct TransactionPlan;

  TransactionPlan plan_transaction(const Wanted& wanted);
  std::vector<NftFamily> stale_tables(const std::string& instance);
  bool commit_if_full(std::vector<NetlinkRequest>& changes, std::optional<std::uint32_t>& generation);
  bool prepare_once(const Wanted& wanted, std::optional<HostPortConflict>& conflict);
  bool build_once(const Wanted& wanted, RulesBuilt& built);
  void restore_chains(std::span<const NeededPart> parts, const std::string& instance);
  void remove_known(std::span<const wiring::Footprint> batch, std::vector<MappedPort>& ports);
  void remove_by_owner(const std::set<cni::Tag>& attachments, std::vector<MappedPort>& ports);
  std::vector<NftElement> elements_where(const std::function<bool(const Owner&)>& is_wanted);
  bool delete_elements(std::vector<NftElement> elements);
  bool remove_unused_masquerades_once(const std::set<std::string>& networks);
  bool clean_table(NftFamily family, const std::optional<std::string>& network, NetlinkSocket& host);

  NftSession session_;
};

}  // namespace kernel
