#include "plugin/veth_node/diagnosis/reachability.hpp"

#include "plugin/node/accepted_networks.hpp"
#include "plugin/veth_node/diagnosis/network_faults.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

namespace diagnosis {
namespace {

using inspect::Finding;
using inspect::Severity;
using Kind = kernel::ProbeAnswer::Kind;

bool is_answered(const TestedPath& tested) { return tested.answer.kind == Kind::answered; }
bool is_tunnel(const TestedPath& tested) { return tested.path.tunnel_port != 0; }

class Planner {
 public:
  explicit Planner(const Examination& examination)
      : examination_(examination),
        directory_(examination.store.directory),
        networks_(node::accepted_networks(directory_, examination.config.node).by_node),
        without_routes_(nodes_without_routes(examination)) {}

  std::vector<Path> run() {
    const auto own = directory_.nodes.find(examination_.config.node);
    if (own == directory_.nodes.end()) return {};
    std::size_t count = 0;
    for (const auto& [name, node] : directory_.nodes) {
      if (name == own->first) continue;
      if (++count > most_tested_nodes) break;
      add_underlay(name, node, own->second);
      add_tunnels(name, node);
    }
    return std::move(paths_);
  }

 private:
  void add_underlay(const std::string& name, const cluster::Node& node, const cluster::Node& own) {
    for (const auto& address : node.addresses) {
      const bool has_family =
          std::ranges::find(own.addresses, address.family, &cni::IpAddress::family) != own.addresses.end();
      if (has_family) paths_.push_back({.node = name, .destination = address});
    }
  }

  void add_tunnels(const std::string& name, const cluster::Node& node) {
    const auto networks = networks_.find(name);
    const bool has_own_address = node.pod_networks.empty() && networks != networks_.end();
    if (!has_own_address || without_routes_.contains(name)) return;
    for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
      const auto first = std::ranges::find_if(
          networks->second, [&](const cni::Prefix& prefix) { return prefix.address.family == family; });
      if (first == networks->second.end()) continue;
      if (const auto port = find_port(*first)) {
        paths_.push_back({.node = name, .destination = cni::first_address(*first), .tunnel_port = *port});
      }
    }
  }

  /// nullopt if the route to the network is not through a tunnel that the kernel has.
  std::optional<std::uint16_t> find_port(const cni::Prefix& network) const {
    const auto& wanted = examination_.kernel.wanted;
    const auto route = wanted.routes.find(network);
    if (route == wanted.routes.end()) return std::nullopt;
    const auto hop = wanted.next_hops.find(route->second.next_hop);
    if (hop == wanted.next_hops.end() || !hop->second.tunnel) return std::nullopt;
    const auto tunnel = wanted.tunnels.find(hop->second.device);
    const auto observed = examination_.kernel.observed.tunnels.find(hop->second.device);
    const bool exists = tunnel != wanted.tunnels.end() && observed != examination_.kernel.observed.tunnels.end();
    return exists && observed->second.is_up ? std::optional{tunnel->second.port} : std::nullopt;
  }

  const Examination& examination_;
  const cluster::Directory& directory_;
  std::map<std::string, std::vector<cni::Prefix>> networks_;
  std::set<std::string> without_routes_;
  std::vector<Path> paths_{};
};

/// The sizes between which the largest packet that arrives is searched.
struct Interval {
  std::uint32_t arrived = 0;
  std::uint32_t lost = 0;

