#include "integration/benchmark/node.hpp"
#include "integration/benchmark/shapes.hpp"
#include "integration/benchmark/subjects.hpp"
#include "integration/support/sandbox.hpp"

#include <algorithm>
#include <array>

namespace benchmark {
namespace {

/// A shape of ours, with CHECK.
Contender ours(Subject subject, Node& node) { return {Attachment{std::move(subject), node.place()}, true}; }

Contender other(Subject subject, Node& node) { return {Attachment{std::move(subject), node.place()}, false}; }

std::vector<Contender> all_contenders(Node& node) {
  const auto peer = node.place();
  std::vector<Contender> contenders;
  contenders.push_back(other(floor_ipv4(), node));
  contenders.push_back(other(floor_dual_stack(), node));
  contenders.push_back(ours(veth_ipv4(1), node));
  contenders.push_back(ours(veth_dual_stack(2), node));
  contenders.push_back(ours(veth_masquerade(3), node));
  contenders.push_back(ours(veth_ports(4), node));
  contenders.push_back(ours(veth_kubernetes(5), node));
  contenders.push_back(ours(veth_bridge(6), node));
  contenders.push_back(ours(veth_netns(7, peer.container.path()), node));
  contenders.push_back(other(peer_ptp(8), node));
  contenders.push_back(other(peer_masquerade(9), node));
  contenders.push_back(other(peer_bridge(10), node));
  contenders.push_back(other(peer_chain(11), node));
  return contenders;
}

Plugin in_version_1_1(Plugin plugin) {
  plugin.config["cniVersion"] = "1.1.0";
  return plugin;
}

}  // namespace

std::vector<Row> measure_calls(double effort) {
  support::make_node();
  Node node{"node"};
  return measure(all_contenders(node), std::max(3, static_cast<int>(40 * effort)));
}

std::vector<Row> measure_questions(double effort) {
  support::make_node();
  Node node{"node"};
  const auto place = node.place();
  const auto veth = in_version_1_1(veth_dual_stack(1).plugins.front());
  const std::array<Program, 3> programs{call_of("VERSION", nothing().plugins.front(), place),
                                        call_of("VERSION", veth, place), call_of("STATUS", veth, place)};
  std::array<std::vector<double>, programs.size()> samples;
  place.node.enter();
  for (int round = 0; round < std::max(10, static_cast<int>(300 * effort)); ++round) {
    for (std::size_t which = 0; which < programs.size(); ++which) {
      samples[which].push_back(run_timed(programs[which]).milliseconds);
    }
  }
  return {{"a program that ends at once", {{"run", summarize(samples[0])}}},
          {"veth VERSION", {{"run", summarize(samples[1])}}},
          {"veth STATUS", {{"run", summarize(samples[2])}}}};
}

}  // namespace benchmark
