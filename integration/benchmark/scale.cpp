// Calls on nodes with so many objects that a cost that grows faster than linearly is seen.
#include "integration/benchmark/existing_objects.hpp"
#include "integration/benchmark/node.hpp"
#include "integration/benchmark/recorded_attachments.hpp"
#include "integration/benchmark/subjects.hpp"
#include "integration/benchmark/suites.hpp"
#include "integration/support/call.hpp"
#include "integration/support/sandbox.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <deque>

namespace benchmark {
namespace {

Row row_of(const std::string& name, const std::string& verb, std::vector<double> milliseconds) {
  return {name, {{verb, summarize(std::move(milliseconds))}}};
}

Program gc_of_all(const Subject& subject, const ContainerInterface& target) {
  Plugin plugin = subject.plugins.front();
  plugin.config.update({{"cniVersion", "1.1.0"}, {"cni.dev/valid-attachments", json::array()}});
  return call_of("GC", plugin, target);
}

/// The subject with `amount` addresses in its first range.
Subject with_addresses(Subject subject, int amount) {
  auto& range = subject.plugins.front().config["ipam"]["ranges"][0][0];
  const auto subnet = range.at("subnet").get<std::string>();
  const auto last = amount + 1;  // the first one is the gateway
  range["rangeEnd"] =
      subnet.substr(0, subnet.find(".0.0/")) + "." + std::to_string(last / 256) + "." + std::to_string(last % 256);
  return subject;
}

/// Several calls of one program.
std::vector<double> times_of(const Program& program, int count) {
  std::vector<double> milliseconds;
  for (int number = 0; number < count; ++number) milliseconds.push_back(run_timed(program).milliseconds);
  return milliseconds;
}

Program failing(Program program) {
  program.may_fail = true;
  return program;
}

/// The first `amount` host ports, from 20000 on.
Subject with_ports(Subject subject, int amount, const std::string& protocol) {
  auto mappings = json::array();
  for (int number = 0; number < amount; ++number)
    mappings.push_back({{"hostPort", 20'000 + number}, {"containerPort", number + 1}, {"protocol", protocol}});
  subject.plugins.front().config["runtimeConfig"]["portMappings"] = std::move(mappings);
  return subject;
}

/// Makes the kernel track as many UDP flows of the host to itself, to addresses and ports that are not mapped.
void track_flows(const Node& node, int amount) {
  const auto socket = support::socket_in(node.host(), AF_INET, SOCK_DGRAM, 0);
  constexpr int used_ports = 10'000;
  for (int number = 0; number < amount; ++number) {
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(static_cast<std::uint16_t>(number % used_ports + 1));
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(number / used_ports));
    ::sendto(socket.get(), "", 0, 0, reinterpret_cast<const sockaddr*>(&target), sizeof target);
  }
}

}  // namespace

std::vector<Row> measure_ports(double effort) {
  support::make_node();
  std::deque<Node> nodes;
  std::vector<Candidate> candidates;
  for (const int amount : {500, 1'000, 2'000, 4'000}) {
    auto& node = nodes.emplace_back("ports" + std::to_string(amount));
    auto subject = with_ports(veth_ports(1), scaled(amount, effort), "tcp");
    subject.name = std::to_string(scaled(amount, effort)) + " host ports";
    candidates.push_back({Attachment{subject, node.new_container()}, true});
  }
  return measure(std::move(candidates), 10);
}

/// One after the other, since all network namespaces have their flows in the same table. The flows expire after 30 s,
/// so the rounds are few.
std::vector<Row> measure_conntrack(double effort) {
  support::make_node();
  std::vector<Row> rows;
  for (const int amount : {0, 65'536, 262'144}) {
    Node node{"flows" + std::to_string(amount)};
    Attachment first{with_ports(veth_ports(1), 1, "tcp"), node.new_container()};
    first.add();  // the kernel tracks flows while the tables exist
    const auto flows = amount > 0 ? scaled(amount, effort) : 0;
    track_flows(node, flows);
    auto subject = with_ports(veth_ports(1), 1, "udp");
    subject.name = "a UDP host port, " + std::to_string(flows) + " flows";
    rows.push_back(measure({{Attachment{subject, node.new_container()}, false}}, 7).front());
  }
  return rows;
}

std::vector<Row> measure_gc_of_stale(double effort) {
  support::make_node();
  std::vector<Row> rows;
  int number = 0;
  for (const int amount : {10'000, 20'000, 40'000}) {
    Node node{"stale" + std::to_string(amount)};
    const auto subject = veth_dual_stack(++number);
    const auto target = node.new_container();
    target.node.enter();
    add_stale_records(node, subject, scaled(amount, effort));
    const auto name = "GC of " + std::to_string(scaled(amount, effort)) + " stale records";
    rows.push_back(row_of(name, "GC", times_of(gc_of_all(subject, target), 1)));
    add_stale_records(node, subject, scaled(amount, effort));
    damage_records(node, subject);
    rows.push_back(row_of(name + " that cannot be read", "GC", times_of(gc_of_all(subject, target), 1)));
  }
  return rows;
}

std::vector<Row> measure_del_beside_records(double effort) {
  support::make_node();
  std::deque<Node> nodes;
  std::vector<Candidate> candidates;
  for (const int amount : {0, 10'000}) {
    auto& node = nodes.emplace_back("beside" + std::to_string(amount));
    node.host().enter();
    if (amount > 0) add_stale_records(node, veth_dual_stack(2), scaled(amount, effort));
    auto subject = veth_dual_stack(1);
    subject.name += ", " + std::to_string(amount > 0 ? scaled(amount, effort) : 0) + " records of another network";
    candidates.push_back({Attachment{subject, node.new_container()}, false});
  }
  return measure(std::move(candidates), std::max(3, static_cast<int>(25 * effort)));
}

std::vector<Row> measure_full_range(double effort) {
  support::make_node();
  Node node{"full"};
  const int amount = scaled(10'000, effort);
  const auto subject = with_addresses(veth_ipv4(1), amount);
  add_attachments(node, subject, amount);
  const auto target = node.new_container();
  target.node.enter();
  const auto name = "range of " + std::to_string(amount) + ", full";
  auto plugin = subject.plugins.front();
  auto rows = std::vector{row_of(name, "ADD that fails", times_of(failing(call_of("ADD", plugin, target)), 7))};
  plugin.config["cniVersion"] = "1.1.0";
  rows.front().verbs["STATUS"] = summarize(times_of(failing(call_of("STATUS", plugin, target)), 7));
  return rows;
}

std::vector<Row> measure_taken_range(double effort) {
  support::make_node();
  std::deque<Node> nodes;
  std::vector<Candidate> candidates;
  for (const int percent : {0, 99}) {
    auto& node = nodes.emplace_back("taken" + std::to_string(percent));
    const auto subject = veth_ipv4(1);
    Attachment first{subject, node.new_container()};
    first.add();
    first.del();
    take_addresses(node, subject, percent);
    auto words = subject;
    words.name += ", " + std::to_string(percent) + " % of a /16 taken";
    candidates.push_back({Attachment{words, node.new_container()}, false});
  }
  return measure(std::move(candidates), std::max(3, static_cast<int>(100 * effort)));
}

std::vector<Row> measure_vethctl_check(double effort) {
  support::make_node();
  Node node{"check"};
  std::vector<Row> rows;
  int attached = 0;
  for (const int amount : {500, 1'000, 2'000, 5'000}) {
    add_attachments(node, veth_dual_stack(1), scaled(amount, effort) - attached);
    attached = scaled(amount, effort);
    node.host().enter();
    const Program check{.argv = {support::executables() + "/vethctl", "check"}, .environment = {}};
    rows.push_back(
        row_of("vethctl check, " + std::to_string(attached) + " attached", "check", times_of(failing(check), 1)));
  }
  return rows;
}

}  // namespace benchmark
