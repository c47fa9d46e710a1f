#include "plugin/kernel/firewall.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/kernel/nft_attributes.hpp"
#include "plugin/posix/files.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace kernel {
namespace {

constexpr std::string_view own_table = "veth_cni";

NetlinkRequest query(int message, std::uint8_t family, const char* action) {
  const nfgenmsg header{.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0};
  return {new_message(nft_message_type(message), header), action, {EINVAL, EOPNOTSUPP, ENOENT}};
}

/// Parses the attributes of a message of this type; false if the message has another type.
template <std::size_t Count>
bool parse(const std::string& message, int type, std::array<nlattr*, Count>& attributes) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != nft_message_type(type)) return false;
  return nlmsg_parse(header, sizeof(nfgenmsg), attributes.data(), Count - 1, nullptr) >= 0;
}

std::uint8_t family_of_message(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  return static_cast<const nfgenmsg*>(nlmsg_data(header))->nfgen_family;
}

const char* words_of_ip_family(std::uint8_t family) {
  if (family == NFPROTO_INET) return "inet";
  if (family == NFPROTO_IPV4) return "ip";
  return family == NFPROTO_IPV6 ? "ip6" : nullptr;
}

using Verdict = FilterRule::Verdict;

void read_verdict(nlattr* data, FilterRule& rule) {
  auto* verdict = find_nested(find_nested(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
  const auto* code = find_nested(verdict, NFTA_VERDICT_CODE);
  if (code == nullptr) return;
  const auto number = static_cast<std::int32_t>(nft_number_in(code));
  if (number == NF_ACCEPT) rule.verdict = Verdict::accepts;
  if (number == NF_DROP) rule.verdict = Verdict::refuses;
  if (number != NFT_JUMP && number != NFT_GOTO) return;
  rule.verdict = Verdict::jumps;
  rule.target = text_in(find_nested(verdict, NFTA_VERDICT_CHAIN));
}

/// iptables-nft puts its own targets into an expression "target". Every expression other than a verdict, a counter or a
/// log is a condition.
void read_expression(nlattr* expression, FilterRule& rule) {
  const auto name = text_in(find_nested(expression, NFTA_EXPR_NAME));
  auto* data = find_nested(expression, NFTA_EXPR_DATA);
  if (name == "counter" || name == "log") return;
  if (name == "immediate") return read_verdict(data, rule);
  const auto target = name == "target" ? text_in(find_nested(data, NFTA_TARGET_NAME)) : std::string{};
  if (name == "reject" || target == "REJECT") rule.verdict = Verdict::refuses;
  if (name == "reject" || name == "target") return;
  rule.is_conditional = true;
  if (name == "payload") rule.compares_headers = true;
}

/// nullopt if the kernel has no netfilter.
std::optional<NetlinkSocket> find_socket() try {
  return NetlinkSocket{NETLINK_NETFILTER};
} catch (const std::system_error& error) {
  if (error.code().value() != EPROTONOSUPPORT) throw;
  return std::nullopt;
}

/// Follows the packets of containers through a base chain and the chains that it jumps to.
class ChainWalk {
 public:
  ChainWalk(ForwardChain base, NetlinkSocket& socket) : base_(std::move(base)), socket_(socket) {}

  /// The chain if it drops the packets that it does not accept.
  std::optional<DroppingChain> run() {
    auto verdict = follow(base_.chain.name);
    if (verdict == Verdict::none && base_.drops) verdict = Verdict::refuses;
    if (verdict != Verdict::refuses) return std::nullopt;
    auto chain = base_.chain;
    chain.accepts_some = accepts_some_;
    return chain;
  }

 private:
  /// The verdict about a packet that matches no condition; none if it returns from the chain.
  Verdict follow(const std::string& name) {
    if (!followed_.insert(name).second) return Verdict::none;
    auto chain = base_;
    chain.chain.name = name;
    for (const auto& message : socket_.dump(list_rules(chain))) {
      const auto rule = find_rule(message);
      const auto verdict = rule ? follow(*rule) : Verdict::none;
      if (verdict != Verdict::none && !rule->is_conditional) return verdict;
    }
    return Verdict::none;
  }

  /// Only rules that compare headers count as accepting: a rule that accepts by connection state, or by the interface
  /// of other software, does not let a container open a connection.
  Verdict follow(const FilterRule& rule) {
    if (rule.verdict == Verdict::accepts && rule.compares_headers) accepts_some_ = true;
    return rule.verdict == Verdict::jumps ? follow(rule.target) : rule.verdict;
  }

  ForwardChain base_;
  NetlinkSocket& socket_;
  std::set<std::string> followed_{};
  bool accepts_some_ = false;
};

}  // namespace

NetlinkRequest list_chains() { return query(NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, "list the chains of nftables"); }

std::optional<ForwardChain> find_forward_chain(const std::string& message) {
  std::array<nlattr*, NFTA_CHAIN_MAX + 1> attributes{};
  if (!parse(message, NFT_MSG_NEWCHAIN, attributes)) return std::nullopt;
  const auto* hook = find_nested(attributes[NFTA_CHAIN_HOOK], NFTA_HOOK_HOOKNUM);
  const auto table = text_in(attributes[NFTA_CHAIN_TABLE]);
  const auto family = family_of_message(message);
  const bool is_match = hook != nullptr && nft_number_in(hook) == NF_INET_FORWARD &&
                        words_of_ip_family(family) != nullptr && text_in(attributes[NFTA_CHAIN_TYPE]) == "filter" &&
                        table != own_table;
  if (!is_match) return std::nullopt;
  const auto* policy = attributes[NFTA_CHAIN_POLICY];
  return ForwardChain{.chain = {words_of_ip_family(family), table, text_in(attributes[NFTA_CHAIN_NAME])},
                      .family = family,
                      .drops = policy != nullptr && nft_number_in(policy) == NF_DROP};
}

NetlinkRequest list_rules(const ForwardChain& chain) {
  auto request = query(NFT_MSG_GETRULE, chain.family, "list the rules of a chain of nftables");
  put_text(request.message.get(), NFTA_RULE_TABLE, chain.chain.table);
  put_text(request.message.get(), NFTA_RULE_CHAIN, chain.chain.name);
  return request;
}

std::optional<FilterRule> find_rule(const std::string& message) {
  std::array<nlattr*, NFTA_RULE_MAX + 1> attributes{};
  if (!parse(message, NFT_MSG_NEWRULE, attributes)) return std::nullopt;
  FilterRule rule;
  nlattr* list = attributes[NFTA_RULE_EXPRESSIONS];
  if (list == nullptr) return rule;
  auto rest = nla_len(list);
  for (auto* expression = static_cast<nlattr*>(nla_data(list)); nla_ok(expression, rest) != 0;
       expression = nla_next(expression, &rest)) {
    read_expression(expression, rule);
  }
  return rule;
}

std::vector<DroppingChain> observe_dropping_chains() {
  std::vector<DroppingChain> dropping;
  auto socket = find_socket();
  if (!socket) return dropping;
  for (const auto& message : socket->dump(list_chains())) {
    auto found = find_forward_chain(message);
    if (!found) continue;
    if (auto chain = ChainWalk{*std::move(found), *socket}.run()) dropping.push_back(*std::move(chain));
  }
  return dropping;
}

/// The files list the tables of the namespace, one per line, and are empty if there are none.
bool has_legacy_tables() {
  constexpr std::size_t largest = 4096;
  constexpr std::array files{"/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"};
  return std::any_of(files.begin(), files.end(), [](const char* file) {
    const auto names = posix::find_content(AT_FDCWD, file, largest);
    return names && !names->empty();
  });
}

}  // namespace kernel
