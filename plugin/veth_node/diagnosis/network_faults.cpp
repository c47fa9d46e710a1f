#include "plugin/veth_node/diagnosis/network_faults.hpp"

#include "plugin/node/accepted_networks.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/wiring/node_changes.hpp"

#include <iterator>
#include <map>
#include <utility>
#include <variant>

namespace diagnosis {
namespace {

using inspect::Finding;
using inspect::Severity;
using wiring::NodeChange;

std::string place_of_log(const veth_node::Config& config) {
  return config.log.empty() ? "`journalctl --unit veth-node`" : config.log;
}

std::string remedy_of(const Examination& examination) {
  return "`veth-node run` restores it; if it does not, its log contains the reason: " +
         place_of_log(examination.config);
}

/// Sorts the changes that the kernel needs by what they are about.
class Changes {
 public:
  explicit Changes(const Examination& examination) : examination_(examination) {
    const auto networks = node::accepted_networks(examination.store.directory, examination.config.node);
    for (const auto& [node, prefixes] : networks.by_node) {
      for (const auto& prefix : prefixes) node_of_[prefix] = node;
    }
    const auto& kernel = examination.kernel;
    for (const auto& change : wiring::difference(kernel.wanted, kernel.observed)) add(change);
  }

  std::set<std::string> nodes{};           ///< with missing or wrong routes
  std::vector<std::string> superfluous{};  ///< what has to be removed
  std::vector<std::string> others{};
  std::vector<Finding> devices{};

 private:
  void add(const NodeChange& change) {
    if (change.action == NodeChange::Action::remove) {
      superfluous.push_back(wiring::to_string(change).substr(std::string{"remove "}.size()));
    } else if (const auto* route = std::get_if<wiring::NetworkRoute>(&change.object)) {
      add_node_of(route->prefix);
    } else if (const auto* hop = std::get_if<wiring::NextHopObject>(&change.object)) {
      for (const auto& [prefix, wanted] : examination_.kernel.wanted.routes) {
        if (wanted.next_hop == hop->id) add_node_of(prefix);
      }
    } else if (const auto* device = std::get_if<wiring::TunnelDevice>(&change.object)) {
      add_device(*device);
    } else {
      others.push_back(wiring::to_string(change));
    }
  }

  void add_node_of(const cni::Prefix& prefix) {
    const auto found = node_of_.find(prefix);
    if (found != node_of_.end()) nodes.insert(found->second);
  }

  void add_device(const wiring::TunnelDevice& device) {
    const auto& observed = examination_.kernel.observed.tunnels;
    const auto found = observed.find(device.name);
    const auto name = "tunnel device " + text::quoted(device.name);
    const auto* fault = found == observed.end() ? " is missing" : " has other settings than the store wants";
    if (found != observed.end() && !found->second.is_up) fault = " is down";
    devices.push_back({.what = name + fault, .remedy = remedy_of(examination_)});
  }

  const Examination& examination_;
  std::map<cni::Prefix, std::string> node_of_;  ///< of the networks of containers
};

std::vector<Finding> faults_of(const Changes& changes, const std::string& remedy) {
  std::vector<Finding> findings;
  if (!changes.nodes.empty()) {
    findings.push_back({.what = "routes to the containers of nodes are missing or wrong",
                        .where = {changes.nodes.begin(), changes.nodes.end()},
                        .remedy = remedy});
  }
  if (!changes.others.empty()) {
    findings.push_back(
        {.what = "the kernel lacks parts of the network between nodes", .where = changes.others, .remedy = remedy});
  }
  if (!changes.superfluous.empty()) {
    findings.push_back({.severity = Severity::warning,
                        .what = "the kernel has parts of the network between nodes that the store does not want",
                        .where = changes.superfluous,
                        .remedy = remedy});
  }
  return findings;
}

std::vector<Finding> find_kernel_faults(const Examination& examination) {
  const Changes changes{examination};
  auto findings = faults_of(changes, remedy_of(examination));
  if (changes.devices.empty()) return findings;
  auto devices = changes.devices;
  devices.front().consequences = std::move(findings);
  return devices;
}

}  // namespace

std::set<std::string> nodes_without_routes(const Examination& examination) { return Changes{examination}.nodes; }

std::vector<Finding> find_network_faults(const Examination& examination) {
  auto findings = find_kernel_faults(examination);
  if (!examination.has_network_file) {
    findings.push_back({.what = "the network configuration for runtimes is missing: no container can be started",
                        .where = {examination.config.network->file},
                        .remedy = "`veth-node run` writes it when it has a block and all routes are in place; its log "
                                  "contains what it waits for: " +
                                  place_of_log(examination.config)});
  }
  if (examination.is_running) return findings;
  return {{.severity = findings.empty() ? Severity::warning : Severity::fault,
           .what = "`veth-node run` does not run: routes and blocks of this node do not follow the cluster",
           .remedy = "run: systemctl enable --now veth-node; if it ends, see " + place_of_log(examination.config),
           .consequences = std::move(findings)}};
}

}  // namespace diagnosis
