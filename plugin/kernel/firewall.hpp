#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <optional>
#include <string>

// Reads the nftables rules of other software for forwarded packets: of Docker, ufw and firewalld, added by iptables-nft
// or nft.
namespace kernel {

/// Lists the chains of all families. A kernel without nftables returns none.
NetlinkRequest list_chains();

/// A base chain that forwarded packets pass.
struct ForwardChain {
  DroppingChain chain;
  std::uint8_t family = 0;  ///< NFPROTO_*
  bool drops = false;       ///< by its policy

  bool operator==(const ForwardChain&) const = default;
};

/// nullopt if the message is not about such a chain, or about one with another hook or type, of a family without IP, or
/// in the table of this plugin.
std::optional<ForwardChain> find_forward_chain(const std::string& message);

NetlinkRequest list_rules(const ForwardChain& chain);

/// The parts of a rule that decide about packets.
struct FilterRule {
  enum class Verdict { none, accepts, refuses, jumps };

  Verdict verdict = Verdict::none;
  std::string target{};           ///< of a jump: the chain
  bool is_conditional = false;    ///< it applies to some packets only
  bool compares_headers = false;  ///< it matches header fields, such as addresses

  bool operator==(const FilterRule&) const = default;
};

/// nullopt if the message is not a rule.
std::optional<FilterRule> find_rule(const std::string& message);

/// The base chains that drop a packet if no rule accepts it. The drop is the policy of the chain, or a rule without a
/// condition, in this chain or in one that it jumps to. Empty if the kernel has no netfilter.
std::vector<DroppingChain> observe_dropping_chains();

/// Whether iptables-legacy has tables in this namespace.
bool has_legacy_tables();

}  // namespace kernel