  std::uint32_t step() const {
    constexpr std::uint32_t parts = 32;
    return std::max((lost - arrived) / parts, 1U);
  }
};

/// The smallest packet that each path must transport: RFC 791 and RFC 8200.
std::uint32_t least_bytes(const Path& path) {
  constexpr std::uint32_t of_ipv4 = 68;
  constexpr std::uint32_t of_ipv6 = 1280;
  return path.destination.family == cni::Family::ipv4 ? of_ipv4 : of_ipv6;
}

/// Sends packets of many sizes on each path, and narrows its interval.
void narrow(std::map<TestedPath*, Interval>& intervals, const Exchange& exchange) {
  std::vector<kernel::EchoRequest> requests;
  std::vector<TestedPath*> owners;
  for (const auto& [tested, interval] : intervals) {
    for (auto bytes = interval.arrived + interval.step(); bytes < interval.lost; bytes += interval.step()) {
      requests.push_back({.destination = tested->path.destination, .ip_bytes = bytes});
      owners.push_back(tested);
    }
  }
  if (requests.empty()) return;
  const auto answers = exchange(requests, {.may_fragment = false});
  for (std::size_t i = 0; i < requests.size(); ++i) {
    auto& interval = intervals[owners[i]];
    const auto bytes = requests[i].ip_bytes;
    if (answers[i].kind == Kind::answered) interval.arrived = std::max(interval.arrived, bytes);
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    auto& interval = intervals[owners[i]];
    const auto bytes = requests[i].ip_bytes;
    if (bytes > interval.arrived) interval.lost = std::min(interval.lost, bytes);
  }
}

/// Finds the largest packet that arrives for the first few paths: usually the cause is the same for all.
void search_largest(std::vector<TestedPath>& all, const Exchange& exchange) {
  constexpr std::size_t most_paths = 32;
  std::map<TestedPath*, Interval> intervals;
  for (auto& tested : all) {
    const bool is_lost = tested.full_answer && tested.full_answer->kind == Kind::lost;
    if (is_lost && intervals.size() < most_paths) {
      intervals[&tested] = {.arrived = std::min(least_bytes(tested.path), tested.full_bytes),
                            .lost = tested.full_bytes};
    }
  }
  constexpr int rounds = 2;
  for (int round = 0; round < rounds; ++round) narrow(intervals, exchange);
  for (const auto& [tested, interval] : intervals) tested->largest = interval.arrived;
}

std::uint32_t full_bytes_of(const veth_node::NetworkState& kernel) {
  return wiring::least_mtu(kernel.wanted).value_or(kernel.underlay_mtu);
}

void test_full_packets(std::vector<TestedPath>& all, std::uint32_t full_bytes, const Exchange& exchange) {
  std::vector<kernel::EchoRequest> requests;
  std::vector<TestedPath*> owners;
  for (auto& tested : all) {
    tested.full_bytes = full_bytes;
    if (!is_answered(tested)) continue;
    requests.push_back({.destination = tested.path.destination, .ip_bytes = full_bytes});
    owners.push_back(&tested);
  }
  if (requests.empty()) return;
  const auto answers = exchange(requests, {.may_fragment = false});
  for (std::size_t i = 0; i < owners.size(); ++i) {
    owners[i]->full_answer = answers[i];
    owners[i]->largest = answers[i].kind == Kind::answered ? full_bytes : answers[i].mtu;
  }
}

/// "node2 at 192.0.2.2 (No route to host, reported by 192.0.2.9)"
std::string location_of(const TestedPath& tested) {
  auto text = tested.path.node + " at " + cni::to_string(tested.path.destination);
  const auto& answer = tested.answer;
  if (answer.error == 0) return text;
  text += std::string{" ("} + std::strerror(answer.error);
  if (answer.reporter) text += ", reported by " + cni::to_string(*answer.reporter);
  return text + ')';
}

struct NodePaths {
  std::vector<const TestedPath*> direct{};
  std::vector<const TestedPath*> tunnels{};
};

bool has_answer(const std::vector<const TestedPath*>& paths) {
  return std::ranges::any_of(paths, [](const TestedPath* tested) { return is_answered(*tested); });
}

void add_unanswered(const std::vector<const TestedPath*>& paths, std::vector<std::string>& where) {
  for (const auto* tested : paths) {
    if (!is_answered(*tested)) where.push_back(location_of(*tested));
  }
}

/// A node that answers in a tunnel is reached, even if a firewall drops echo requests to its address in the underlay.
class LostPackets {
 public:
  explicit LostPackets(const std::vector<TestedPath>& all) {
    std::map<std::string, NodePaths> by_node;
    for (const auto& tested : all) {
      auto& paths = by_node[tested.path.node];
      (is_tunnel(tested) ? paths.tunnels : paths.direct).push_back(&tested);
    }
    for (const auto& [node, paths] : by_node) add(paths);
  }

