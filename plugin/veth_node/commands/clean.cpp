#include "plugin/cni/error.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/veth_node/commands/commands.hpp"
#include "plugin/veth_node/kernel_network.hpp"
#include "plugin/veth_node/snapshot.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

namespace commands {
namespace {

/// Its folder, too: other files keep it.
void remove_snapshot() {
  const std::string path{veth_node::default_snapshot};
  if (std::remove(path.c_str()) < 0 && errno != ENOENT) posix::throw_errno("remove " + text::quoted(path));
  ::rmdir(path.substr(0, path.rfind('/')).c_str());
}

int clean(const Arguments& /*arguments*/, const Console& console) {
  veth_node::KernelNetwork network{{}, {}};
  const auto failures = network.sync({});
  for (const auto& failure : failures) console.warn("veth-node: " + failure + '\n');
  if (!failures.empty()) return vethctl::found_faults;
  remove_snapshot();
  return vethctl::success;
}

}  // namespace

Command clean_command() {
  return {.name = "clean",
          .summary = "remove the routes between nodes from this node",
          .description =
              "Removes the routes, next hops, tunnel devices and the nftables table that `veth-node run` has made, and "
              "its snapshot. Stop it first. The entries of the store stay: see `veth-node forget`.",
          .options = {},
          .examples = {"veth-node clean"},
          .run = clean};
}

}  // namespace commands
