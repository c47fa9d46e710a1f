#include "plugin/kernel/reference_rules.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/kernel/nft_attributes.hpp"
#include "plugin/text/quoted.hpp"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace kernel {
namespace {

using Requests = std::vector<NetlinkRequest>;

constexpr const char* nat_table = "nat";

/// A table or chain of other software.
struct Table {
  ReferenceFamily family;
  std::string name;

  bool operator==(const Table&) const = default;
};

struct Chain {
  Table table;
  std::string name;
};

std::string name_of(ReferenceFamily family) {
  if (family == ReferenceFamily::inet) return "inet";
  if (family == ReferenceFamily::bridge) return "bridge";
  return family == ReferenceFamily::ip ? "ip" : "ip6";
}

std::string text_of(const Table& table) { return "table " + name_of(table.family) + ' ' + text::quoted(table.name); }

NetlinkRequest request_of(int type, const Table& table, const Bytes& attributes, const std::string& action) {
  const nfgenmsg header{.nfgen_family = static_cast<std::uint8_t>(table.family), .version = NFNETLINK_V0, .res_id = 0};
  return {new_message(nft_message_type(type), 0, header, attributes), action + text_of(table)};
}

/// Kernels without nftables refuse the message with EINVAL or EOPNOTSUPP.
NetlinkRequest query_of(int type, const Table& table, const Bytes& attributes, const std::string& action) {
  auto request = request_of(type, table, attributes, action);
  request.tolerated = {ENOENT, EINVAL, EOPNOTSUPP};
  return request;
}

NetlinkRequest get_table(const Table& table) {
  return query_of(NFT_MSG_GETTABLE, table, nft_text(NFTA_TABLE_NAME, table.name), "get ");
}

NetlinkRequest get_chain(const Chain& chain) {
  return query_of(NFT_MSG_GETCHAIN, chain.table,
                  nft_text(NFTA_CHAIN_TABLE, chain.table.name) + nft_text(NFTA_CHAIN_NAME, chain.name),
                  "get chain " + text::quoted(chain.name) + " of ");
}

NetlinkRequest list_rules(const Table& table) {
  return query_of(NFT_MSG_GETRULE, table, nft_text(NFTA_RULE_TABLE, table.name), "list rules of ");
}

NetlinkRequest delete_rule(const Table& table, const FoundRule& rule) {
  constexpr unsigned half = 32;
  const std::uint32_t words[] = {htonl(static_cast<std::uint32_t>(rule.handle >> half)),
                                 htonl(static_cast<std::uint32_t>(rule.handle))};
  const Bytes handle{reinterpret_cast<const char*>(words), sizeof words};
  return request_of(NFT_MSG_DELRULE, table,
                    nft_text(NFTA_RULE_TABLE, table.name) + nft_text(NFTA_RULE_CHAIN, rule.chain) +
                        nft_bytes(NFTA_RULE_HANDLE, handle),
                    "delete a rule of ");
}

/// The kernel deletes the rules of the chain with it.
NetlinkRequest delete_chain(const Chain& chain) {
  return request_of(NFT_MSG_DELCHAIN, chain.table,
                    nft_text(NFTA_CHAIN_TABLE, chain.table.name) + nft_text(NFTA_CHAIN_NAME, chain.name),
                    "delete chain " + text::quoted(chain.name) + " of ");
}

std::vector<FoundRule> rules_of(const Table& table, NftSession& session) {
  std::vector<FoundRule> found;
  for (const auto& message : session.socket().dump(list_rules(table))) {
    if (auto rule = find_nft_rule(message)) found.push_back(std::move(*rule));
  }
  return found;
}

/// Whether the verdict of the rule names the chain. Names of these chains contain a hash, so they occur nowhere else.
bool leads_to(const FoundRule& rule, const std::string& chain) {
  return rule.chain != chain && rule.expressions.find(chain + '\0') != std::string::npos;
}

bool has_comment(const FoundRule& rule, const CommentedRules& wanted) {
  return wanted.is_prefix ? rule.comment.starts_with(wanted.comment) : rule.comment == wanted.comment;
}

/// The existing chains, and the existing tables with commented rules.
struct Existing {
  std::vector<Chain> chains{};
  std::vector<CommentedRules> commented{};
};

std::vector<Chain> wanted_chains(const ReferenceRules& wanted) {
  std::vector<Chain> chains;
  for (const auto family : {ReferenceFamily::ip, ReferenceFamily::ip6, ReferenceFamily::bridge}) {
    for (const auto& name : wanted.chains) chains.push_back({{family, nat_table}, name});
  }
  return chains;
}

/// A query about one object has one answer, or none.
bool has_answer(const NetlinkRequest& query, NftSession& session) {
  return !session.socket().send_or_throw(query).empty();
}

Existing find_existing(const ReferenceRules& wanted, NftSession& session) {
  const auto chains = wanted_chains(wanted);
  Requests queries;
  for (const auto& chain : chains) queries.push_back(get_chain(chain));
  for (const auto& rules : wanted.commented) queries.push_back(get_table({rules.family, rules.table}));
  if (queries.empty() || session.socket().send_or_throw(queries).empty()) return {};
  Existing existing;
  std::ranges::copy_if(chains, std::back_inserter(existing.chains),
                       [&](const Chain& chain) { return has_answer(get_chain(chain), session); });
  std::ranges::copy_if(wanted.commented, std::back_inserter(existing.commented), [&](const CommentedRules& rules) {
    return has_answer(get_table({rules.family, rules.table}), session);
  });
  return existing;
}

/// Jumps are deleted before the chain: the kernel does not delete a chain that is in use (EBUSY).
Requests deletions_of(const Existing& existing, NftSession& session) {
  Requests changes;
  for (const auto& chain : existing.chains) {
    for (const auto& rule : rules_of(chain.table, session)) {
      if (leads_to(rule, chain.name)) changes.push_back(delete_rule(chain.table, rule));
    }
    changes.push_back(delete_chain(chain));
  }
  for (const auto& wanted : existing.commented) {
    const Table table{wanted.family, wanted.table};
    for (const auto& rule : rules_of(table, session)) {
      if (has_comment(rule, wanted)) changes.push_back(delete_rule(table, rule));
    }
  }
  return changes;
}

}  // namespace

bool exist(const ReferenceRules& wanted, NftSession& session) {
  const auto existing = find_existing(wanted, session);
  return !existing.chains.empty() || !deletions_of(existing, session).empty();
}

bool remove(const ReferenceRules& wanted, NftSession& session) {
  bool has_removed = false;
  session.retry_on_conflict([&] {
    const auto existing = find_existing(wanted, session);
    if (existing.chains.empty() && existing.commented.empty()) return true;
    const auto generation = session.generation();
    auto changes = deletions_of(existing, session);
    has_removed = has_removed || !changes.empty();
    return session.commit(std::move(changes), generation);
  });
  return has_removed;
}

}  // namespace kernel
