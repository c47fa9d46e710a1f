#include "plugin/veth_node/stores.hpp"

#include "plugin/etcd/etcd_store.hpp"
#include "plugin/kubernetes/lease_store.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/hash.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>

namespace veth_node {
namespace {

/// Follows symbolic links: mounted secrets are links.
std::string read_file(const std::string& path) {
  constexpr std::size_t limit = std::size_t{4} << 20U;
  constexpr std::chrono::seconds timeout{5};
  if (path.empty()) return {};
  const auto file = posix::open_file(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  return posix::read_to_end(file.get(), limit, timeout);
}

http::Tls read_tls(const StoreConfig& store) {
  return {.ca = read_file(store.ca),
          .certificate = read_file(store.certificate),
          .key = read_file(store.key),
          .server_name = store.server_name};
}

etcd::Settings etcd_settings(const Config& config) {
  const auto& store = config.store;
  read_tls(store);  // a missing file is an error now, not at the first connection
  return {.servers = {.endpoints = store.endpoints,
                      .tls = [store] { return read_tls(store); },
                      .first = text::fmix64(text::fnv1a(config.node))},
          .prefix = store.prefix,
          .user = store.user,
          .password = store.password};
}

kubernetes::Settings kubernetes_settings(const Config& config) {
  const auto file = config.store.kubeconfig;
  return {.credentials =
              [file] {
                return file.empty() ? kubernetes::read_service_account()
                                    : kubernetes::parse_kubeconfig(read_file(file));
              },
          .api_namespace = config.store.api_namespace,
          .node = config.node};
}

}  // namespace

std::unique_ptr<cluster::Store> open_store(const Config& config) {
  if (config.store.type == StoreConfig::Type::etcd) return std::make_unique<etcd::EtcdStore>(etcd_settings(config));
  return std::make_unique<kubernetes::LeaseStore>(kubernetes_settings(config));
}

Config with_node_object(Config config) {
  if (config.store.type != StoreConfig::Type::kubernetes) return config;
  const auto node = kubernetes::LeaseStore{kubernetes_settings(config)}.read_node();
  for (const auto& network : node.pod_networks) {
    if (const auto prefix = cni::find_prefix(network)) config.pod_networks.push_back(*prefix);
  }
  if (!config.addresses.empty()) return config;
  for (const auto& text : node.addresses) {
    const auto address = cni::find_address(text);
    const auto has_family = [&](const cni::IpAddress& other) { return other.family == address->family; };
    if (address && std::ranges::none_of(config.addresses, has_family)) config.addresses.push_back(*address);
  }
  return config;
}

}  // namespace veth_node