  std::vector<Finding> findings() {
    std::vector<Finding> findings;
    if (!silent_.empty()) {
      findings.push_back({.what = "nodes do not answer echo requests: they are down, or a firewall drops the packets",
                          .where = silent_,
                          .remedy = "start the nodes, or allow packets between all nodes; `veth-node forget NODE` "
                                    "removes a node that is gone for ever"});
    }
    for (auto& [port, where] : in_tunnel_) {
      const auto udp = "UDP port " + std::to_string(port);
      findings.push_back({.what = "nodes answer at their own addresses, but not through the tunnel: " + udp +
                                  " is dropped between the nodes, or `veth-node run` does not run there",
                          .where = std::move(where),
                          .remedy = "allow " + udp +
                                    " between all nodes in their firewalls and in the security groups "
                                    "of the cloud, and run `veth-node check` on these nodes"});
    }
    return findings;
  }

 private:
  void add(const NodePaths& paths) {
    const bool is_up = has_answer(paths.direct);
    const bool is_reached = has_answer(paths.tunnels);
    if (!is_up && !is_reached) return add_unanswered(paths.direct, silent_);
    if (is_up && paths.tunnels.empty()) add_unanswered(paths.direct, silent_);
    for (const auto* tested : paths.tunnels) {
      if (!is_answered(*tested)) in_tunnel_[tested->path.tunnel_port].push_back(location_of(*tested));
    }
  }

  std::vector<std::string> silent_{};
  std::map<std::uint16_t, std::vector<std::string>> in_tunnel_{};
};

/// The least size decides: all containers have one MTU.
std::vector<Finding> find_mtu_faults(const std::vector<TestedPath>& all, std::uint32_t underlay_mtu) {
  std::vector<std::string> where;
  std::uint32_t least = 0;
  std::uint32_t full = 0;
  bool is_lost = false;
  for (const auto& tested : all) {
    if (!tested.full_answer || tested.full_answer->kind == Kind::answered) continue;
    where.push_back(tested.path.node + " at " + cni::to_string(tested.path.destination));
    is_lost = is_lost || tested.full_answer->kind != Kind::too_big;
    full = tested.full_bytes;
    if (tested.largest != 0) least = least == 0 ? tested.largest : std::min(least, tested.largest);
  }
  if (where.empty()) return {};
  const auto path_mtu = std::to_string(least + (underlay_mtu - std::min(underlay_mtu, full)));
  return {{.severity = is_lost ? Severity::fault : Severity::warning,
           .what = "packets of more than " + std::to_string(least) + " bytes to nodes are lost, but containers send " +
                   std::to_string(full) + ": the path has a smaller MTU than the interface of this node, " +
                   std::to_string(underlay_mtu),
           .where = std::move(where),
           .remedy = "set the MTU of the path to " + std::to_string(underlay_mtu) + ", or that of the interfaces of " +
                     "all nodes to " + path_mtu + " (ip link set DEVICE mtu " + path_mtu +
                     "), and start the containers again; or set \"mtu\": " + std::to_string(least) +
                     " in the network configuration"}};
}

}  // namespace

std::vector<Path> paths_to_nodes(const Examination& examination) { return Planner{examination}.run(); }

std::vector<TestedPath> test_paths(const std::vector<Path>& paths, const veth_node::NetworkState& kernel,
                                   const Exchange& exchange) {
  std::vector<kernel::EchoRequest> requests;
  requests.reserve(paths.size());
  for (const auto& path : paths) requests.push_back({.destination = path.destination});
  const auto answers = exchange(requests, {});
  std::vector<TestedPath> all;
  all.reserve(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) all.push_back({.path = paths[i], .answer = answers[i]});
  test_full_packets(all, full_bytes_of(kernel), exchange);
  search_largest(all, exchange);
  return all;
}

std::vector<Finding> find_reachability_faults(const Examination& examination) {
  if (!examination.why_untested.empty()) {
    return {{.severity = Severity::note,
             .what = "it was not tested whether the other nodes answer: " + examination.why_untested,
             .remedy = "run the command as root on the host, or with CAP_NET_RAW"}};
  }
  auto findings = LostPackets{examination.paths}.findings();
  for (auto& finding : find_mtu_faults(examination.paths, examination.kernel.underlay_mtu)) {
    findings.push_back(std::move(finding));
  }
  if (examination.store.directory.nodes.size() > most_tested_nodes + 1) {
    findings.push_back({.severity = Severity::note,
                        .what = "only the first " + std::to_string(most_tested_nodes) + " nodes were tested",
                        .remedy = "run the command on other nodes, too"});
  }
  return findings;
}

}  // namespace diagnosis
