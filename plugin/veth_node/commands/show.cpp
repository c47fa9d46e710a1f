#include "plugin/cluster/entries.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/veth_node/commands/node_context.hpp"
#include "plugin/vethctl/report/table.hpp"
#include "plugin/vethctl/table_format.hpp"

#include <map>

namespace commands {
namespace {

template <class Values>
std::string listed(const Values& values) {
  if (values.empty()) return "-";
  return text::joined(values, " ", [](const auto& value) { return cni::to_string(value); });
}

template <class Values>
void write(cni::JsonWriter& json, std::string_view key, const Values& values) {
  json.key(key);
  json.begin_array();
  for (const auto& value : values) json.string(cni::to_string(value));
  json.end_array();
}

std::map<std::string, std::vector<std::string>> blocks_by_node(const cluster::Directory& directory) {
  std::map<std::string, std::vector<std::string>> blocks;
  for (const auto& [name, node] : directory.nodes) blocks[name];
  for (const auto& [block, owner] : directory.blocks) {
    blocks[owner].push_back(block.pool + '/' + cluster::block_name(block.index));
  }
  return blocks;
}

std::string text_of(const cluster::Directory& directory, const report::TableFormat& format) {
  std::vector<std::vector<std::string>> rows{{"NODE", "ADDRESSES", "NETWORKS", "BLOCKS"}};
  const auto networks = cluster::container_networks(directory);
  for (const auto& [name, blocks] : blocks_by_node(directory)) {
    const auto node = directory.nodes.find(name);
    const auto own = networks.find(name);
    rows.push_back({name, node == directory.nodes.end() ? "-" : listed(node->second.addresses),
                    own == networks.end() ? "-" : listed(own->second), std::to_string(blocks.size())});
  }
  std::map<std::string, std::size_t> used;
  for (const auto& [block, owner] : directory.blocks) ++used[block.pool];
  std::vector<std::vector<std::string>> pools{{"POOL", "NETWORKS", "BLOCKS", "OWNED"}};
  for (const auto& [name, pool] : directory.pools) {
    pools.push_back(
        {name, listed(pool.prefixes), std::to_string(cluster::count_blocks(pool)), std::to_string(used[name])});
  }
  auto text = report::formatted_table(std::move(rows), format);
  return pools.size() > 1 ? text + '\n' + report::formatted_table(std::move(pools), format) : text;
}

std::string json_of(const cluster::Directory& directory) {
  constexpr std::size_t indent = 2;
  cni::JsonWriter json{indent};
  json.begin_object();
  json.key("nodes");
  json.begin_object();
  const auto networks = cluster::container_networks(directory);
  for (const auto& [name, blocks] : blocks_by_node(directory)) {
    json.key(name);
    json.begin_object();
    if (const auto node = directory.nodes.find(name); node != directory.nodes.end()) {
      write(json, "addresses", node->second.addresses);
    }
    if (const auto own = networks.find(name); own != networks.end()) write(json, "networks", own->second);
    json.key("blocks");
    json.begin_array();
    for (const auto& block : blocks) json.string(block);
    json.end_array();
    json.end_object();
  }
  json.end_object();
  json.key("pools");
  json.begin_object();
  for (const auto& [name, pool] : directory.pools) {
    json.key(name);
    json.json(to_json(pool));
  }
  json.end_object();
  json.end_object();
  return json.finished();
}

int show(const Arguments& arguments, const Console& console) {
  const auto node = open_node(arguments);
  const auto read = cluster::read_directory(node.store->list("").items, {});
  for (const auto& message : read.messages) console.warn(message + '\n');
  const bool wants_json = arguments.wants_json();
  console.print(wants_json ? json_of(read.directory)
                           : text_of(read.directory, vethctl::table_format(arguments, console)));
  return read.messages.empty() ? vethctl::success : vethctl::found_faults;
}

}  // namespace

Command show_command() {
  return {
      .name = "show",
      .summary = "print nodes, pools and blocks of the cluster",
      .description =
          "Prints what the store contains: nodes with their addresses, the networks of their containers and the number "
          "of their blocks; and pools. Status 1 if an entry of the store cannot be read.",
      .options = {vethctl::table_output_option(), vethctl::no_headers_option(), config_option()},
      .examples = {"veth-node show", "veth-node show --output json"},
      .run = show};
}

}  // namespace commands
