#include "integration/cluster/support/cluster_of_nodes.hpp"

#include "integration/support/command.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/sysctl.hpp"
#include "plugin/kernel/underlay.hpp"
#include "plugin/node/plan.hpp"

#include <stdexcept>

namespace cluster_support {
namespace {

using support::Namespace;

std::string text(int number) { return std::to_string(number); }

/// IPv6 addresses are usable at once.
void prepare(const Namespace& netns) {
  for (const char* name : {"ipv6/conf/all/accept_dad", "ipv6/conf/default/accept_dad", "ipv6/conf/default/accept_ra"}) {
    support::set_sysctl(netns, name, "0");
  }
  support::run_ip(netns, {"link", "set", "lo", "up"});
}

void forward(const Namespace& netns) {
  support::set_sysctl(netns, "ipv4/ip_forward", "1");
  support::set_sysctl(netns, "ipv6/conf/all/forwarding", "1");
}

cni::Prefix prefix(const std::string& written) { return *cni::find_prefix(written); }

std::vector<cni::IpAddress> addresses_of_other_nodes(const cluster::Directory& directory, const std::string& own) {
  std::vector<cni::IpAddress> addresses;
  for (const auto& [name, node] : directory.nodes) {
    if (name != own) addresses.insert(addresses.end(), node.addresses.begin(), node.addresses.end());
  }
  return addresses;
}

}  // namespace

void run_ip_lines(const Namespace& netns, const std::vector<std::string>& lines) {
  std::string input;
  for (const auto& line : lines) input += line + '\n';
  const auto outcome = support::run({.argv = {"ip", "-batch", "-"}, .input = input, .inside = &netns});
  if (outcome.exit != 0) throw std::runtime_error("ip in " + netns.path() + ": " + outcome.err + input);
}

void connect(const Cable& cable) {
  run_ip_lines(cable.left, {"link add " + cable.left_name + " type veth peer name " + cable.right_name + " netns " +
                                cable.right.path(),
                            "link set " + cable.left_name + " up"});
  support::run_ip(cable.right, {"link", "set", cable.right_name, "up"});
}

ClusterNode::ClusterNode(int node_number)
    : number(node_number), name("node" + text(node_number)), netns(name), pod("pod" + text(node_number)) {}

ClusterOfNodes::ClusterOfNodes(int count, const Wire& wire) : wire_kind_(wire) {
  prepare(wire_);
  if (wire.has_router) forward(wire_);
  if (!wire.has_router) run_ip_lines(wire_, {"link add br0 type bridge", "link set br0 up"});
  directory.pools["default"] = {.prefixes = {prefix("10.244.0.0/16"), prefix("fd00:244::/112")}, .block_bits = 8};
  for (int number = 1; number <= count; ++number) {
    const auto& node = *nodes_.emplace_back(std::make_unique<ClusterNode>(number));
    prepare(node.netns);
    forward(node.netns);
    prepare(node.pod);
    wire.has_router ? connect_to_router(node) : connect_to_bridge(node);
    add_pod(node);
    register_node(node);
  }
}

std::string ClusterOfNodes::node_address(int number, int family) const {
  if (!wire_kind_.has_router) return (family == 4 ? "192.0.2." : "fd00:2::") + text(number);
  return family == 4 ? "192.0.2." + text(4 * number + 2) : "fd00:2:" + text(number) + "::2";
}

std::string ClusterOfNodes::pod_address(int number, int family) {
  return family == 4 ? "10.244." + text(number) + ".2" : "fd00:244::" + text(number) + "02";
}

void ClusterOfNodes::connect_to_bridge(const ClusterNode& node) {
  const auto port = "w" + text(node.number);
  connect({node.netns, "und0", wire_, port});
  support::run_ip(wire_, {"link", "set", port, "master", "br0"});
  if (wire_kind_.has_ipv4) run_ip_lines(node.netns, {"address add " + node_address(node.number, 4) + "/24 dev und0"});
  if (wire_kind_.has_ipv6)
    run_ip_lines(node.netns, {"address add " + node_address(node.number, 6) + "/64 dev und0 nodad"});
}

void ClusterOfNodes::connect_to_router(const ClusterNode& node) {
  const auto port = "w" + text(node.number);
  connect({node.netns, "und0", wire_, port});
  if (wire_kind_.has_ipv4) {
    const auto router = "192.0.2." + text(4 * node.number + 1);
    run_ip_lines(wire_, {"address add " + router + "/30 dev " + port});
    run_ip_lines(node.netns,
                 {"address add " + node_address(node.number, 4) + "/30 dev und0", "route add default via " + router});
  }
  if (wire_kind_.has_ipv6) {
    const auto router = "fd00:2:" + text(node.number) + "::1";
    run_ip_lines(wire_, {"address add " + router + "/64 dev " + port + " nodad"});
    run_ip_lines(node.netns, {"address add " + node_address(node.number, 6) + "/64 dev und0 nodad",
                              "route add default via " + router});
  }
}

void ClusterOfNodes::add_pod(const ClusterNode& node) {
  connect({node.netns, "c0", node.pod, "eth0"});
  const auto ipv4 = pod_address(node.number, 4);
  const auto ipv6 = pod_address(node.number, 6);
  run_ip_lines(node.netns, {"address add 169.254.1.1/32 dev c0", "address add fe80::1/64 dev c0 nodad",
                            "route add " + ipv4 + " dev c0", "route add " + ipv6 + " dev c0"});
  run_ip_lines(node.pod, {"address add " + ipv4 + "/32 dev eth0", "address add " + ipv6 + "/128 dev eth0 nodad",
                          "route add 169.254.1.1 dev eth0", "route add default via 169.254.1.1",
                          "route add default via fe80::1 dev eth0"});
}

void ClusterOfNodes::register_node(const ClusterNode& node) {
  auto& entry = directory.nodes[node.name];
  if (wire_kind_.has_ipv4) entry.addresses.push_back(*cni::find_address(node_address(node.number, 4)));
  if (wire_kind_.has_ipv6) entry.addresses.push_back(*cni::find_address(node_address(node.number, 6)));
  entry.machine = node.name;
  directory.blocks[{"default", static_cast<std::uint32_t>(node.number)}] = node.name;
}

std::vector<wiring::NodeChange> ClusterOfNodes::reconcile(int number, kernel::NodeNetworkMonitor* monitor) {
  auto& node = this->node(number);
  return support::in(node.netns, [&] {
    auto underlay = kernel::read_underlay(addresses_of_other_nodes(directory, node.name));
    auto observed = kernel::observe_node_network();
    underlay.next_hops = observed.next_hops;
    node.wanted = node::plan(directory, node.name, underlay, settings);
    auto changes = wiring::difference(node.wanted, std::move(observed));
    node.failed = kernel::apply(changes, monitor);
    return changes;
  });
}

std::string ClusterOfNodes::reconcile_all() {
  std::string failures;
  for (const auto& node : nodes_) {
    reconcile(node->number);
    for (const auto& [change, error] : node->failed) {
      failures += node->name + ": " + wiring::to_string(change) + ": " + error.what() + '\n';
    }
  }
  return failures;
}

std::string ClusterOfNodes::unreachable_pods(const std::vector<int>& families) {
  std::string missing;
  for (const auto& from : nodes_) {
    for (const auto& to : nodes_) {
      for (const int family : families) {
        if (from == to || support::ping(from->pod, pod_address(to->number, family))) continue;
        missing += from->name + " -> " + to->name + " over IPv" + text(family) + '\n';
      }
    }
  }
  return missing;
}

}  // namespace cluster_support
