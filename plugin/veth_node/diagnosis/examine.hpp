#pragma once

#include "plugin/cluster/store.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/veth_node/block_files.hpp"
#include "plugin/veth_node/diagnosis/examination.hpp"
#include "plugin/veth_node/diagnosis/reachability.hpp"
#include "plugin/veth_node/run_mark.hpp"
#include "plugin/veth_node/snapshot.hpp"

#include <functional>
#include <memory>
#include <string>

namespace diagnosis {

/// What is read.
struct Sources {
  std::function<std::unique_ptr<cluster::Store>()> open_store{};  ///< may throw cni::Error and std::system_error
  std::string snapshot = veth_node::default_snapshot;
  std::string run_mark = veth_node::default_run_mark;
  veth_node::BlockFiles blocks{};
  std::string state_root{state::default_root};
  Exchange exchange = kernel::exchange_echoes;
};

/// Reads the store, the kernel, and the files of this node, and sends echo requests to the other nodes. A change that
/// `veth-node run` is just about to make is not a fault: faults are looked at a second time. Throws std::system_error
/// if the kernel refuses to be read.
Examination examine(const veth_node::Config& config, const std::string& machine, const Sources& sources);

}  // namespace diagnosis
