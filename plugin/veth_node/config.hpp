#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/cni/address.hpp"
#include "plugin/http/endpoint.hpp"
#include "plugin/node/settings.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace veth_node {

inline constexpr const char* default_config = "/etc/veth-cni/node.json";

/// Where the entries of the cluster are kept: the object "store".
struct StoreConfig {
  enum class Type { etcd, kubernetes };

  Type type = Type::etcd;
  std::vector<http::Endpoint> endpoints{};  ///< of etcd
  std::string ca{};                         ///< file of certificates that sign those of the servers
  std::string certificate{};                ///< file of the certificate of this node; empty: none
  std::string key{};                        ///< file of its key
  std::string server_name{};                ///< in the certificates of the servers; empty: their addresses
  std::string user{};                       ///< of etcd; empty: none
  std::string password{};
  std::string prefix = "/veth-cni/v1/";    ///< of the keys in etcd
  std::string kubeconfig{};                ///< file; empty: the service account of the pod
  std::string api_namespace = "veth-cni";  ///< of the Leases

  bool operator==(const StoreConfig&) const = default;
};

/// The network configuration for runtimes that `run` writes: the object "network".
struct NetworkFile {
  std::string file = "/etc/cni/net.d/10-veth.conflist";
  std::string name = "veth";
  std::string pool{};                                ///< empty: the ranges are the pod networks of the node
  std::vector<cni::Prefix> masquerade_exceptions{};  ///< "ipMasqExcept": networks beside the pools

  bool operator==(const NetworkFile&) const = default;
};

/// /etc/veth-cni/node.json
struct Config {
  std::string node{};                            ///< name of this node in the store
  std::vector<cni::IpAddress> addresses{};       ///< of the underlay; empty: those that default routes use
  std::vector<cni::Prefix> pod_networks{};       ///< "podCIDRs"
  std::map<std::string, cluster::Pool> pools{};  ///< that `run` creates
  StoreConfig store{};
  node::Settings tunnels{};                         ///< "routing" and "encapsulation"
  std::optional<NetworkFile> network{};             ///< nullopt: none is written
  std::string log{};                                ///< file; empty: standard error
  std::string machine_id_file = "/etc/machine-id";  ///< of the host
};

/// Parses the configuration. `host` is the name of the node if the text has none. Throws cni::Error.
Config parse_config(std::string_view text, const std::string& host);

/// Reads the file. Throws cni::Error invalid_config if other users than its owner, who must be the effective user, can
/// read it, since it may contain a password; and std::system_error.
Config read_config(const std::string& path);

/// The variable VETH_NODE_NAME, or else the host name.
std::string default_node_name();

}  // namespace veth_node
