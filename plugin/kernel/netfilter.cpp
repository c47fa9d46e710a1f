#include "plugin/kernel/netfilter.hpp"

#include "plugin/kernel/conntrack.hpp"
#include "plugin/kernel/kernel.hpp"
#include "plugin/posix/system_error.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace kernel {
namespace {

using Requests = std::vector<NetlinkRequest>;

/// Changes of elements that fit a datagram.
constexpr std::size_t most_at_once = 500;

std::string family_word(NftFamily family) { return family == NftFamily::inet ? "inet" : "bridge"; }

std::string full_name(NftFamily family, const std::string& chain) { return family_word(family) + ' ' + chain; }

/// The chain that stands where the part does.
std::string full_name(const NftPart& part) { return full_name(part.family, part.chains.front().name); }

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_same_place(const NftElement& left, const NftElement& right) {
  return left.family == right.family && left.set == right.set && left.key == right.key;
}

const NftElement* find_at(std::span<const NftElement> elements, const NftElement& place) {
  const auto found = std::find_if(elements.begin(), elements.end(),
                                  [&](const NftElement& element) { return is_same_place(element, place); });
  return found == elements.end() ? nullptr : &*found;
}

/// An element of ours is one that says so: what else is at its place belongs to a container that is gone, or, where a
/// port is mapped, to another one.
void refuse_taken_ports(std::span<const WantedElement> wanted, std::span<const NftElement> standing) {
  for (const auto& [element, words, mapping] : wanted) {
    const auto* there = mapping ? find_at(standing, element) : nullptr;
    if (there == nullptr || there->comment == element.comment) continue;
    const auto owner = find_owner(there->comment);
    throw HostPortTaken{*mapping, owner ? std::optional{owner->attachment} : std::nullopt};
  }
}

/// Where a table is made, all that was in it is missing.
bool begins_table(const NftPart& part) {
  return part.family == NftFamily::bridge || part.chains.front().name == "postrouting";
}

void add_sets_and_chains(const NftPart& part, std::span<const NftChain> chains, Requests& requests) {
  for (const auto& set : part.sets) requests.push_back(add_nft_set(part.family, set));
  for (const auto& chain : chains) requests.push_back(add_nft_chain(part.family, chain));
}

/// The first chain is created, and not merely added: of two processes that both found the part missing one comes too
/// late, and makes no rule a second time.
void create(const NftPart& part, Requests& requests) {
  if (begins_table(part)) requests.push_back(add_nft_table(part.family));
  requests.push_back(create_nft_chain(part.family, part.chains.front()));
  add_sets_and_chains(part, std::span{part.chains}.subspan(1), requests);
  for (const auto& rule : part.rules) requests.push_back(append_nft_rule(part.family, rule));
}

void create(const NftElement& element, const NftElement* there, Requests& requests) {
  if (there != nullptr && *there == element) return;
  if (there != nullptr) requests.push_back(delete_nft_element(*there));
  requests.push_back(create_nft_element(element));
}

std::vector<MappedFlow> mapped_flows(std::span<const NftElement> elements) {
  std::vector<MappedFlow> flows;
  for (const auto& element : elements) {
    if (const auto flow = find_mapped_flow(element)) flows.push_back(*flow);
  }
  return flows;
}

/// Another process may change the same things between our question and our change, each time anew but not for long.
void insist(const std::function<bool()>& act) {
  constexpr int attempts = 100;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (act()) return;
  }
  throw posix::system_error(EBUSY, "change nftables: others change the same things all the time");
}

}  // namespace

Netfilter::Netfilter() : socket_(NETLINK_NETFILTER) {}

Netfilter::State Netfilter::look(std::span<const NftPart> parts, std::span<const WantedElement> wanted) {
  Requests questions;
  for (const auto& part : parts) questions.push_back(get_nft_chain(part.family, part.chains.front().name));
  for (const auto& each : wanted) questions.push_back(get_nft_element(each.element));
  State state;
  if (questions.empty()) return state;
  for (const auto& message : socket_.transact(questions)) {
    if (const auto chain = find_nft_chain(message)) state.chains.push_back(full_name(family_of(message), *chain));
    std::ranges::move(find_nft_elements(message), std::back_inserter(state.elements));
  }
  return state;
}

/// False where another process was faster.
bool Netfilter::commit(Requests changes, std::optional<std::uint32_t> generation) {
  if (changes.empty()) return true;
  changes.insert(changes.begin(), begin_transaction(generation));
  changes.push_back(end_transaction());
  const auto answers = socket_.commit(changes);
  for (const auto& refusal : answers.refusals) {
    const bool is_lost_race =
        refusal.error == EEXIST || refusal.error == ENOENT || refusal.error == EBUSY || refusal.error == ERESTART;
    if (!is_lost_race) throw refusal_error(refusal, changes);
  }
  return answers.refusals.empty();
}

