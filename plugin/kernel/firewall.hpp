#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <optional>
#include <string>

// What other software has put into nftables before forwarded packets, read alone: Docker, ufw and firewalld, by
// iptables-nft or by nft itself.
namespace kernel {

/// All chains of all families. A kernel without nftables has none.
NetlinkRequest list_chains();

/// A base chain that forwarded packets go through.
struct ForwardChain {
  DroppingChain chain;
  std::uint8_t family = 0;  ///< NFPROTO_*
  bool drops = false;       ///< by its policy

  bool operator==(const ForwardChain&) const = default;
};

/// nullopt where the message is about another chain: one of another hook or type, of a family without IP, or our own.
std::optional<ForwardChain> find_forward_chain(const std::string& message);

NetlinkRequest list_rules(const ForwardChain& chain);

/// A rule, as far as it decides of packets.
struct FilterRule {
  enum class Verdict { none, accepts, refuses, jumps };

  Verdict verdict = Verdict::none;
  std::string target{};           ///< of a jump: the chain
  bool is_conditional = false;    ///< it is about some packets alone
  bool compares_headers = false;  ///< such as addresses

  bool operator==(const FilterRule&) const = default;
};

/// nullopt where the message is no rule.
std::optional<FilterRule> find_rule(const std::string& message);

/// The chains that drop what no rule of theirs accepts, or of the chains that they jump to: by their policy, or by a
/// rule without a condition. None where the kernel has no netfilter.
std::vector<DroppingChain> observe_dropping_chains();

/// Whether iptables-legacy has tables in this namespace.
bool has_legacy_tables();

}  // namespace kernel
