#pragma once

#include "plugin/cluster/store.hpp"
#include "plugin/etcd/mark.hpp"
#include "plugin/etcd/replies.hpp"
#include "plugin/http/client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace etcd {

struct Settings {
  http::Servers servers;
  std::string prefix = "/veth-cni/v1/";  ///< of all keys
  std::string user{};                    ///< empty: etcd has no users, or certificates suffice
  std::string password{};
  std::chrono::milliseconds heartbeat{30'000};  ///< of a watch
  std::chrono::milliseconds replay{5'000};      ///< until etcd has sent the last change that is known
};

/// A cluster of etcd, version 3.4 and later, by its JSON gateway. A revision of a listing or of changes is "61/HASH":
/// the number of the last change, and a hash of it, so that a watch notices that etcd was restored from a backup and
/// has made other changes with the same numbers. Users and passwords are exchanged for a token, since the gateway does
/// not pass the name in a client's certificate on to etcd.
class EtcdStore : public cluster::Store {
 public:
  explicit EtcdStore(Settings settings);

  cluster::Listing list(const std::string& prefix) override;
  std::optional<cluster::Item> find(const std::string& key) override;
  bool watch(const std::string& prefix, const std::string& revision,
             const std::function<bool(const cluster::Changes&)>& changed) override;
  std::optional<cluster::Occupied> create(const std::string& key, const std::string& value) override;
  bool replace(const cluster::Item& item) override;
  bool remove(const cluster::Item& item) override;

 private:
  http::Request request_for(std::string_view path, std::string body);
  void call(std::string_view path, const std::string& body, const std::function<void(const std::string&)>& read);
  void require_token();
  Transaction change(const std::string& body);
  cluster::Item relative(cluster::Item item) const;
  http::Connection begin_watch(const std::string& prefix, std::int64_t first_revision);
  std::optional<WatchLine> read_until_known(http::Connection& connection, const Mark& mark);
  WatchLine next_line(http::Connection& connection, const std::function<bool()>& is_wanted);
  void test_server();

  Settings settings_;
  http::Client client_;
  std::string token_;
};

}  // namespace etcd
