#include "plugin/veth_node/metrics.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace veth_node {
namespace {

struct Family {
  std::string_view name;
  std::string_view type;
  std::string_view help;
};

std::string head(const Family& family) {
  std::string text = "# HELP ";
  text.append(family.name).append(" ").append(family.help).append("\n# TYPE ");
  return text.append(family.name).append(" ").append(family.type).append("\n");
}

std::string metric(const Family& family, std::uint64_t value) {
  return head(family) + std::string{family.name} + ' ' + std::to_string(value) + '\n';
}

std::string gauge(std::string_view name, std::string_view help, std::uint64_t value) {
  return metric({name, "gauge", help}, value);
}

std::string counter(std::string_view name, std::string_view help, std::uint64_t value) {
  return metric({name, "counter", help}, value);
}

/// Names of pools need no escapes.
std::string blocks(const cluster::Directory& directory, const std::string& node) {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [name, pool] : directory.pools) counts[name] = 0;
  for (const auto& [block, owner] : directory.blocks) counts[block.pool] += owner == node ? 1U : 0U;
  const Family family{"veth_node_blocks", "gauge", "Blocks of this node by pool."};
  auto text = head(family);
  for (const auto& [pool, count] : counts) {
    text.append(family.name).append("{pool=\"").append(pool).append("\"} ").append(std::to_string(count)).append("\n");
  }
  return text;
}

std::uint64_t seconds_since(std::chrono::steady_clock::time_point time, std::chrono::steady_clock::time_point now) {
  return static_cast<std::uint64_t>(
      std::max<std::chrono::seconds::rep>(std::chrono::duration_cast<std::chrono::seconds>(now - time).count(), 0));
}

}  // namespace

std::string metrics(const cluster::Directory& directory, const Status& status, const std::string& node,
                    std::chrono::steady_clock::time_point now) {
  const bool has_answered = status.last_answer != std::chrono::steady_clock::time_point{};
  return gauge("veth_node_nodes", "Nodes in the store.", directory.nodes.size()) + blocks(directory, node) +
         gauge("veth_node_quarantined_blocks", "Blocks of this node that the store has given to another one.",
               status.quarantined) +
         gauge("veth_node_store_connected", "1 if the store answers.", status.is_connected ? 1 : 0) +
         (has_answered ? gauge("veth_node_store_silence_seconds", "Time since the last answer of the store.",
                               seconds_since(status.last_answer, now))
                       : std::string{}) +
         gauge("veth_node_store_doubted", "1 while entries stay that the store has lost.", status.is_doubted ? 1 : 0) +
         counter("veth_node_store_lists_total", "Complete listings of the store.", status.lists) +
         counter("veth_node_store_changes_total", "Changes of entries that were applied.", status.changes) +
         counter("veth_node_store_failures_total", "Failures of the store.", status.failures) +
         counter("veth_node_ignored_entries_total", "Entries that could not be read.", status.ignored_entries) +
         gauge("veth_node_synced", "1 if the kernel has what the store wants.", status.is_synced ? 1 : 0) +
         counter("veth_node_syncs_total", "Comparisons of kernel and store.", status.syncs) +
         counter("veth_node_sync_failures_total", "Comparisons after which a difference remained.",
                 status.sync_failures);
}

std::string find_fault(const Status& status) {
  if (!status.is_loaded)
    return "the store has not been read yet" + (status.failure.empty() ? "" : ": " + status.failure);
  if (!status.is_synced) return "the kernel does not have what the store wants";
  return {};
}

}  // namespace veth_node
