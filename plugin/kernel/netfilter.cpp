#include "plugin/kernel/netfilter.hpp"

#include "plugin/kernel/conntrack.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/wiring/port_mapping.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace kernel {
namespace {

using Requests = std::vector<NetlinkRequest>;

/// One transaction is one datagram, and the kernel has room for so many refusals of it.
constexpr std::size_t most_at_once = 200;

std::string table_name(NftFamily family) { return "table " + full_name(family, nft_table); }

std::string full_name(const NeededPart& part) { return kernel::full_name(part.family, part.chain); }

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

/// An element of the attachment has its comment: what else is at its place belongs to a container that is gone, or,
/// where a port is mapped, to another one.
std::optional<HostPortConflict> find_conflict(std::span<const WantedElement> wanted,
                                              std::span<const NftElement> existing) {
  for (const auto& [element, words, mapping] : wanted) {
    const auto* there = mapping ? find_at(existing, element) : nullptr;
    if (there == nullptr || there->comment == element.comment) continue;
    const auto owner = find_owner(there->comment);
    return HostPortConflict{wiring::host_side(*mapping), owner ? std::optional{owner->attachment} : std::nullopt};
  }
  return std::nullopt;
}

/// A port of all addresses of the host is a port of each: the same mappings without their host addresses.
std::vector<WantedElement> for_all_addresses(std::span<const WantedElement> wanted) {
  std::vector<WantedElement> wider;
  for (const auto& each : wanted) {
    if (!each.mapping || !each.mapping->host_address) continue;
    wider.push_back(each);
    wider.back().element = port_element(*each.mapping, false);
    wider.back().element.comment = each.element.comment;
  }
  return wider;
}

void add_sets_and_chains(NftFamily family, const NftPart& part, std::span<const NftChain> chains, Requests& requests) {
  for (const auto& set : part.sets) requests.push_back(add_nft_set(family, set));
  for (const auto& chain : chains) requests.push_back(add_nft_chain(family, chain));
}

NftPart described(const NeededPart& needed, const std::string& life) {
  auto part = needed.describe();
  if (begins_table(needed)) part.chains.front().comment = life;
  return part;
}

/// The first chain is created, and not merely added: of two processes that both found the part missing one comes too
/// late, and makes no rule a second time.
void create(const NeededPart& needed, const std::string& life, Requests& requests) {
  const auto part = described(needed, life);
  if (begins_table(needed)) requests.push_back(add_nft_table(needed.family));
  requests.push_back(create_nft_chain(needed.family, part.chains.front()));
  add_sets_and_chains(needed.family, part, std::span{part.chains}.subspan(1), requests);
  for (const auto& rule : part.rules) requests.push_back(append_nft_rule(needed.family, rule));
}

void forget_table(NftFamily family, NftState& state) {
  const auto beginning = kernel::full_name(family, "");
  std::erase_if(state.chains, [&](const std::string& name) { return name.starts_with(beginning); });
  std::erase_if(state.elements, [&](const NftElement& element) { return element.family == family; });
}

void create(const NftElement& element, const NftElement* there, Requests& requests) {
  if (there != nullptr && *there == element) return;
  if (there != nullptr) requests.push_back(delete_nft_element(*there));
  requests.push_back(create_nft_element(element));
}

}  // namespace

void Netfilter::require() { session_.socket().transact(one(get_nft_generation())); }

/// What one call wants of the tables.
struct Netfilter::Wanted {
  const std::vector<NeededPart>& parts;
  const std::vector<WantedElement>& elements;
  const std::string& life;
};

/// What a transaction begins with.
struct Netfilter::Beginning {
  NftState state{};                           ///< what exists, without the tables that `changes` drops
  std::vector<NetlinkRequest> changes{};      ///< drop each table of another life
  std::optional<std::uint32_t> generation{};  ///< at which these are right; nullopt: there are none
};

/// Of two calls that both find an old table, the second must not drop the one that the first has made: the transaction
/// is carried out only in the generation that was read before the look.
Netfilter::Beginning Netfilter::begin(const Wanted& wanted) {
  auto state = session_.look(wanted.parts, wanted.elements);
  const bool is_own = std::ranges::all_of(state.lives, [&](const auto& table) { return table.second == wanted.life; });
  if (is_own) return {.state = std::move(state)};
  Beginning beginning{.generation = session_.generation()};
  beginning.state = session_.look(wanted.parts, wanted.elements);
  for (const auto family : tables_of_another_life(wanted.life)) {
    beginning.changes.push_back(delete_nft_table(family));
    forget_table(family, beginning.state);
  }
  return beginning;
}

