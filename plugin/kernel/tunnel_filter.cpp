#include "plugin/kernel/tunnel_filter.hpp"

#include "plugin/kernel/nft_expressions.hpp"
#include "plugin/kernel/nft_objects.hpp"

#include <linux/in.h>
#include <linux/netfilter.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

namespace kernel {
namespace {

using cni::Family;
using Requests = std::vector<NetlinkRequest>;

constexpr auto inet = NftFamily::inet;
constexpr const char* chain_name = "strangers";
constexpr const char* ports_set = "tunnels";

std::string nodes_set(Family family) { return family == Family::ipv4 ? "nodes4" : "nodes6"; }

/// Hook "input": packets that the node forwards to tunnels of other hosts pass.
NftRule rule_for(Family family) {
  return {.chain = chain_name,
          .comment = "not from " + nodes_set(family),
          .expressions = load_protocol(first_register) + load_destination_port(register_after(4)) + is_in(ports_set) +
                         is_family(family) + load_source(family, first_register) + is_not_in(nodes_set(family)) +
                         drop()};
}

Bytes port_key(std::uint16_t port) { return padded(value_of_byte(IPPROTO_UDP)) + padded(value_of_port(port)); }

std::optional<std::uint16_t> find_port(const Bytes& key) {
  constexpr std::size_t high = 4;
  if (key.size() <= high + 1) return std::nullopt;
  const auto byte = [&](std::size_t place) { return static_cast<std::uint8_t>(key[place]); };
  return static_cast<std::uint16_t>(byte(high) << 8U | byte(high + 1));
}

NftKeys keys_of(Family family) { return {.family = inet, .table = nft_node_table, .set = nodes_set(family)}; }

/// The requests for the addresses, up to 1,000 in each.
template <class MakeRequest>
void append_elements(const std::set<cni::IpAddress>& addresses, Requests& requests, MakeRequest make_request) {
  constexpr std::size_t most_in_message = 1000;
  for (const auto family : cni::families) {
    auto elements = keys_of(family);
    for (const auto& address : addresses) {
      if (address.family != family) continue;
      elements.keys.push_back(value_of(address));
      if (elements.keys.size() < most_in_message) continue;
      requests.push_back(make_request(elements));
      elements.keys.clear();
    }
    if (!elements.keys.empty()) requests.push_back(make_request(elements));
  }
}

Requests empty_table(const wiring::TunnelFilter& filter) {
  Requests requests;
  requests.push_back(add_nft_table(inet, nft_node_table));  // so that the deletion succeeds
  requests.push_back(delete_nft_table(inet, nft_node_table));
  requests.push_back(add_nft_table(inet, nft_node_table));
  requests.push_back(add_nft_set(inet, {ports_set, {NftType::inet_proto, NftType::inet_service}}, nft_node_table));
  requests.push_back(add_nft_set(inet, {nodes_set(Family::ipv4), {NftType::ipv4_addr}}, nft_node_table));
  requests.push_back(add_nft_set(inet, {nodes_set(Family::ipv6), {NftType::ipv6_addr}}, nft_node_table));
  NftKeys ports{.family = inet, .table = nft_node_table, .set = ports_set};
  for (const auto port : filter.ports) ports.keys.push_back(port_key(port));
  requests.push_back(add_nft_elements(ports));
  requests.push_back(add_nft_chain(
      inet, {.name = chain_name, .hook = NftHook{"filter", NF_INET_LOCAL_IN, raw_priority}}, nft_node_table));
  return requests;
}

void commit(NetlinkSocket& socket, Requests requests) {
  requests.insert(requests.begin(), begin_transaction());
  requests.push_back(end_transaction());
  const auto answers = socket.commit(requests);
  if (!answers.refusals.empty()) throw refusal_error(answers.refusals.front(), requests);
}

/// A few thousand elements in one transaction: a datagram has to fit the send buffer, which is limited in a user
/// namespace.
void commit_in_parts(NetlinkSocket& socket, Requests requests) {
  constexpr std::ptrdiff_t most_in_transaction = 4;
  auto rest = std::make_move_iterator(requests.begin());
  const auto end = std::make_move_iterator(requests.end());
  while (rest != end) {
    const auto stop = rest + std::min(most_in_transaction, end - rest);
    commit(socket, Requests(rest, stop));
    rest = stop;
  }
}

std::vector<NftElement> elements_of(NetlinkSocket& socket, const std::string& set) {
  std::vector<NftElement> elements;
  for (const auto& message : socket.dump(list_nft_elements(inet, set, nft_node_table))) {
    std::ranges::move(find_nft_elements(message), std::back_inserter(elements));
  }
  return elements;
}

bool has_all_rules(NetlinkSocket& socket) {
  std::vector<FoundRule> found;
  for (const auto& message : socket.dump(list_nft_rules(inet, nft_node_table))) {
    if (auto rule = find_nft_rule(message)) found.push_back(std::move(*rule));
  }
  return std::ranges::all_of(cni::families, [&](Family family) {
    const auto wanted = rule_for(family);
    return std::ranges::any_of(found, [&](const FoundRule& rule) {
      return rule.chain == wanted.chain && matches_expressions(wanted.expressions, rule.expressions);
    });
  });
}

}  // namespace

std::optional<wiring::TunnelFilter> observe_tunnel_filter(NetlinkSocket& socket) {
  const bool has_nftables = socket.send(batch_of(get_nft_generation())).refusals.empty();
  if (!has_nftables || !has_all_rules(socket)) return std::nullopt;
  wiring::TunnelFilter filter;
  for (const auto& element : elements_of(socket, ports_set)) {
    if (const auto port = find_port(element.key)) filter.ports.insert(*port);
  }
  for (const auto family : cni::families) {
    for (const auto& element : elements_of(socket, nodes_set(family))) {
      if (element.key.size() != cni::address_length(family) / 8) continue;
      filter.nodes.insert(cni::from_bytes(family, reinterpret_cast<const std::uint8_t*>(element.key.data())));
    }
  }
  return filter;
}

/// The rules come last, so that no packet of a node is dropped.
void put_tunnel_filter(NetlinkSocket& socket, const wiring::TunnelFilter& filter) {
  commit(socket, empty_table(filter));
  Requests elements;
  append_elements(filter.nodes, elements, add_nft_elements);
  commit_in_parts(socket, std::move(elements));
  Requests rules;
  for (const auto family : cni::families) rules.push_back(append_nft_rule(inet, rule_for(family), nft_node_table));
  commit(socket, std::move(rules));
}

void change_filter_nodes(NetlinkSocket& socket, const std::set<cni::IpAddress>& added,
                         const std::set<cni::IpAddress>& removed) {
  Requests requests;
  append_elements(added, requests, add_nft_elements);
  append_elements(removed, requests, delete_nft_elements);
  commit_in_parts(socket, std::move(requests));
}

void remove_tunnel_filter(NetlinkSocket& socket) {
  Requests requests;
  requests.push_back(add_nft_table(inet, nft_node_table));
  requests.push_back(delete_nft_table(inet, nft_node_table));
  commit(socket, std::move(requests));
}

}  // namespace kernel
