// The same calls on nodes with different numbers of existing objects; each round measures all nodes.
#include "integration/benchmark/existing_objects.hpp"
#include "integration/benchmark/node.hpp"
#include "integration/benchmark/subjects.hpp"
#include "integration/benchmark/suites.hpp"
#include "integration/support/sandbox.hpp"

#include <algorithm>
#include <deque>
#include <functional>

namespace benchmark {
namespace {

int rounds_for(double effort) { return std::max(3, static_cast<int>(25 * effort)); }

Candidate candidate(Subject subject, const std::string& amount, Node& node, bool is_checked) {
  subject.name += ", " + amount;
  return {Attachment{std::move(subject), node.new_container()}, is_checked};
}

/// Creates what the first ADD of a network creates.
void add_and_delete_once(const Subject& subject, Node& node) {
  Attachment first{subject, node.new_container()};
  first.add();
  first.del();
}

}  // namespace

std::vector<Row> measure_rules(double effort) {
  support::make_node();
  std::deque<Node> nodes;
  std::vector<Candidate> candidates;
  for (const int amount : {0, scaled(5000, effort)}) {
    auto& node = nodes.emplace_back("rules" + std::to_string(amount));
    const auto words = std::to_string(amount) + " masqueraded and mapped";
    // Another attachment of the network stays: the last one would remove the set of masqueraded containers.
    Attachment{veth_masquerade(1), node.new_container()}.add();
    Attachment{veth_masquerade(2), node.new_container()}.add();
    for (const auto& subject : {veth_ports(1), veth_kubernetes(2)}) {
      add_and_delete_once(subject, node);
      add_masqueraded_containers(node, network_of(subject), amount);
      candidates.push_back(candidate(subject, words, node, true));
    }
    add_port_mappings(node, amount);
  }
  return measure(std::move(candidates), rounds_for(effort));
}

std::vector<Row> measure_leases(double effort) {
  support::make_node();
  std::deque<Node> nodes;
  std::vector<Candidate> candidates;
  for (const int amount : {10, 1000, 10'000}) {
    auto& node = nodes.emplace_back("leases" + std::to_string(amount));
    const auto subject = veth_ipv4(1);
    add_and_delete_once(subject, node);
    add_leases(node, network_of(subject), amount);
    candidates.push_back(candidate(subject, std::to_string(amount) + " leases", node, true));
  }
  return measure(std::move(candidates), rounds_for(effort));
}

std::vector<Row> measure_attachments(double effort) {
  support::make_node();
  std::deque<Node> nodes;
  std::vector<Candidate> candidates;
  const int most = scaled(1000, effort);
  const auto subject = veth_dual_stack(number_of_floor);  // as for the floor, the gateway address is on many interfaces
  for (const int amount : {most / 100, most / 10, most}) {
    auto& node = nodes.emplace_back("crowd" + std::to_string(amount));
    add_attachments(node, subject, amount);
    const auto words = std::to_string(amount) + " attached";
    candidates.push_back(candidate(floor_ipv4(), words, node, false));
    candidates.push_back(candidate(floor_dual_stack(), words, node, false));
    candidates.push_back(candidate(veth_ipv4(number_of_floor), words, node, true));
    candidates.push_back(candidate(subject, words, node, true));
  }
  auto rows = measure(std::move(candidates), rounds_for(effort));
  rows.push_back(measure_gc(nodes.back(), subject, most));
  return rows;
}

}  // namespace benchmark