std::vector<NftFamily> Netfilter::tables_of_another_life(const std::string& life) {
  std::vector<NftFamily> families;
  for (const auto family : {NftFamily::inet, NftFamily::bridge}) {
    const auto chains = session_.chains(family);
    const auto first = std::ranges::find(chains, first_chain(family), &NftChain::name);
    if (first != chains.end() && first->comment != life) families.push_back(family);
  }
  return families;
}

std::optional<HostPortConflict> Netfilter::prepare(const wiring::Wiring& wiring, const std::string& life) {
  const auto parts = parts_of(wiring);
  auto elements = elements_of(wiring);
  std::ranges::move(for_all_addresses(elements), std::back_inserter(elements));
  std::optional<HostPortConflict> conflict;
  session_.insist([&] { return prepare_once({parts, elements, life}, conflict); });
  return conflict;
}

bool Netfilter::prepare_once(const Wanted& wanted, std::optional<HostPortConflict>& conflict) {
  auto [state, changes, generation] = begin(wanted);
  conflict = find_conflict(wanted.elements, state.elements);
  if (conflict) return true;
  for (const auto& part : wanted.parts) {
    if (!holds(state.chains, full_name(part))) create(part, wanted.life, changes);
  }
  return session_.commit(std::move(changes), generation);
}

/// What makes the parts is never divided. Elements may be thousands: those that no longer fit the datagram go in
/// further ones, and where that does not come to its end the next look finds what is missing.
bool Netfilter::build_once(const Wanted& wanted, RulesBuilt& built) {
  auto [state, changes, generation] = begin(wanted);
  built = {.conflict = find_conflict(wanted.elements, state.elements)};
  if (built.conflict) return true;
  for (const auto& part : wanted.parts) {
    const bool is_complete = !begins_table(part) || holds(state.chains, kernel::full_name(part.family, complete_chain));
    built.has_lost_rules = built.has_lost_rules || !is_complete;
    if (!holds(state.chains, full_name(part))) create(part, wanted.life, changes);
  }
  for (const auto& each : wanted.elements) {
    const bool is_full = changes.size() >= most_at_once;
    if (is_full && !session_.commit(std::exchange(changes, {}), std::exchange(generation, {}))) return false;
    create(each.element, find_at(state.elements, each.element), changes);
  }
  return session_.commit(std::move(changes), generation);
}

namespace {

std::vector<MappedFlow> mapped_flows(std::span<const WantedElement> wanted) {
  std::vector<MappedFlow> flows;
  for (const auto& each : wanted) {
    if (const auto flow = find_mapped_flow(each.element)) flows.push_back(*flow);
  }
  return flows;
}

}  // namespace

RulesBuilt Netfilter::build(const wiring::Wiring& wiring, const std::string& life) {
  const auto elements = elements_of(wiring);
  if (elements.empty()) return {};
  const auto parts = parts_of(wiring);
  RulesBuilt built;
  session_.insist([&] { return build_once({parts, elements, life}, built); });
  if (!built.conflict) forget_unmapped_flows(mapped_flows(elements), session_.socket());
  return built;
}

void Netfilter::mark_complete(const wiring::Wiring& wiring) {
  Requests changes;
  for (const auto& part : parts_of(wiring)) {
    if (begins_table(part)) changes.push_back(add_nft_chain(part.family, {complete_chain}));
  }
  session_.commit(std::move(changes));
}

