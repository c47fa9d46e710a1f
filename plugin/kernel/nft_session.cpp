#include "plugin/kernel/nft_session.hpp"

#include "plugin/posix/system_error.hpp"

#include <netlink/msg.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace kernel {
namespace {

using Requests = std::vector<NetlinkRequest>;

/// Whether the request failed because another process changed the same objects. If the creation of a table, chain, set
/// or rule fails with ENOENT, another process deleted the table or chain (the generation has changed), or this kernel
/// does not support a feature.
bool is_lost_race(const Refusal& refusal, const NetlinkRequest& request, bool has_generation_changed) {
  const int type = nlmsg_hdr(request.message.get())->nlmsg_type & 0xff;  // without the subsystem
  const bool is_element_message = type == NFT_MSG_NEWSETELEM || type == NFT_MSG_DELSETELEM;
  const bool is_deletion =
      type == NFT_MSG_DELTABLE || type == NFT_MSG_DELCHAIN || type == NFT_MSG_DELSET || type == NFT_MSG_DELRULE;
  if (refusal.error == ENOENT || refusal.error == EBUSY)
    return is_element_message || is_deletion || has_generation_changed;
  if (refusal.error == EEXIST) return is_element_message || type == NFT_MSG_NEWCHAIN;
  return refusal.error == ERESTART;
}

/// A kernel without nftables returns these errors for its messages.
bool is_unknown_message(int error) { return error == EINVAL || error == EOPNOTSUPP; }

}  // namespace

std::string full_name(NftFamily family, const std::string& chain) {
  return (family == NftFamily::inet ? "inet " : "bridge ") + chain;
}

NftSession::NftSession() : socket_(NETLINK_NETFILTER) {}

bool NftSession::has_nftables() { return socket_.send(batch_of(get_nft_generation())).refusals.empty(); }

std::vector<std::string> NftSession::send_queries(std::span<const NetlinkRequest> queries) {
  auto answers = socket_.send(queries);
  if (answers.refusals.empty()) return std::move(answers.messages);
  const auto& refusal = answers.refusals.front();
  if (is_unknown_message(refusal.error) && !has_nftables()) return {};
  throw refusal_error(refusal, queries);
}

std::vector<std::string> NftSession::list(const NetlinkRequest& query) try {
  return socket_.dump(query);
} catch (const std::system_error& error) {
  if (is_unknown_message(error.code().value()) && !has_nftables()) return {};
  throw;
}

NftState NftSession::query(std::span<const NeededPart> parts, std::span<const WantedElement> wanted) {
  Requests queries;
  for (const auto& part : parts) {
    queries.push_back(get_nft_chain(part.family, part.chain));
    if (is_first_part(part)) queries.push_back(get_nft_chain(part.family, complete_chain));
  }
  for (const auto& each : wanted) queries.push_back(get_nft_element(each.element));
  NftState state;
  if (queries.empty()) return state;
  const auto answers = send_queries(queries);
  queried_generation_ = answers.empty() ? std::nullopt : std::optional{generation_of(answers.front())};
  for (const auto& message : answers) {
    if (const auto chain = find_nft_chain(message)) {
      const auto family = family_of(message);
      state.chains.push_back(full_name(family, chain->name));
      if (chain->name == instance_chain(family)) state.instances[family] = chain->comment;
    }
    std::ranges::move(find_nft_elements(message), std::back_inserter(state.elements));
  }
  std::ranges::sort(state.elements);
  return state;
}

bool NftSession::has_generation_changed_since_query() {
  return queried_generation_ && static_cast<std::uint16_t>(generation()) != *queried_generation_;
}

/// A transaction for a generation that is no longer current fails with ERESTART.
bool NftSession::commit(Requests changes, std::optional<std::uint32_t> generation) {
  if (changes.empty()) return true;
  changes.insert(changes.begin(), begin_transaction(generation));
  changes.push_back(end_transaction());
  const auto answers = socket_.commit(changes);
  if (answers.refusals.empty()) return true;
  const bool has_generation_changed = !generation && has_generation_changed_since_query();
  for (const auto& refusal : answers.refusals) {
    last_refusal_ = refusal_error(refusal, changes);
    if (!is_lost_race(refusal, changes[refusal.request], has_generation_changed)) throw *last_refusal_;
  }
  return false;
}

void NftSession::retry_on_conflict(const std::function<bool()>& action) {
  constexpr int attempts = 100;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (action()) return;
  }
  throw last_refusal_ ? *last_refusal_
                      : posix::system_error(EBUSY, "change nftables: other processes keep changing the same objects");
}

std::vector<NftChain> NftSession::chains(NftFamily family) {
  std::vector<NftChain> found;
  for (const auto& message : list(list_nft_chains(family))) {
    if (auto chain = find_nft_chain(message)) found.push_back(std::move(*chain));
  }
  return found;
}

std::vector<FoundRule> NftSession::rules(NftFamily family) {
  std::vector<FoundRule> found;
  for (const auto& message : list(list_nft_rules(family))) {
    if (auto rule = find_nft_rule(message)) found.push_back(std::move(*rule));
  }
  return found;
}

std::vector<std::string> NftSession::sets(NftFamily family) {
  std::vector<std::string> names;
  for (const auto& message : list(list_nft_sets(family))) {
    if (auto name = find_nft_set(message)) names.push_back(std::move(*name));
  }
  return names;
}

/// The kernel does not set NLM_F_DUMP_INTR in dumps of elements, so the generations of the answers are compared.
std::vector<NftElement> NftSession::elements(NftFamily family, const std::string& set) {
  std::vector<NftElement> found;
  retry_on_conflict([&] {
    found.clear();
    const auto messages = list(list_nft_elements(family, set));
    for (const auto& message : messages) {
      if (generation_of(message) != generation_of(messages.front())) return false;
      std::ranges::move(find_nft_elements(message), std::back_inserter(found));
    }
    return true;
  });
  return found;
}

std::uint32_t NftSession::generation() {
  for (const auto& message : socket_.send_or_throw(get_nft_generation())) {
    if (const auto generation = find_nft_generation(message)) return *generation;
  }
  return 0;
}

}  // namespace kernel
