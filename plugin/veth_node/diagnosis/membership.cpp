#include "plugin/veth_node/diagnosis/membership.hpp"

#include "plugin/node/accepted_networks.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/veth_node/refusals.hpp"

#include <utility>

namespace diagnosis {
namespace {

using inspect::Finding;
using inspect::Severity;

Finding to_finding(const cni::Error& error) {
  constexpr auto see_log = "see the log of veth-node";
  return {.what = error.message, .remedy = error.details.empty() ? see_log : error.details};
}

void add_entry_fault(const Examination& examination, std::vector<Finding>& findings) {
  const auto& name = examination.config.node;
  const auto& nodes = examination.store.directory.nodes;
  const auto entry = nodes.find(name);
  if (entry == nodes.end()) {
    findings.push_back({.what = "the store has no entry of this node: the other nodes have no routes to its containers",
                        .where = {cluster::node_key(name)},
                        .remedy = "`veth-node run` creates it: start it, or see its log"});
    return;
  }
  if (entry->second.machine == examination.machine) return;
  findings.push_back(
      to_finding(veth_node::name_refusal({.node = name, .machine = examination.machine}, entry->second)));
}

void add_pool_faults(const Examination& examination, std::vector<Finding>& findings) {
  const auto& stored = examination.store.directory.pools;
  for (const auto& [name, pool] : examination.config.pools) {
    const auto found = stored.find(name);
    if (found != stored.end() && found->second != pool) {
      findings.push_back(to_finding(veth_node::pool_refusal(name, found->second, pool)));
    }
    if (found == stored.end()) {
      findings.push_back({.severity = Severity::warning,
                          .what = "the store does not have pool " + text::quoted(name) + " of the configuration",
                          .where = {cluster::pool_key(name)},
                          .remedy = "`veth-node run` creates it: start it, or see its log"});
    }
  }
}

void add_unusable_entries(const Examination& examination, std::vector<Finding>& findings) {
  std::vector<std::string> rejected;
  for (const auto& network : node::accepted_networks(examination.store.directory, examination.config.node).rejected) {
    rejected.push_back(to_string(network));
  }
  if (!examination.store.unreadable.empty()) {
    findings.push_back({.severity = Severity::warning,
                        .what = "entries of the store cannot be read, and are ignored",
                        .where = examination.store.unreadable,
                        .remedy = "use the same version of veth-node on all nodes, or delete the entries"});
  }
  if (rejected.empty()) return;
  findings.push_back({.what = "networks of containers have no route",
                      .where = std::move(rejected),
                      .remedy = "give each node networks that overlap with no other network"});
}

}  // namespace

std::vector<Finding> find_membership_faults(const Examination& examination) {
  std::vector<Finding> findings;
  if (const auto& failure = examination.store.failure) {
    findings.push_back(to_finding(*failure));
    findings.back().remedy += ". Until then routes, blocks and addresses of this node stay as they are";
  } else {
    add_entry_fault(examination, findings);
    add_pool_faults(examination, findings);
  }
  add_unusable_entries(examination, findings);
  return findings;
}

}  // namespace diagnosis
