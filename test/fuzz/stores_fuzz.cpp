// What the stores of a cluster send: answers and lines of etcd's JSON gateway and of the API server of Kubernetes,
// entries, and kubeconfigs.
#include "plugin/cluster/entries.hpp"
#include "plugin/etcd/replies.hpp"
#include "plugin/kubernetes/leases.hpp"
#include "plugin/kubernetes/yaml.hpp"
#include "test/fuzz/input.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace fuzz {
namespace {

void check_etcd(std::string_view text) {
  allow_cni_error([&] {
    for (const auto& item : etcd::read_range(text).items) expect(!item.key.empty(), "an item has a key");
  });
  allow_cni_error([&] { etcd::read_transaction(text); });
  allow_cni_error([&] {
    const auto line = etcd::read_watch_line(text);
    for (const auto& change : line.changes) expect(!change.item.key.empty(), "a change has a key");
    expect(line.is_canceled || line.revision > 0, "a line has a revision");
  });
  etcd::read_failure(text);
}

void check_kubernetes(std::string_view text) {
  allow_cni_error([&] { kubernetes::read_lease_list(text); });
  allow_cni_error([&] {
    const auto event = kubernetes::read_lease_event(text);
    const bool is_change =
        event.kind == kubernetes::LeaseEvent::Kind::changed || event.kind == kubernetes::LeaseEvent::Kind::removed;
    expect(!is_change || event.item.has_value(), "a change has an item");
  });
  allow_cni_error([&] { kubernetes::read_node_object(text); });
  allow_cni_error([&] { kubernetes::parse_yaml(text); });
  kubernetes::read_api_failure(text);
}

/// An entry that is accepted is written in a form that is accepted.
void check_entries(std::string_view text) {
  for (const auto* key : {"nodes/a", "pools/p", "blocks/p/0000a3"}) {
    cluster::Directory directory;
    const auto messages = cluster::apply({{.item = {.key = key, .value = std::string{text}}}}, directory);
    expect(messages.size() <= 1, "an entry has at most one message");
    expect(messages.empty() || directory == cluster::Directory{}, "a bad entry changes nothing");
    for (const auto& [name, node] : directory.nodes) {
      expect(cluster::read_node(to_json(node)) == node, "a node is read as it is written");
    }
    for (const auto& [name, pool] : directory.pools) {
      expect(cluster::read_pool(to_json(pool)) == pool, "a pool is read as it is written");
      expect(cluster::count_blocks(pool) > 0, "a pool has a block");
    }
  }
}

}  // namespace

void check_input(std::string_view text) {
  check_etcd(text);
  check_kubernetes(text);
  check_entries(text);
}

}  // namespace fuzz