namespace {

bool is_in_place_of(const FoundRule& other, const NftRule& rule) {
  return other.chain == rule.chain && other.comment == rule.comment;
}

bool is_there(const NftRule& rule, std::span<const FoundRule> found) {
  return std::any_of(found.begin(), found.end(), [&](const FoundRule& other) {
    return is_in_place_of(other, rule) && is_fulfilled(rule.expressions, other.expressions);
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

/// In a chain of another part: one that was altered gives way.
void replace(NftFamily family, const NftRule& rule, std::span<const FoundRule> found, Requests& requests) {
  for (const auto& other : found) {
    if (is_in_place_of(other, rule)) requests.push_back(delete_nft_rule(family, rule.chain, other.handle));
  }
  requests.push_back(append_nft_rule(family, rule));
}

/// Chains of the part itself are written anew, since their rules have an order; what it has in chains of others is
/// appended there.
void rewrite(NftFamily family, const NftPart& part, std::span<const FoundRule> found, Requests& requests) {
  const auto missing = missing_rules(part, found);
  if (missing.empty()) return;
  add_sets_and_chains(family, part, part.chains, requests);
  for (const auto& chain : part.chains) {
    if (!lacks_a_rule(chain.name, missing)) continue;
    requests.push_back(flush_nft_chain(family, chain.name));
    for (const auto& rule : part.rules) {
      if (rule.chain == chain.name) requests.push_back(append_nft_rule(family, rule));
    }
  }
  for (const auto& rule : missing) {
    const bool is_own = std::ranges::find(part.chains, rule.chain, &NftChain::name) != part.chains.end();
    if (!is_own) replace(family, rule, found, requests);
  }
}

}  // namespace

void Netfilter::restore_chains(std::span<const NeededPart> parts, const std::string& life) {
  session_.insist([&] {
    const auto now = session_.generation();
    Requests changes;
    for (const auto& needed : parts) {
      const auto part = described(needed, life);
      rewrite(needed.family, part, session_.rules(needed.family), changes);
    }
    return session_.commit(std::move(changes), now);
  });
}

std::optional<HostPortConflict> Netfilter::repair(const wiring::Wiring& wiring, const std::string& life) {
  const auto built = build(wiring, life);
  if (!built.conflict) restore_chains(parts_of(wiring), life);
  return built.conflict;
}

namespace {

std::string words_of(const NeededPart& part) {
  const auto table = table_name(part.family);
  return begins_table(part) ? table : "chain \"" + part.chain + "\" of " + table;
}

std::string words_of(const NftRule& rule, NftFamily family) {
  return "rule \"" + rule.comment + "\" of chain \"" + rule.chain + "\" of " + table_name(family);
}

}  // namespace

std::vector<std::string> Netfilter::missing(const wiring::Wiring& wiring) {
  const auto parts = parts_of(wiring);
  const auto wanted = elements_of(wiring);
  const auto state = session_.look(parts, wanted);
  std::map<NftFamily, std::vector<FoundRule>> found;
  for (const auto& part : parts) found.try_emplace(part.family);
  for (auto& [family, rules_there] : found) rules_there = session_.rules(family);
  std::vector<std::string> sentences;
  for (const auto& needed : parts) {
    const bool stands = holds(state.chains, full_name(needed));
    if (!stands) sentences.push_back(words_of(needed));
    const auto missing = stands ? missing_rules(needed.describe(), found[needed.family]) : std::vector<NftRule>{};
    for (const auto& rule : missing) sentences.push_back(words_of(rule, needed.family));
  }
  for (const auto& each : wanted) {
    const auto* there = find_at(state.elements, each.element);
    if (there == nullptr || *there != each.element) sentences.push_back(each.words);
  }
  return sentences;
}

std::vector<NftElement> Netfilter::elements_where(const std::function<bool(const Owner&)>& is_wanted) {
  std::vector<NftElement> found;
  for (const auto family : {NftFamily::inet, NftFamily::bridge}) {
    for (const auto& set : session_.sets(family)) {
      std::ranges::copy_if(session_.elements(family, set), std::back_inserter(found), [&](const NftElement& element) {
        const auto owner = find_owner(element.comment);
        return owner && is_wanted(*owner);
      });
    }
  }
  return found;
}

wiring::ObservedRules Netfilter::find(cni::Tag attachment) {
  const auto own = elements_where([attachment](const Owner& owner) { return owner.attachment == attachment; });
  if (own.empty()) return {};
  return rules_of(own, session_.rules(NftFamily::inet));
}

std::vector<Owner> Netfilter::owners() {
  std::set<Owner> owners;
  elements_where([&](const Owner& owner) {
    owners.insert(owner);
    return false;
  });
  return {owners.begin(), owners.end()};
}

/// Another call may make them anew at this moment.
void Netfilter::drop_tables_of_another_life(const std::string& life) {
  session_.insist([&] {
    const auto now = session_.generation();
    Requests changes;
    for (const auto family : tables_of_another_life(life)) changes.push_back(delete_nft_table(family));
    return session_.commit(std::move(changes), now);
  });
}

void Netfilter::remove(std::span<const wiring::Footprint> batch) {
  std::set<cni::Tag> unlisted;
  for (const auto& footprint : batch) {
    if (footprint.may_have_rules && !footprint.outline) unlisted.insert(footprint.tag);
  }
  std::vector<MappedFlow> flows;
  remove_listed(batch, flows);
  if (!unlisted.empty()) remove_unlisted(unlisted, flows);
  forget_mapped_flows(flows, session_.socket());
}

/// A flow outlives the element that led it, and one of an element that was lost has been led, too.
void Netfilter::remove_listed(std::span<const wiring::Footprint> batch, std::vector<MappedFlow>& flows) {
  std::vector<WantedElement> wanted;
  std::set<std::string> comments;
  for (const auto& footprint : batch) {
    if (!footprint.may_have_rules || !footprint.outline) continue;
    std::ranges::move(elements_of(*footprint.outline), std::back_inserter(wanted));
    comments.insert(to_comment(owner_of(footprint.attachment)));
  }
  if (wanted.empty()) return;
  session_.insist([&] {
    auto existing = session_.look({}, wanted).elements;
    std::erase_if(existing, [&](const NftElement& element) { return !comments.contains(element.comment); });
    return delete_elements(std::move(existing));
  });
  std::ranges::move(mapped_flows(wanted), std::back_inserter(flows));
}

void Netfilter::remove_unlisted(const std::set<cni::Tag>& attachments, std::vector<MappedFlow>& flows) {
  session_.insist([&] {
    auto existing = elements_where([&](const Owner& owner) { return attachments.contains(owner.attachment); });
    for (const auto& element : existing) {
      if (const auto flow = find_mapped_flow(element)) flows.push_back(*flow);
    }
    return delete_elements(std::move(existing));
  });
}

/// Owner elements are in the last transactions. Of an element that two outlines list there is one, and a second
/// deletion of it would be refused.
bool Netfilter::delete_elements(std::vector<NftElement> elements) {
  std::ranges::sort(elements);
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
  std::ranges::stable_partition(elements, [](const NftElement& element) { return element.set != owners_set; });
  for (std::span<const NftElement> rest{elements}; !rest.empty();) {
    const auto piece = rest.first(std::min(rest.size(), most_at_once));
    Requests changes;
    for (const auto& element : piece) changes.push_back(delete_nft_element(element));
    if (!session_.commit(std::move(changes))) return false;
    rest = rest.subspan(piece.size());
  }
  return true;
}

namespace {

bool is_masquerade_of(const std::optional<std::string>& network, const std::string& set) {
  if (!network) return set.starts_with(masquerade_beginning);
  const auto prefix = masquerade_prefix(*network);
  return set.starts_with(prefix) && cni::find_tag(std::string_view{set}.substr(prefix.size()));
}

/// The way to a masquerade, then what it leads to.
void remove_masquerade(const std::string& name, std::span<const FoundRule> rules, Requests& changes) {
  for (const auto& rule : rules) {
    const bool is_entry = rule.chain == networks_chain && rule.comment == entry_comment(name);
    if (is_entry) changes.push_back(delete_nft_rule(NftFamily::inet, rule.chain, rule.handle));
  }
  changes.push_back(delete_nft_chain(NftFamily::inet, name));
  changes.push_back(delete_nft_set(NftFamily::inet, name));
}

/// Bridges with route_localnet, by the chains that stand for them.
std::vector<std::string> opened_bridges(std::span<const NftChain> chains) {
  std::vector<std::string> names;
  for (const auto& chain : chains) {
    if (chain.name.starts_with(loopback_beginning)) names.push_back(chain.comment);
  }
  return names;
}

void route_loopback(const std::vector<std::string>& bridges, bool is_open, NetlinkSocket& host) {
  for (const auto& name : bridges) {
    const auto link = first_link(host.transact(one(get_link(name))));
    if (!link) continue;
    Requests requests;
    requests.push_back(kernel::route_loopback(name, is_open));
    const Device device{name, link->index};
    requests.push_back(is_open ? take_loopback_answers(device) : refuse_loopback_answers(device));
    host.transact(requests);
  }
}

}  // namespace

bool Netfilter::clean_table(NftFamily family, const std::optional<std::string>& network, NetlinkSocket& host) {
  const auto now = session_.generation();
  const auto rules = session_.rules(family);
  Requests changes;
  bool is_empty = true;
  for (const auto& name : session_.sets(family)) {
    const bool is_unused = session_.elements(family, name).empty();
    is_empty = is_empty && is_unused;
    if (is_unused && is_masquerade_of(network, name)) remove_masquerade(name, rules, changes);
  }
  if (!is_empty || rules.empty()) return !changes.empty() && session_.commit(std::move(changes), now);
  const auto bridges = opened_bridges(session_.chains(family));
  route_loopback(bridges, false, host);
  changes.clear();
  changes.push_back(delete_nft_table(family));
  if (session_.commit(std::move(changes), now)) return true;
  route_loopback(bridges, true, host);
  return false;
}

bool Netfilter::clean(const std::optional<std::string>& network, NetlinkSocket& host) {
  const bool is_inet_cleaned = clean_table(NftFamily::inet, network, host);
  return clean_table(NftFamily::bridge, network, host) || is_inet_cleaned;
}

}  // namespace kernel
