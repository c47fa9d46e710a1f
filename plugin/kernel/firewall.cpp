#include "plugin/kernel/firewall.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/posix/files.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace kernel {
namespace {

constexpr std::string_view own_table = "veth_cni";

constexpr int type_of(int message) { return NFNL_SUBSYS_NFTABLES << 8 | message; }

NetlinkRequest question(int message, std::uint8_t family, const char* act) {
  const nfgenmsg header{.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0};
  return {new_message(type_of(message), header), act, {EINVAL, EOPNOTSUPP, ENOENT}};
}

/// Attributes of a message of this type; false where it is another.
template <std::size_t Count>
bool parse(const std::string& message, int type, std::array<nlattr*, Count>& attributes) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != type_of(type)) return false;
  return nlmsg_parse(header, sizeof(nfgenmsg), attributes.data(), Count - 1, nullptr) >= 0;
}

std::uint8_t family_of(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  return static_cast<const nfgenmsg*>(nlmsg_data(header))->nfgen_family;
}

std::string text_of(const nlattr* attribute) { return attribute == nullptr ? "" : nla_get_string(attribute); }

/// Numbers stand in network order.
std::uint32_t number_of(const nlattr* attribute) { return attribute == nullptr ? 0 : ntohl(nla_get_u32(attribute)); }

/// An attribute within a nested one; null where it is not there.
nlattr* inside(nlattr* nest, int type) {
  return nest == nullptr ? nullptr : nla_find(static_cast<nlattr*>(nla_data(nest)), nla_len(nest), type);
}

const char* family_words(std::uint8_t family) {
  if (family == NFPROTO_INET) return "inet";
  if (family == NFPROTO_IPV4) return "ip";
  return family == NFPROTO_IPV6 ? "ip6" : nullptr;
}

}  // namespace

NetlinkRequest list_chains() { return question(NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, "list the chains of nftables"); }

std::optional<ForwardChain> find_forward_chain(const std::string& message) {
  std::array<nlattr*, NFTA_CHAIN_MAX + 1> attributes{};
  if (!parse(message, NFT_MSG_NEWCHAIN, attributes)) return std::nullopt;
  const auto* hook = inside(attributes[NFTA_CHAIN_HOOK], NFTA_HOOK_HOOKNUM);
  const auto table = text_of(attributes[NFTA_CHAIN_TABLE]);
  const auto family = family_of(message);
  const bool is_meant = hook != nullptr && number_of(hook) == NF_INET_FORWARD && family_words(family) != nullptr &&
                        text_of(attributes[NFTA_CHAIN_TYPE]) == "filter" && table != own_table;
  if (!is_meant) return std::nullopt;
  const auto* policy = attributes[NFTA_CHAIN_POLICY];
  return ForwardChain{.chain = {family_words(family), table, text_of(attributes[NFTA_CHAIN_NAME])},
                      .family = family,
                      .drops = policy != nullptr && number_of(policy) == NF_DROP};
}

NetlinkRequest list_rules(const ForwardChain& chain) {
  auto request = question(NFT_MSG_GETRULE, chain.family, "list the rules of a chain of nftables");
  put_text(request.message.get(), NFTA_RULE_TABLE, chain.chain.table);
  put_text(request.message.get(), NFTA_RULE_CHAIN, chain.chain.name);
  return request;
}

namespace {

/// What one expression of a rule does with every packet.
enum class Effect { none, refuses, other };

Effect effect_of_verdict(nlattr* data) {
  auto* verdict = inside(inside(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
  const auto* code = inside(verdict, NFTA_VERDICT_CODE);
  return code != nullptr && number_of(code) == NF_DROP ? Effect::refuses : Effect::other;
}

/// iptables-nft has its own targets in an expression "target".
Effect effect_of(nlattr* expression) {
  const auto name = text_of(inside(expression, NFTA_EXPR_NAME));
  auto* data = inside(expression, NFTA_EXPR_DATA);
  if (name == "counter" || name == "log") return Effect::none;
  if (name == "reject") return Effect::refuses;
  if (name == "immediate") return effect_of_verdict(data);
  const bool is_target = name == "target" && text_of(inside(data, NFTA_TARGET_NAME)) == "REJECT";
  return is_target ? Effect::refuses : Effect::other;
}

}  // namespace

bool refuses_all(const std::string& message) {
  std::array<nlattr*, NFTA_RULE_MAX + 1> attributes{};
  if (!parse(message, NFT_MSG_NEWRULE, attributes)) return false;
  nlattr* list = attributes[NFTA_RULE_EXPRESSIONS];
  if (list == nullptr) return false;
  auto rest = nla_len(list);
  for (auto* expression = static_cast<nlattr*>(nla_data(list)); nla_ok(expression, rest) != 0;
       expression = nla_next(expression, &rest)) {
    const auto effect = effect_of(expression);
    if (effect != Effect::none) return effect == Effect::refuses;
  }
  return false;
}

namespace {

/// nullopt where the kernel has no netfilter.
std::optional<NetlinkSocket> find_socket() try {
  return NetlinkSocket{NETLINK_NETFILTER};
} catch (const std::system_error& error) {
  if (error.code().value() != EPROTONOSUPPORT) throw;
  return std::nullopt;
}

}  // namespace

std::vector<DroppingChain> observe_dropping_chains() {
  std::vector<DroppingChain> dropping;
  auto found_socket = find_socket();
  if (!found_socket) return dropping;
  auto& socket = *found_socket;
  for (const auto& message : socket.dump(list_chains())) {
    const auto found = find_forward_chain(message);
    if (!found) continue;
    const auto rules = found->drops ? std::vector<std::string>{} : socket.dump(list_rules(*found));
    if (found->drops || std::any_of(rules.begin(), rules.end(), refuses_all)) dropping.push_back(found->chain);
  }
  return dropping;
}

/// The files name the tables of the namespace, one a line, and are empty where there are none.
bool has_legacy_tables() {
  constexpr std::size_t largest = 4096;
  constexpr std::array files{"/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"};
  return std::any_of(files.begin(), files.end(), [](const char* file) {
    const auto names = posix::find_content(AT_FDCWD, file, largest);
    return names && !names->empty();
  });
}

}  // namespace kernel
