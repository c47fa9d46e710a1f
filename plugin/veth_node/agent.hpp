#pragma once

#include "plugin/cluster/store.hpp"
#include "plugin/http/endpoint.hpp"
#include "plugin/veth_node/board.hpp"
#include "plugin/veth_node/config.hpp"
#include "plugin/veth_node/keeper.hpp"
#include "plugin/veth_node/log.hpp"
#include "plugin/veth_node/network.hpp"
#include "plugin/veth_node/snapshot.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace veth_node {

/// Everything that `run` needs besides the network.
struct AgentSettings {
  Config config{};
  std::string machine{};                    ///< /etc/machine-id
  std::optional<http::Endpoint> metrics{};  ///< nullopt: they are not served
  std::string snapshot = default_snapshot;
  std::string blocks = state::blocks_root;
  std::string state_root{};  ///< of the plugin's state folder
  std::function<std::unique_ptr<cluster::Store>()> open_store{};
};

/// Keeps the network of a node in step with the cluster. One thread follows the store, one keeps the entries and blocks
/// of this node, and this one changes the kernel: a store that hangs does not delay the repair of a route.
class Agent {
 public:
  /// Both must outlive it.
  Agent(AgentSettings settings, Network& network, const Log& log);

  /// Returns when the file `end` is readable, after it has written the snapshot: the next run then changes nothing that
  /// is right. The threads do not end. Throws the cni::Error with which the store refuses this node.
  void run(int end);

 private:
  void load_snapshot();
  void start_follower();
  void start_keeper();
  void start_metrics();
  bool wait_for_work(int end);
  void sync();
  void note_sync(const std::vector<std::string>& failures);
  void save_snapshot();
  void write_network_file();
  Member member() const;

  AgentSettings settings_;
  Network& network_;
  const Log& log_;
  std::shared_ptr<Board> board_;
  std::chrono::steady_clock::time_point next_sync_;
  std::chrono::steady_clock::time_point next_snapshot_;
  std::string saved_revision_;
  std::string last_failure_;
};

}  // namespace veth_node
