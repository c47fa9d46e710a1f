#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/nat_elements.hpp"
#include "plugin/kernel/nat_table.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/wiring.hpp"

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace kernel {

/// What a wiring has in nftables: made, looked at and removed. A transaction that the kernel refuses costs 8 to 32 ms
/// and a question 3 us (netfilter.md), so every change is preceded by a question, and is tried again where another
/// process was faster.
class Netfilter {
 public:
  /// In the network namespace of the calling thread.
  Netfilter();

  /// Throws HostPortTaken where a port of the host is another attachment's.
  void check_ports(const wiring::Wiring& wiring);

  /// Makes what is missing of the wiring. True where the tables themselves were missing: what others had in them is
  /// gone, too. Throws HostPortTaken.
  bool build(const wiring::Wiring& wiring);

  /// As build, and mends tables of which rules are missing. True where anything was.
  bool repair(const wiring::Wiring& wiring);

  /// In words: what is missing of the wiring, and of the tables.
  std::vector<std::string> missing(const wiring::Wiring& wiring);

  /// What the attachment has by the comments of its elements.
  wiring::ObservedRules find(cni::Tag attachment);

  /// Removes the elements that the wiring names and that are this attachment's.
  void remove(const wiring::Wiring& wiring);

  /// Removes every element that `is_stale`.
  void remove_where(const std::function<bool(const Owner&)>& is_stale);

  /// Removes the chains and sets of the network (nullopt: of all) that no container uses, and tables in which nothing is
  /// left. False where there was nothing of that, or somebody else changed nftables at this moment.
  bool clean(const std::optional<std::string>& network);

 private:
  /// What stands of that which was asked for.
  struct State {
    std::vector<std::string> chains;  ///< "inet postrouting"
    std::vector<NftElement> elements;
  };
  State look(std::span<const NeededPart> parts, std::span<const WantedElement> wanted);
  bool build_once(std::span<const NeededPart> parts, std::span<const WantedElement> wanted, bool& has_lost_tables);
  void mend(std::span<const NeededPart> parts);
  std::vector<FoundRule> rules(NftFamily family);
  std::vector<std::string> sets(NftFamily family);
  std::vector<NftElement> elements(NftFamily family, const std::string& set);
  std::vector<NftElement> elements_where(const std::function<bool(const Owner&)>& is_wanted);
  bool delete_elements(std::span<const NftElement> elements);
  std::vector<NetlinkRequest> cleaning(NftFamily family, const std::optional<std::string>& network);
  bool commit(std::vector<NetlinkRequest> changes, std::optional<std::uint32_t> generation = std::nullopt);
  std::uint32_t generation();

  NetlinkSocket socket_;
};

}  // namespace kernel
