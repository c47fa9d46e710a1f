#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/nat_elements.hpp"
#include "plugin/kernel/nat_table.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/nft_session.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kernel {

/// What a wiring has in nftables: made, looked at and removed, in the network namespace of the thread that makes this.
class Netfilter {
 public:
  /// Throws std::system_error where this kernel has no nftables.
  void require();

  /// Makes the parts of the tables that the wiring needs, and nothing of its own: what they guard against is shut out
  /// before anything opens. Throws HostPortTaken where a port of the host is another attachment's.
  void prepare(const wiring::Wiring& wiring);

  /// Makes what is missing of the wiring. True where a table is not complete: it was made anew, and what others had in
  /// the lost one is gone. Throws HostPortTaken.
  bool build(const wiring::Wiring& wiring);

  /// Says that the tables of the wiring have everything again.
  void mark_complete(const wiring::Wiring& wiring);

  /// As build, and mends chains of which rules are missing.
  void repair(const wiring::Wiring& wiring);

  /// In words: what is missing of the wiring, and of the tables.
  std::vector<std::string> missing(const wiring::Wiring& wiring);

  /// What the attachment has by the comments of its elements.
  wiring::ObservedRules find(cni::Tag attachment);

  /// Removes the elements that the wiring names and that are this attachment's.
  void remove(const wiring::Wiring& wiring);

  /// Removes the elements of an attachment of which nothing is known.
  void remove(cni::Tag attachment);

  /// Removes every element that `is_stale`.
  void remove_where(const std::function<bool(const Owner&)>& is_stale);

  /// Removes the chains and sets of the network (nullopt: of all) that no container uses, and tables in which nothing
  /// is left; before the guard of the host's loopback goes, bridges let nothing to it any more (over `host`, a
  /// NETLINK_ROUTE socket). False where there was nothing of that, or somebody else changed nftables at this moment.
  bool clean(const std::optional<std::string>& network, NetlinkSocket& host);

 private:
  bool prepare_once(std::span<const NeededPart> parts, std::span<const WantedElement> wanted);
  bool build_once(std::span<const NeededPart> parts, std::span<const WantedElement> wanted, bool& has_lost_rules);
  void mend(std::span<const NeededPart> parts);
  bool has_any(cni::Tag attachment);
  std::vector<NftElement> elements_where(const std::function<bool(const Owner&)>& is_wanted);
  bool delete_elements(std::span<const NftElement> elements);
  bool clean_table(NftFamily family, const std::optional<std::string>& network, NetlinkSocket& host);

  NftSession session_;
};

}  // namespace kernel
