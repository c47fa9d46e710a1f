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

int nft_type_of(const NetlinkRequest& request) { return nlmsg_hdr(request.message.get())->nlmsg_type & 0xff; }

/// ENOENT of what makes tables, chains, sets and rules means that this kernel lacks something that they need, or that
/// another process has removed what they go into: then the generation has moved.
bool is_lost_race(const Refusal& refusal, const NetlinkRequest& request, bool has_moved) {
  const int type = nft_type_of(request);
  const bool is_of_element = type == NFT_MSG_NEWSETELEM || type == NFT_MSG_DELSETELEM;
  const bool is_deletion =
      type == NFT_MSG_DELTABLE || type == NFT_MSG_DELCHAIN || type == NFT_MSG_DELSET || type == NFT_MSG_DELRULE;
  if (refusal.error == ENOENT || refusal.error == EBUSY) return is_of_element || is_deletion || has_moved;
  if (refusal.error == EEXIST) return is_of_element || type == NFT_MSG_NEWCHAIN;
  return refusal.error == ERESTART;
}

}  // namespace

std::string full_name(NftFamily family, const std::string& chain) {
  return (family == NftFamily::inet ? "inet " : "bridge ") + chain;
}

NftSession::NftSession() : socket_(NETLINK_NETFILTER) {}

namespace {

/// A kernel without nftables has none of its messages.
bool is_unknown(int error) { return error == EINVAL || error == EOPNOTSUPP; }

}  // namespace

bool NftSession::has_nftables() { return socket_.send(one(get_nft_generation())).refusals.empty(); }

std::vector<std::string> NftSession::ask(std::span<const NetlinkRequest> questions) {
  auto answers = socket_.send(questions);
  if (answers.refusals.empty()) return std::move(answers.messages);
  const auto& refusal = answers.refusals.front();
  if (is_unknown(refusal.error) && !has_nftables()) return {};
  throw refusal_error(refusal, questions);
}

std::vector<std::string> NftSession::list(const NetlinkRequest& question) try {
  return socket_.dump(question);
} catch (const std::system_error& error) {
  if (is_unknown(error.code().value()) && !has_nftables()) return {};
  throw;
}

NftState NftSession::look(std::span<const NeededPart> parts, std::span<const WantedElement> wanted) {
  Requests questions;
  for (const auto& part : parts) {
    questions.push_back(get_nft_chain(part.family, part.chain));
    if (begins_table(part)) questions.push_back(get_nft_chain(part.family, complete_chain));
  }
  for (const auto& each : wanted) questions.push_back(get_nft_element(each.element));
  NftState state;
  if (questions.empty()) return state;
  const auto answers = ask(questions);
  looked_at_ = answers.empty() ? std::nullopt : std::optional{generation_of(answers.front())};
  for (const auto& message : answers) {
    if (const auto chain = find_nft_chain(message)) {
      const auto family = family_of(message);
      state.chains.push_back(full_name(family, chain->name));
      if (chain->name == first_chain(family)) state.lives[family] = chain->comment;
    }
    std::ranges::move(find_nft_elements(message), std::back_inserter(state.elements));
  }
  return state;
}

bool NftSession::has_moved_since_look() {
  return looked_at_ && static_cast<std::uint16_t>(generation()) != *looked_at_;
}

/// A transaction for one generation is refused by ERESTART where that has passed.
bool NftSession::commit(Requests changes, std::optional<std::uint32_t> generation) {
  if (changes.empty()) return true;
  changes.insert(changes.begin(), begin_transaction(generation));
  changes.push_back(end_transaction());
  const auto answers = socket_.commit(changes);
  if (answers.refusals.empty()) return true;
  const bool has_moved = !generation && has_moved_since_look();
  for (const auto& refusal : answers.refusals) {
    last_refusal_ = refusal_error(refusal, changes);
    if (!is_lost_race(refusal, changes[refusal.request], has_moved)) throw *last_refusal_;
  }
  return false;
}

void NftSession::insist(const std::function<bool()>& act) {
  constexpr int attempts = 100;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (act()) return;
  }
  throw last_refusal_ ? *last_refusal_
                      : posix::system_error(EBUSY, "read nftables: others change the same things all the time");
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

/// The kernel does not say that a list of elements was interrupted; it shows in the generation of its answers.
std::vector<NftElement> NftSession::elements(NftFamily family, const std::string& set) {
  std::vector<NftElement> found;
  insist([&] {
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
  for (const auto& message : socket_.transact(one(get_nft_generation()))) {
    if (const auto generation = find_nft_generation(message)) return *generation;
  }
  return 0;
}

}  // namespace kernel
