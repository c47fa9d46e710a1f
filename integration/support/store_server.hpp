#pragma once

#include "integration/support/etcd_server.hpp"
#include "integration/support/kube_api_server.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace support {

/// The store of a cluster: etcd, or with VETH_CLUSTER_STORE=kubernetes an API server. It ends with the object.
class StoreServer {
 public:
  /// Why there can be no server; empty: there can.
  static std::string why_missing();

  StoreServer();

  void start();
  void kill();
  void lose_data();

  /// What the client reports that connects to 127.0.0.1.
  std::string url() const;

  /// Where the agents find the server: the object "store" of their configuration.
  static nlohmann::json config(const std::string& host = "127.0.0.1");

  /// Makes a node known that has this address in the network of the nodes. etcd needs nothing.
  static void add_node(const std::string& name, const std::string& address = {});

  /// A store that has no entries yet.
  static nlohmann::json empty_config(const std::string& name);

 private:
  std::optional<EtcdServer> etcd_;
  std::optional<KubeApiServer> kubernetes_;
};

}  // namespace support
