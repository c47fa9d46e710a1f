#pragma once

#include "plugin/cluster/store.hpp"
#include "plugin/http/client.hpp"
#include "plugin/kubernetes/credentials.hpp"
#include "plugin/kubernetes/leases.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace kubernetes {

struct Settings {
  /// Called for each connection, since tokens and certificates are replaced while the program runs.
  std::function<Credentials()> credentials;
  std::string api_namespace = "veth-cni";
  std::string node{};                           ///< whose Node object owns the entries that this object creates
  std::chrono::milliseconds timeout{4500};      ///< of a request
  std::chrono::seconds watch_time{300};         ///< then the server ends a watch, and another one begins
  std::chrono::milliseconds heartbeat{30'000};  ///< of a watch
};

/// The Leases of one namespace of the API server of Kubernetes.
class LeaseStore : public cluster::Store {
 public:
  explicit LeaseStore(Settings settings);

  cluster::Listing list(const std::string& prefix) override;
  std::optional<cluster::Item> find(const std::string& key) override;
  bool watch(const std::string& prefix, const std::string& revision,
             const std::function<bool(const cluster::Changes&)>& changed) override;
  std::optional<cluster::Occupied> create(const std::string& key, const std::string& value) override;
  bool replace(const cluster::Item& item) override;
  bool remove(const cluster::Item& item) override;

  /// The Node object of this node. Throws as the functions of Store do.
  NodeObject read_node();

 private:
  http::Response call(http::Request request);
  http::Request with_token(http::Request request) const;
  void renew_client();
  std::optional<NodeReference> owner_of(const std::string& key);
  std::string current_revision();
  bool watch_once(const std::string& prefix, std::string& revision,
                  const std::function<bool(const cluster::Changes&)>& changed, bool& is_wanted);

  Settings settings_;
  Credentials credentials_;
  std::optional<http::Client> client_;
  std::chrono::steady_clock::time_point renewed_at_;
  std::optional<NodeReference> node_;
};

}  // namespace kubernetes
