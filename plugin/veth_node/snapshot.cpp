#include "plugin/veth_node/snapshot.hpp"

#include "plugin/cluster/entries.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/replace_file.hpp"
#include "plugin/state/location.hpp"

#include <fcntl.h>

#include <system_error>
#include <utility>
#include <vector>

namespace veth_node {
namespace {

std::vector<cluster::Item> items_of(const cluster::Directory& directory) {
  std::vector<cluster::Item> items;
  for (const auto& [name, node] : directory.nodes) {
    items.push_back({.key = cluster::node_key(name), .value = to_json(node)});
  }
  for (const auto& [name, pool] : directory.pools) {
    items.push_back({.key = cluster::pool_key(name), .value = to_json(pool)});
  }
  for (const auto& [block, owner] : directory.blocks) {
    items.push_back({.key = cluster::block_key(block), .value = to_json(cluster::Owner{.node = owner, .machine = {}})});
  }
  return items;
}

}  // namespace

std::string snapshot_text(const cluster::Directory& directory, const std::string& revision) {
  cni::JsonWriter json{0};
  json.begin_object();
  json.member("revision", revision);
  json.key("entries");
  json.begin_object();
  for (const auto& item : items_of(directory)) {
    json.key(item.key);
    json.json(item.value);
  }
  json.end_object();
  json.end_object();
  return json.finished();
}

std::optional<Snapshot> parse_snapshot(const std::string& text) try {
  const cni::JsonDocument document{text, "the snapshot"};
  auto object = document.root().as_object();
  Snapshot snapshot{.directory = {}, .revision = object.require("revision").as_string()};
  auto entries = object.require("entries").as_object();
  std::vector<cluster::Change> changes;
  for (const auto& key : entries.unread_members()) {
    if (const auto value = entries.find_exact(key)) changes.push_back({.item = {.key = key, .value = value->json()}});
  }
  const bool is_damaged = !cluster::apply(changes, snapshot.directory).empty();
  return is_damaged ? std::nullopt : std::optional{std::move(snapshot)};
} catch (const cni::Error&) {
  return std::nullopt;
}

std::optional<Snapshot> find_snapshot(const std::string& path) try {
  constexpr std::size_t limit = std::size_t{64} << 20U;
  const auto text = posix::find_content(AT_FDCWD, path, limit);
  return text ? parse_snapshot(*text) : std::nullopt;
} catch (const std::system_error&) {
  return std::nullopt;
}

void write_snapshot(const std::string& path, const std::string& text) {
  state::make_parents(path);
  posix::replace_file(path, text);
}

}  // namespace veth_node
