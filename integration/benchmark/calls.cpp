#include "integration/benchmark/node.hpp"
#include "integration/benchmark/subjects.hpp"
#include "integration/benchmark/suites.hpp"
#include "integration/support/sandbox.hpp"

#include <algorithm>
#include <array>

namespace benchmark {
namespace {

Candidate with_check(Subject subject, Node& node) {
  return {Attachment{std::move(subject), node.new_container()}, true};
}

Candidate without_check(Subject subject, Node& node) {
  return {Attachment{std::move(subject), node.new_container()}, false};
}

std::vector<Candidate> all_candidates(Node& node) {
  const auto peer = node.new_container();
  std::vector<Candidate> candidates;
  candidates.push_back(without_check(floor_ipv4(), node));
  candidates.push_back(without_check(floor_dual_stack(), node));
  candidates.push_back(with_check(veth_ipv4(1), node));
  candidates.push_back(with_check(veth_dual_stack(2), node));
  candidates.push_back(with_check(veth_masquerade(3), node));
  candidates.push_back(with_check(veth_ports(4), node));
  candidates.push_back(with_check(veth_kubernetes(5), node));
  candidates.push_back(with_check(veth_bridge(6), node));
  candidates.push_back(with_check(veth_netns(7, peer.container.path()), node));
  candidates.push_back(without_check(reference_ptp(8), node));
  candidates.push_back(without_check(reference_masquerade(9), node));
  candidates.push_back(without_check(reference_bridge(10), node));
  candidates.push_back(without_check(reference_chain(11), node));
  candidates.push_back(with_check(drop_in_chain(12), node));
  return candidates;
}

Plugin with_version_1_1(Plugin plugin) {
  plugin.config["cniVersion"] = "1.1.0";
  return plugin;
}

}  // namespace

std::vector<Row> measure_calls(double effort) {
  support::make_node();
  Node node{"node"};
  return measure(all_candidates(node), std::max(3, static_cast<int>(40 * effort)));
}

std::vector<Row> measure_devices(double effort) {
  support::make_node();
  Node node{"node"};
  std::vector<Candidate> candidates;
  candidates.push_back(without_check(floor_dual_stack(), node));
  candidates.push_back(with_check(veth_dual_stack(1), node));
  candidates.push_back(with_check(veth_netkit(2), node));
  return measure(std::move(candidates), std::max(3, static_cast<int>(40 * effort)));
}

std::vector<Row> measure_status(double effort) {
  support::make_node();
  Node node{"node"};
  const auto target = node.new_container();
  const auto veth = with_version_1_1(veth_dual_stack(1).plugins.front());
  const std::array<Program, 3> programs{call_of("VERSION", empty_program().plugins.front(), target),
                                        call_of("VERSION", veth, target), call_of("STATUS", veth, target)};
  std::array<std::vector<double>, programs.size()> samples;
  target.node.enter();
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
