// The same calls on nodes that are alike but for how much stands on them, node after node in one round.
#include "integration/benchmark/crowd.hpp"
#include "integration/benchmark/node.hpp"
#include "integration/benchmark/shapes.hpp"
#include "integration/benchmark/subjects.hpp"
#include "integration/support/sandbox.hpp"

#include <algorithm>
#include <deque>
#include <functional>

namespace benchmark {
namespace {

int rounds_for(double effort) { return std::max(3, static_cast<int>(25 * effort)); }

Contender contender(Subject subject, const std::string& amount, Node& node, bool is_checked) {
  subject.name += ", " + amount;
  return {Attachment{std::move(subject), node.place()}, is_checked};
}

/// What the first ADD of a network makes is there.
void use_once(const Subject& subject, Node& node) {
  Attachment first{subject, node.place()};
  first.add();
  first.del();
}

std::string network_of(const Subject& subject) { return subject.plugins.front().config.at("name").get<std::string>(); }

int scaled(int amount, double effort) { return effort < 1 ? std::max(amount / 10, 1) : amount; }

}  // namespace

std::vector<Row> measure_rules(double effort) {
  support::make_node();
  std::deque<Node> nodes;
  std::vector<Contender> contenders;
  for (const int amount : {0, scaled(5000, effort)}) {
    auto& node = nodes.emplace_back("rules" + std::to_string(amount));
    const auto words = std::to_string(amount) + " masqueraded and mapped";
    for (const auto& subject : {veth_ports(1), veth_kubernetes(2)}) {
      use_once(subject, node);
      masquerade_crowd(node, network_of(subject), amount);
      contenders.push_back(contender(subject, words, node, true));
    }
    map_ports_of_crowd(node, amount);
  }
  return measure(std::move(contenders), rounds_for(effort));
}

std::vector<Row> measure_leases(double effort) {
  support::make_node();
  std::deque<Node> nodes;
  std::vector<Contender> contenders;
  for (const int amount : {10, 1000, 10'000}) {
    auto& node = nodes.emplace_back("leases" + std::to_string(amount));
    const auto subject = veth_ipv4(1);
    use_once(subject, node);
    take_addresses(node, network_of(subject), amount);
    contenders.push_back(contender(subject, std::to_string(amount) + " leases", node, true));
  }
  return measure(std::move(contenders), rounds_for(effort));
}

std::vector<Row> measure_attachments(double effort) {
  support::make_node();
  std::deque<Node> nodes;
  std::vector<Contender> contenders;
  const int most = scaled(1000, effort);
  const auto subject = veth_dual_stack(number_of_floor);  // the kernel has one gateway on many interfaces for both
  for (const int amount : {most / 100, most / 10, most}) {
    auto& node = nodes.emplace_back("crowd" + std::to_string(amount));
    attach_crowd(node, subject, amount);
    const auto words = std::to_string(amount) + " attached";
    contenders.push_back(contender(floor_ipv4(), words, node, false));
    contenders.push_back(contender(floor_dual_stack(), words, node, false));
    contenders.push_back(contender(veth_ipv4(number_of_floor), words, node, true));
    contenders.push_back(contender(subject, words, node, true));
  }
  auto rows = measure(std::move(contenders), rounds_for(effort));
  rows.push_back(collect_crowd(nodes.back(), subject, most));
  return rows;
}

}  // namespace benchmark
