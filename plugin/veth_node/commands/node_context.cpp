#include "plugin/veth_node/commands/node_context.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/veth_node/snapshot.hpp"
#include "plugin/veth_node/stores.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cctype>

namespace commands {

vethctl::Option config_option() {
  return {.name = "config", .value = "FILE", .help = "configuration of this node (default: /etc/veth-cni/node.json)"};
}

std::string machine_id(const veth_node::Config& config) {
  constexpr std::size_t limit = 128;
  const auto& path = config.machine_id_file;
  const auto text = posix::find_content(AT_FDCWD, path, limit).value_or("");
  auto id = text.substr(0, text.find('\n'));
  const bool is_id = !id.empty() && std::ranges::all_of(id, [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (is_id) return id;
  throw cni::Error{cni::ErrorCode::system_refused, text::quoted(path) + " contains no machine ID",
                   "run systemd-machine-id-setup"};
}

NodeContext open_node(const Arguments& arguments) {
  auto config = veth_node::read_config(arguments.value("config").value_or(veth_node::default_config));
  auto store = veth_node::open_store(config);
  NodeContext node;
  node.config = std::move(config);
  node.store = std::move(store);
  return node;
}

veth_node::Keeper make_keeper(const NodeContext& node) {
  veth_node::Member member{.owner = {.node = node.config.node, .machine = machine_id(node.config)},
                           .node = {},
                           .pools = node.config.pools,
                           .pool = {}};
  const veth_node::Keeper::Views views{
      .taken = [] { return veth_node::read_taken_addresses(std::string{state::default_root}); },
      .owners =
          [] {
            auto snapshot = veth_node::find_snapshot(veth_node::default_snapshot);
            return snapshot ? std::move(snapshot->directory.blocks) : std::map<cluster::BlockId, std::string>{};
          }};
  return {*node.store, node.files, std::move(member), views, node.log};
}

std::string to_string(const cluster::BlockId& block, const std::vector<cni::Prefix>& prefixes) {
  auto text = "block " + cluster::block_name(block.index) + " of pool " + block.pool + ':';
  for (const auto& prefix : prefixes) text += ' ' + cni::to_string(prefix);
  return text;
}

}  // namespace commands
