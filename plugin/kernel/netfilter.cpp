#include "plugin/kernel/netfilter.hpp"

#include "plugin/kernel/conntrack.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/wiring/port_mapping.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace kernel {
namespace {

using Requests = std::vector<NetlinkRequest>;

/// One transaction is one datagram. The buffers of the socket have room for this many elements and their refusals.
constexpr std::size_t most_elements_at_once = 200;

std::string table_name(NftFamily family) { return "table " + full_name(family, nft_table); }

std::string full_name(const NeededPart& part) { return kernel::full_name(part.family, part.chain); }

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

auto set_and_key(const NftElement& element) { return std::tie(element.family, element.set, element.key); }

/// `elements` are in ascending order.
const NftElement* find_by_key(std::span<const NftElement> elements, const NftElement& wanted) {
  const auto found = std::ranges::lower_bound(elements, set_and_key(wanted), {}, set_and_key);
  return found == elements.end() || set_and_key(*found) != set_and_key(wanted) ? nullptr : &*found;
}

/// An element of the attachment has its comment. Another element with the same key belongs to a container that no
/// longer exists, or in a port map to another attachment.
std::optional<HostPortConflict> find_conflict(std::span<const WantedElement> wanted,
                                              std::span<const NftElement> existing, const TakesPortOver& takes_over) {
  for (const auto& [element, description, mapping] : wanted) {
    const auto* existing_element = mapping ? find_by_key(existing, element) : nullptr;
    if (existing_element == nullptr || existing_element->comment == element.comment) continue;
    const auto owner = find_owner(existing_element->comment);
    if (owner && takes_over && takes_over(owner->attachment)) continue;
    return HostPortConflict{wiring::host_port_text(*mapping), owner ? std::optional{owner->attachment} : std::nullopt};
  }
  return std::nullopt;
}

/// A port that is mapped on all host addresses is in use on each of them. These are the same mappings without their
/// host addresses.
std::vector<WantedElement> without_host_addresses(std::span<const WantedElement> wanted) {
  std::vector<WantedElement> for_all;
  for (const auto& each : wanted) {
    if (!each.mapping || !each.mapping->host_address) continue;
    for_all.push_back(each);
    for_all.back().element = port_element(*each.mapping, false);
    for_all.back().element.comment = each.element.comment;
  }
  return for_all;
}

void add_sets_and_chains(NftFamily family, const TablePart& part, std::span<const NftChain> chains,
                         Requests& requests) {
  for (const auto& set : part.sets) requests.push_back(add_nft_set(family, set));
  for (const auto& chain : chains) requests.push_back(add_nft_chain(family, chain));
}

TablePart describe(const NeededPart& needed, const std::string& instance) {
  auto part = needed.describe();
  if (is_first_part(needed)) part.chains.front().comment = instance;
  return part;
}

/// The first chain is created with NLM_F_EXCL: if two processes find the part missing, the second transaction fails and
/// adds no rule twice.
void create(const NeededPart& needed, const std::string& instance, Requests& requests) {
  const auto part = describe(needed, instance);
  if (is_first_part(needed)) requests.push_back(add_nft_table(needed.family));
  requests.push_back(create_nft_chain(needed.family, part.chains.front()));
  add_sets_and_chains(needed.family, part, std::span{part.chains}.subspan(1), requests);
  for (const auto& rule : part.rules) requests.push_back(append_nft_rule(needed.family, rule));
}

void erase_table(NftFamily family, NftState& state) {
  const auto prefix = kernel::full_name(family, "");
  std::erase_if(state.chains, [&](const std::string& name) { return name.starts_with(prefix); });
  std::erase_if(state.elements, [&](const NftElement& element) { return element.family == family; });
}

void create(const NftElement& element, const NftElement* existing_element, Requests& requests) {
  if (existing_element != nullptr && *existing_element == element) return;
  if (existing_element != nullptr) requests.push_back(delete_nft_element(*existing_element));
  requests.push_back(create_nft_element(element));
}

std::vector<MappedPort> mapped_ports(std::span<const WantedElement> wanted) {
  std::vector<MappedPort> ports;
  for (const auto& each : wanted) {
    if (const auto port = find_mapped_port(each.element)) ports.push_back(*port);
  }
  return ports;
}

bool has_same_key(const FoundRule& other, const NftRule& rule) {
  return other.chain == rule.chain && other.comment == rule.comment;
}

bool is_present(const NftRule& rule, std::span<const FoundRule> found) {
  return std::any_of(found.begin(), found.end(), [&](const FoundRule& other) {
    return has_same_key(other, rule) && matches_expressions(rule.expressions, other.expressions);
  });
}

std::vector<NftRule> missing_rules(const TablePart& part, std::span<const FoundRule> found) {
  std::vector<NftRule> missing;
  std::ranges::copy_if(part.rules, std::back_inserter(missing),
                       [&](const NftRule& rule) { return !is_present(rule, found); });
  return missing;
}

bool has_missing_rule(const std::string& chain, std::span<const NftRule> missing) {
  return std::any_of(missing.begin(), missing.end(), [&](const NftRule& rule) { return rule.chain == chain; });
}

/// For a rule in a chain of another part. Deletes a changed rule with the same comment.
void replace(NftFamily family, const NftRule& rule, std::span<const FoundRule> found, Requests& requests) {
  for (const auto& other : found) {
    if (has_same_key(other, rule)) requests.push_back(delete_nft_rule(family, rule.chain, other.handle));
  }
  requests.push_back(append_nft_rule(family, rule));
}

/// Own chains of the part are flushed and filled again, since their rules have an order. Rules in chains of other parts
/// are appended there.
void add_missing_rules(NftFamily family, const TablePart& part, std::span<const FoundRule> found, Requests& requests) {
  const auto missing = missing_rules(part, found);
  if (missing.empty()) return;
  add_sets_and_chains(family, part, part.chains, requests);
  for (const auto& chain : part.chains) {
    if (!has_missing_rule(chain.name, missing)) continue;
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

std::string description_of(const NeededPart& part) {
  const auto table = table_name(part.family);
  return is_first_part(part) ? table : "chain \"" + part.chain + "\" of " + table;
}

std::string description_of(const NftRule& rule, NftFamily family) {
  return "rule \"" + rule.comment + "\" of chain \"" + rule.chain + "\" of " + table_name(family);
}

bool is_masquerade_of(const std::optional<std::string>& network, const std::string& set) {
  if (!network) return set.starts_with(masquerade_chain_prefix);
  const auto prefix = masquerade_prefix(*network);
  return set.starts_with(prefix) && cni::find_tag(std::string_view{set}.substr(prefix.size()));
}

/// Deletes the rule that jumps to the masquerade chain first: the kernel does not delete a chain that is in use
/// (EBUSY).
void remove_masquerade(const std::string& name, std::span<const FoundRule> rules, Requests& changes) {
  for (const auto& rule : rules) {
    const bool is_jump = rule.chain == networks_chain && rule.comment == entry_comment(name);
    if (is_jump) changes.push_back(delete_nft_rule(NftFamily::inet, rule.chain, rule.handle));
  }
  changes.push_back(delete_nft_chain(NftFamily::inet, name));
  changes.push_back(delete_nft_set(NftFamily::inet, name));
}

/// Bridges with route_localnet, by the chains that record them.
std::vector<std::string> bridges_with_route_localnet(std::span<const NftChain> chains) {
  std::vector<std::string> names;
  for (const auto& chain : chains) {
    if (chain.name.starts_with(loopback_chain_prefix)) names.push_back(chain.comment);
  }
  return names;
}

void set_route_localnet_of_bridges(const std::vector<std::string>& bridges, bool enabled, NetlinkSocket& host) {
  for (const auto& name : bridges) {
    const auto link = first_link(host.send_or_throw(get_link(name)));
    if (!link) continue;
    Requests requests;
    requests.push_back(enabled ? set_route_localnet_of_bridge(name) : kernel::set_route_localnet(name, false));
    const Device device{name, link->index};
    requests.push_back(enabled ? add_loopback_route(device) : delete_loopback_route(device));
    host.send_or_throw(requests);
  }
}

/// clean() of another process may have closed the loopback addresses of the bridge together with the table.
void open_loopback_of_bridge(const wiring::Wiring& wiring, NetlinkSocket& host) {
  const bool has_ipv4 = wiring::maps_loopback(wiring, cni::Family::ipv4);
  const bool has_ipv6 = wiring::maps_loopback(wiring, cni::Family::ipv6);
  if (!wiring.bridge || (!has_ipv4 && !has_ipv6)) return;
  const auto name = wiring::host_side_interface(wiring);
  const auto link = first_link(host.send_or_throw(get_link(name)));
  if (!link) return;
  Requests requests;
  if (has_ipv4) requests.push_back(set_route_localnet_of_bridge(name));
  if (has_ipv6) requests.push_back(add_loopback_route({name, link->index}));
  host.send_or_throw(requests);
}

}  // namespace

Conflict to_conflict(const HostPortConflict& taken) {
  return {.kind = Conflict::Kind::host_port, .host_port = taken.host_port, .holder = taken.holder};
}

void Netfilter::require() { session_.socket().send_or_throw(get_nft_generation()); }

/// What one call needs in the tables.
struct Netfilter::Wanted {
  const std::vector<NeededPart>& parts;
  const std::vector<WantedElement>& elements;
  const std::string& instance;
  const TakesPortOver& takes_over;
};

/// The first requests of a transaction, and the state on which they are based.
struct Netfilter::TransactionPlan {
  NftState state{};                           ///< what exists, without the tables that `changes` deletes
  std::vector<NetlinkRequest> changes{};      ///< delete each stale table
  std::optional<std::uint32_t> generation{};  ///< in which the state was read; nullopt: there is no stale table
};

/// If two calls find the same stale table, the second must not delete the table that the first has created: the
/// transaction is committed only in the generation that was read before the query.
Netfilter::TransactionPlan Netfilter::plan_transaction(const Wanted& wanted) {
  auto state = session_.query(wanted.parts, wanted.elements);
  const bool is_own =
      std::ranges::all_of(state.instances, [&](const auto& table) { return table.second == wanted.instance; });
  if (is_own) return {.state = std::move(state)};
  TransactionPlan plan{.generation = session_.generation()};
  plan.state = session_.query(wanted.parts, wanted.elements);
  for (const auto family : stale_tables(wanted.instance)) {
    plan.changes.push_back(delete_nft_table(family));
    erase_table(family, plan.state);
  }
  return plan;
}

std::vector<NftFamily> Netfilter::stale_tables(const std::string& instance) {
  std::vector<NftFamily> families;
  for (const auto family : {NftFamily::inet, NftFamily::bridge}) {
    const auto chains = session_.chains(family);
    const auto first = std::ranges::find(chains, instance_chain(family), &NftChain::name);
    if (first != chains.end() && first->comment != instance) families.push_back(family);
  }
  return families;
}

std::optional<HostPortConflict> Netfilter::prepare(const wiring::Wiring& wiring, const std::string& instance,
                                                   const TakesPortOver& takes_over) {
  const auto parts = parts_of(wiring);
  auto elements = elements_of(wiring);
  std::ranges::move(without_host_addresses(elements), std::back_inserter(elements));
  std::optional<HostPortConflict> conflict;
  session_.retry_on_conflict([&] { return prepare_once({parts, elements, instance, takes_over}, conflict); });
  return conflict;
}

bool Netfilter::prepare_once(const Wanted& wanted, std::optional<HostPortConflict>& conflict) {
  auto [state, changes, generation] = plan_transaction(wanted);
  conflict = find_conflict(wanted.elements, state.elements, wanted.takes_over);
  if (conflict) return true;
  for (const auto& part : wanted.parts) {
    if (contains(state.chains, full_name(part))) continue;
    if (!commit_if_full(changes, generation)) return false;
    create(part, wanted.instance, changes);
  }
  return session_.commit(std::move(changes), generation);
}

/// Thousands of rules and elements are divided into several transactions. Returns false as NftSession::commit().
bool Netfilter::commit_if_full(Requests& changes, std::optional<std::uint32_t>& generation) {
  if (changes.size() < most_elements_at_once) return true;
  return session_.commit(std::exchange(changes, {}), std::exchange(generation, {}));
}

/// Each part is created completely by one transaction, and the elements after all parts. If one of several transactions
/// fails, the next query finds what is missing.
bool Netfilter::build_once(const Wanted& wanted, RulesBuilt& built) {
  auto [state, changes, generation] = plan_transaction(wanted);
  built = {.conflict = find_conflict(wanted.elements, state.elements, wanted.takes_over),
           .has_new_parts = built.has_new_parts};
  if (built.conflict) return true;
  for (const auto& part : wanted.parts) {
    const bool is_complete =
        !is_first_part(part) || contains(state.chains, kernel::full_name(part.family, complete_chain));
    built.has_missing_rules = built.has_missing_rules || !is_complete;
    if (contains(state.chains, full_name(part))) continue;
    if (!commit_if_full(changes, generation)) return false;
    create(part, wanted.instance, changes);
    built.has_new_parts = true;
  }
  for (const auto& each : wanted.elements) {
    if (!commit_if_full(changes, generation)) return false;
    create(each.element, find_by_key(state.elements, each.element), changes);
  }
  return session_.commit(std::move(changes), generation);
}

RulesBuilt Netfilter::build(const wiring::Wiring& wiring, const std::string& instance, NetlinkSocket& host,
                            const TakesPortOver& takes_over) {
  const auto elements = elements_of(wiring);
  if (elements.empty()) return {};
  const auto parts = parts_of(wiring);
  RulesBuilt built;
  session_.retry_on_conflict([&] { return build_once({parts, elements, instance, takes_over}, built); });
  if (built.conflict) return built;
  if (built.has_new_parts) open_loopback_of_bridge(wiring, host);
  delete_flows_to_host_ports(mapped_ports(elements), session_.socket());
  return built;
}

void Netfilter::mark_complete(const wiring::Wiring& wiring) {
  Requests changes;
  for (const auto& part : parts_of(wiring)) {
    if (is_first_part(part)) changes.push_back(add_nft_chain(part.family, {complete_chain}));
  }
  session_.commit(std::move(changes));
}

void Netfilter::restore_chains(std::span<const NeededPart> parts, const std::string& instance) {
  for (const auto& needed : parts) {
    session_.retry_on_conflict([&] {
      const auto generation = session_.generation();
      Requests changes;
      add_missing_rules(needed.family, describe(needed, instance), session_.rules(needed.family), changes);
      return session_.commit(std::move(changes), generation);
    });
  }
}

std::optional<HostPortConflict> Netfilter::repair(const wiring::Wiring& wiring, const std::string& instance,
                                                  NetlinkSocket& host) {
  const auto built = build(wiring, instance, host);
  if (!built.conflict) restore_chains(parts_of(wiring), instance);
  return built.conflict;
}

std::vector<std::string> Netfilter::missing(const wiring::Wiring& wiring) {
  const auto parts = parts_of(wiring);
  const auto wanted = elements_of(wiring);
  const auto state = session_.query(parts, wanted);
  std::map<NftFamily, std::vector<FoundRule>> found;
  for (const auto& part : parts) found.try_emplace(part.family);
  for (auto& [family, rules_found] : found) rules_found = session_.rules(family);
  std::vector<std::string> descriptions;
  for (const auto& needed : parts) {
    const bool exists = contains(state.chains, full_name(needed));
    if (!exists) descriptions.push_back(description_of(needed));
    const auto missing = exists ? missing_rules(needed.describe(), found[needed.family]) : std::vector<NftRule>{};
    for (const auto& rule : missing) descriptions.push_back(description_of(rule, needed.family));
  }
  for (const auto& each : wanted) {
    const auto* existing_element = find_by_key(state.elements, each.element);
    if (existing_element == nullptr || *existing_element != each.element) descriptions.push_back(each.description);
  }
  return descriptions;
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

/// Commits only in the generation that was read: another call may create the tables again at the same time.
void Netfilter::delete_stale_tables(const std::string& instance) {
  session_.retry_on_conflict([&] {
    const auto generation = session_.generation();
    Requests changes;
    for (const auto family : stale_tables(instance)) changes.push_back(delete_nft_table(family));
    return session_.commit(std::move(changes), generation);
  });
}

void Netfilter::remove(std::span<const wiring::Footprint> batch) {
  std::set<cni::Tag> unlisted;
  for (const auto& footprint : batch) {
    if (footprint.may_have_rules && !footprint.partial_wiring) unlisted.insert(footprint.tag);
  }
  std::vector<MappedPort> ports;
  remove_known(batch, ports);
  if (!unlisted.empty()) remove_by_owner(unlisted, ports);
  delete_flows_to_containers(ports, session_.socket());
}

/// A flow outlives its element, so flows are also deleted for elements that no longer exist.
void Netfilter::remove_known(std::span<const wiring::Footprint> batch, std::vector<MappedPort>& ports) {
  std::vector<WantedElement> wanted;
  std::set<std::string> comments;
  for (const auto& footprint : batch) {
    if (!footprint.may_have_rules || !footprint.partial_wiring) continue;
    std::ranges::move(elements_of(*footprint.partial_wiring), std::back_inserter(wanted));
    comments.insert(to_comment(owner_of(footprint.attachment)));
  }
  if (wanted.empty()) return;
  session_.retry_on_conflict([&] {
    auto existing = session_.query({}, wanted).elements;
    std::erase_if(existing, [&](const NftElement& element) { return !comments.contains(element.comment); });
    return delete_elements(std::move(existing));
  });
  std::ranges::move(mapped_ports(wanted), std::back_inserter(ports));
}

void Netfilter::remove_by_owner(const std::set<cni::Tag>& attachments, std::vector<MappedPort>& ports) {
  session_.retry_on_conflict([&] {
    auto existing = elements_where([&](const Owner& owner) { return attachments.contains(owner.attachment); });
    for (const auto& element : existing) {
      if (const auto port = find_mapped_port(element)) ports.push_back(*port);
    }
    return delete_elements(std::move(existing));
  });
}

/// Owner elements are in the last transactions. Two wirings may contain the same element; a second deletion of it
/// would fail with ENOENT and abort the transaction.
bool Netfilter::delete_elements(std::vector<NftElement> elements) {
  std::ranges::sort(elements);
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
  std::stable_partition(elements.begin(), elements.end(),
                        [](const NftElement& element) { return element.set != owners_set; });
  for (std::span<const NftElement> rest{elements}; !rest.empty();) {
    const auto chunk = rest.first(std::min(rest.size(), most_elements_at_once));
    Requests changes;
    for (const auto& element : chunk) changes.push_back(delete_nft_element(element));
    if (!session_.commit(std::move(changes))) return false;
    rest = rest.subspan(chunk.size());
  }
  return true;
}

void Netfilter::remove_unused_masquerades(const std::set<std::string>& networks) {
  constexpr int attempts = 10;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (remove_unused_masquerades_once(networks)) return;
  }
}

/// Commits only in the generation that was read: another ADD of the network may add an element.
bool Netfilter::remove_unused_masquerades_once(const std::set<std::string>& networks) {
  const auto generation = session_.generation();
  auto names = session_.sets(NftFamily::inet);
  std::erase_if(names, [&](const std::string& name) {
    return std::ranges::none_of(networks, [&](const auto& network) { return is_masquerade_of(network, name); }) ||
           !session_.elements(NftFamily::inet, name).empty();
  });
  if (names.empty()) return true;
  const auto rules = session_.rules(NftFamily::inet);
  Requests changes;
  for (const auto& name : names) remove_masquerade(name, rules, changes);
  return session_.commit(std::move(changes), generation);
}

bool Netfilter::clean_table(NftFamily family, const std::optional<std::string>& network, NetlinkSocket& host) {
  const auto generation = session_.generation();
  const auto rules = session_.rules(family);
  Requests changes;
  bool is_empty = true;
  for (const auto& name : session_.sets(family)) {
    const bool is_unused = session_.elements(family, name).empty();
    is_empty = is_empty && is_unused;
    if (is_unused && is_masquerade_of(network, name)) remove_masquerade(name, rules, changes);
  }
  if (!is_empty || rules.empty()) return !changes.empty() && session_.commit(std::move(changes), generation);
  const auto bridges = bridges_with_route_localnet(session_.chains(family));
  set_route_localnet_of_bridges(bridges, false, host);
  changes.clear();
  changes.push_back(delete_nft_table(family));
  if (session_.commit(std::move(changes), generation)) return true;
  set_route_localnet_of_bridges(bridges, true, host);
  return false;
}

bool Netfilter::clean(const std::optional<std::string>& network, NetlinkSocket& host) {
  const bool is_inet_cleaned = clean_table(NftFamily::inet, network, host);
  return clean_table(NftFamily::bridge, network, host) || is_inet_cleaned;
}

}  // namespace kernel
