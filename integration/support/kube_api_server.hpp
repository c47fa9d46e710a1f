#pragma once

#include "integration/support/etcd_server.hpp"
#include "integration/support/server_process.hpp"

#include <map>
#include <optional>
#include <string>

namespace support {

/// kube-apiserver with an etcd of its own, at port 6443 of all addresses of the namespace of this process. It has the
/// namespace veth-cni, and allows everything to clients with the token of its kubeconfig.
class KubeApiServer {
 public:
  /// The executable: KUBE_APISERVER, in PATH, or as `integration/peers/build kube-apiserver` has built it; empty: none.
  static std::string find_executable() { return find_server("KUBE_APISERVER", "kube-apiserver"); }

  /// Throws std::runtime_error if it does not answer.
  KubeApiServer();

  /// With the same data. Throws as the constructor does.
  void start();
  void kill();
  void freeze() const { process_->freeze(); }
  void resume() const { process_->resume(); }

  /// Removes all data, as the restored backup of an empty cluster. It must have been killed. start() registers the
  /// nodes again, as kubelets do.
  void lose_data();

  /// Creates a Node object, if there is none, with an InternalIP unless the address is empty.
  void add_node(const std::string& name, const std::string& address = {});

  void add_namespace(const std::string& name) const;

  /// The path of a kubeconfig for clients that reach the server at this address.
  std::string kubeconfig(const std::string& host = "127.0.0.1") const;

 private:
  void start_server();
  bool is_ready() const;
  void post_node(const std::string& name, const std::string& address) const;
  void post(const std::string& target, const std::string& body) const;

  EtcdServer etcd_;
  std::string folder_ = "/run/test/kube-apiserver";
  std::map<std::string, std::string> nodes_;  ///< addresses by name
  std::optional<ServerProcess> process_;
};

}  // namespace support
