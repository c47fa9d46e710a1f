#include "plugin/node/accepted_networks.hpp"

#include "plugin/text/quoted.hpp"

#include <iterator>
#include <optional>

namespace node {
namespace {

using Reason = RejectedNetwork::Reason;

bool is_for_containers(const cni::Prefix& network) {
  const auto first = cni::first_address(network);
  return network.length != 0 && !cni::is_loopback(first) && !cni::is_link_local(first) && !cni::is_multicast(first);
}

/// Disjoint networks, each with the node that has it.
class Networks {
 public:
  /// The node of a network that overlaps with this one; nullopt: there is none, and the network was added.
  std::optional<std::string> add(const cni::Prefix& network, const std::string& node) {
    const auto next = by_first_.lower_bound(cni::first_address(network));
    if (next != by_first_.end() && cni::overlap(next->second.network, network)) return next->second.node;
    if (next != by_first_.begin() && cni::overlap(std::prev(next)->second.network, network))
      return std::prev(next)->second.node;
    by_first_.emplace_hint(next, cni::first_address(network), Owned{network, node});
    return std::nullopt;
  }

 private:
  struct Owned {
    cni::Prefix network;
    std::string node;
  };

  std::map<cni::IpAddress, Owned> by_first_;
};

using NodeAddresses = std::map<cni::IpAddress, std::string>;

NodeAddresses addresses_of(const cluster::Directory& directory) {
  NodeAddresses addresses;
  for (const auto& [name, node] : directory.nodes) {
    for (const auto& address : node.addresses) addresses.emplace(address, name);
  }
  return addresses;
}

std::optional<std::string> node_inside(const NodeAddresses& addresses, const cni::Prefix& network) {
  const auto found = addresses.lower_bound(cni::first_address(network));
  if (found == addresses.end() || !cni::contains(network, found->first)) return std::nullopt;
  return found->second;
}

class Selection {
 public:
  explicit Selection(const cluster::Directory& directory) : addresses_(addresses_of(directory)) {}

  void add(const std::string& node, const std::vector<cni::Prefix>& networks) {
    for (const auto& network : networks) add(node, cni::network_of(network));
  }

  AcceptedNetworks take() { return std::move(selected_); }

 private:
  void add(const std::string& node, const cni::Prefix& network) {
    if (!is_for_containers(network)) {
      selected_.rejected.push_back({node, network, Reason::not_for_containers, {}});
    } else if (auto inside = node_inside(addresses_, network)) {
      selected_.rejected.push_back({node, network, Reason::contains_node, *std::move(inside)});
    } else if (auto other = taken_.add(network, node)) {
      if (*other != node) selected_.rejected.push_back({node, network, Reason::overlaps, *std::move(other)});
    } else {
      selected_.by_node[node].push_back(network);
    }
  }

  NodeAddresses addresses_;
  Networks taken_;
  AcceptedNetworks selected_;
};

std::string reason_text(const RejectedNetwork& rejected) {
  switch (rejected.reason) {
    case Reason::overlaps:
      return " overlaps with a network of node " + text::quoted(rejected.other);
    case Reason::contains_node:
      return " contains an address of node " + text::quoted(rejected.other);
    case Reason::not_for_containers:
      return " contains loopback, link-local or multicast addresses";
  }
  return {};
}

}  // namespace

std::string to_string(const RejectedNetwork& rejected) {
  return "node " + text::quoted(rejected.node) + ": network " + cni::to_string(rejected.network) +
         reason_text(rejected);
}

AcceptedNetworks accepted_networks(const cluster::Directory& directory, const std::string& own_node) {
  const auto networks = cluster::container_networks(directory);
  Selection selection{directory};
  if (const auto own = networks.find(own_node); own != networks.end()) selection.add(own_node, own->second);
  for (const auto& [node, of_node] : networks) {
    if (node != own_node) selection.add(node, of_node);
  }
  return selection.take();
}

}  // namespace node