void Netfilter::check_ports(const wiring::Wiring& wiring) {
  if (!wiring.host_ports) return;
  const auto wanted = elements_of(wiring);
  refuse_taken_ports(wanted, look({}, wanted).elements);
}

/// What makes the parts is never divided. Elements may be thousands: those that no longer fit the datagram go in
/// further ones, and where that does not come to its end the next look finds what is missing.
bool Netfilter::build_once(std::span<const NftPart> parts, std::span<const WantedElement> wanted,
                           bool& has_lost_tables) {
  const auto state = look(parts, wanted);
  refuse_taken_ports(wanted, state.elements);
  Requests changes;
  for (const auto& part : parts) {
    if (holds(state.chains, full_name(part))) continue;
    has_lost_tables = has_lost_tables || begins_table(part);
    create(part, changes);
  }
  for (const auto& each : wanted) {
    if (changes.size() >= most_at_once && !commit(std::exchange(changes, {}))) return false;
    create(each.element, find_at(state.elements, each.element), changes);
  }
  return commit(std::move(changes));
}

bool Netfilter::build(const wiring::Wiring& wiring) {
  const auto wanted = elements_of(wiring);
  if (wanted.empty()) return false;
  const auto parts = parts_of(wiring);
  bool has_lost_tables = false;
  insist([&] { return build_once(parts, wanted, has_lost_tables); });
  std::vector<NftElement> elements;
  for (const auto& each : wanted) elements.push_back(each.element);
  forget_unmapped_flows(mapped_flows(elements), socket_);
  return has_lost_tables;
}

namespace {

bool is_there(const NftRule& rule, std::span<const FoundRule> found) {
  return std::any_of(found.begin(), found.end(), [&](const FoundRule& other) {
    return other.chain == rule.chain && other.comment == rule.comment;
  });
}

std::vector<NftRule> missing_rules(const NftPart& part, std::span<const FoundRule> found) {
  std::vector<NftRule> missing;
  std::ranges::copy_if(part.rules, std::back_inserter(missing),
                       [&](const NftRule& rule) { return !is_there(rule, found); });
  return missing;
}

bool lacks_a_rule(const std::string& chain, std::span<const NftRule> missing) {
  return std::any_of(missing.begin(), missing.end(), [&](const NftRule& rule) { return rule.chain == chain; });
}

/// Chains of the part itself are written anew, since their rules have an order; what it has in chains of others is
/// appended there.
void rewrite(const NftPart& part, std::span<const NftRule> missing, Requests& requests) {
  if (missing.empty()) return;
  add_sets_and_chains(part, part.chains, requests);
  for (const auto& chain : part.chains) {
    if (!lacks_a_rule(chain.name, missing)) continue;
    requests.push_back(flush_nft_chain(part.family, chain.name));
    for (const auto& rule : part.rules) {
      if (rule.chain == chain.name) requests.push_back(append_nft_rule(part.family, rule));
    }
  }
  for (const auto& rule : missing) {
    const bool is_own = std::ranges::find(part.chains, rule.chain, &NftChain::name) != part.chains.end();
    if (!is_own) requests.push_back(append_nft_rule(part.family, rule));
  }
}

}  // namespace

bool Netfilter::mend(std::span<const NftPart> parts) {
  bool was_damaged = false;
  insist([&] {
    const auto now = generation();
    Requests changes;
    for (const auto& part : parts) rewrite(part, missing_rules(part, rules(part.family)), changes);
    was_damaged = was_damaged || !changes.empty();
    return commit(std::move(changes), now);
  });
  return was_damaged;
}

bool Netfilter::repair(const wiring::Wiring& wiring) {
  const bool was_complete = missing(wiring).empty();
  if (was_complete) return false;
  build(wiring);
  mend(parts_of(wiring));
  return true;
}

namespace {

std::string words_of(const NftPart& part) {
  const auto table = "table " + family_word(part.family) + ' ' + nft_table;
  return begins_table(part) ? table : "chain \"" + part.chains.front().name + "\" of " + table;
}

}  // namespace

std::vector<std::string> Netfilter::missing(const wiring::Wiring& wiring) {
  const auto parts = parts_of(wiring);
  const auto wanted = elements_of(wiring);
  const auto state = look(parts, wanted);
  std::vector<std::string> sentences;
  for (const auto& part : parts) {
    if (!holds(state.chains, full_name(part))) {
      sentences.push_back(words_of(part));
      continue;
    }
    for (const auto& rule : missing_rules(part, rules(part.family))) {
      sentences.push_back("rule \"" + rule.comment + "\" of chain \"" + rule.chain + "\" of table " +
                          family_word(part.family) + ' ' + nft_table);
    }
  }
  for (const auto& each : wanted) {
    const auto* there = find_at(state.elements, each.element);
    if (there == nullptr || *there != each.element) sentences.push_back(each.words);
  }
  return sentences;
}

void Netfilter::remove(const wiring::Wiring& wiring) {
  const auto wanted = elements_of(wiring);
  if (wanted.empty()) return;
  const auto comment = to_comment(owner_of(wiring.attachment));
  insist([&] {
    auto standing = look({}, wanted).elements;
    std::erase_if(standing, [&](const NftElement& element) { return element.comment != comment; });
    return delete_elements(standing);
  });
}

void Netfilter::remove_where(const std::function<bool(const Owner&)>& is_stale) {
  insist([&] {
    std::vector<NftElement> stale;
    for (const auto family : {NftFamily::inet, NftFamily::bridge}) {
      for (const auto& set : sets(family)) {
        std::ranges::copy_if(elements(family, set), std::back_inserter(stale), [&](const NftElement& element) {
          const auto owner = find_owner(element.comment);
          return owner && is_stale(*owner);
        });
      }
    }
    return delete_elements(stale);
  });
}

bool Netfilter::delete_elements(std::span<const NftElement> elements) {
  while (!elements.empty()) {
    const auto piece = elements.first(std::min(elements.size(), most_at_once));
    Requests changes;
    for (const auto& element : piece) changes.push_back(delete_nft_element(element));
    if (!commit(std::move(changes))) return false;
    forget_mapped_flows(mapped_flows(piece), socket_);
    elements = elements.subspan(piece.size());
  }
  return true;
}

std::vector<FoundRule> Netfilter::rules(NftFamily family) {
  std::vector<FoundRule> found;
  for (const auto& message : socket_.dump(list_nft_rules(family))) {
    if (auto rule = find_nft_rule(message)) found.push_back(std::move(*rule));
  }
  return found;
}

std::vector<std::string> Netfilter::sets(NftFamily family) {
  std::vector<std::string> names;
  for (const auto& message : socket_.dump(list_nft_sets(family))) {
    if (auto name = find_nft_set(message)) names.push_back(std::move(*name));
  }
  return names;
}

/// The kernel does not say that a list of elements was interrupted; it shows in the generation of its answers.
std::vector<NftElement> Netfilter::elements(NftFamily family, const std::string& set) {
  std::vector<NftElement> found;
  insist([&] {
    found.clear();
    const auto messages = socket_.dump(list_nft_elements(family, set));
    for (const auto& message : messages) {
      if (generation_of(message) != generation_of(messages.front())) return false;
      std::ranges::move(find_nft_elements(message), std::back_inserter(found));
    }
    return true;
  });
  return found;
}

std::uint32_t Netfilter::generation() {
  for (const auto& message : socket_.transact(one(get_nft_generation()))) {
    if (const auto generation = find_nft_generation(message)) return *generation;
  }
  return 0;
}

namespace {

bool is_masquerade_of(const std::string& network, const std::string& set) {
  const auto prefix = masquerade_prefix(network);
  return set.starts_with(prefix) && cni::find_tag(std::string_view{set}.substr(prefix.size()));
}

}  // namespace

/// What has to go of one table, in the order in which it may.
Requests Netfilter::cleaning(NftFamily family, const std::string& network) {
  Requests changes;
  bool is_empty = true;
  const auto names = sets(family);
  const auto entries = rules(family);
  for (const auto& name : names) {
    const bool is_unused = elements(family, name).empty();
    is_empty = is_empty && is_unused;
    if (!is_unused || !is_masquerade_of(network, name)) continue;
    for (const auto& entry : entries) {
      const bool is_own = entry.chain == networks_chain && entry.comment == entry_comment(name);
      if (is_own) changes.push_back(delete_nft_rule(family, entry.chain, entry.handle));
    }
    changes.push_back(delete_nft_chain(family, name));
    changes.push_back(delete_nft_set(family, name));
  }
  if (!is_empty || entries.empty()) return changes;
  changes.clear();
  changes.push_back(delete_nft_table(family));
  return changes;
}

void Netfilter::clean(const std::string& network) {
  for (const auto family : {NftFamily::inet, NftFamily::bridge}) {
    const auto now = generation();
    commit(cleaning(family, network), now);
  }
}

}  // namespace kernel
