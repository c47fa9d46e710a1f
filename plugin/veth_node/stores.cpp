#include "plugin/veth_node/stores.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/etcd/etcd_store.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/hash.hpp"

#include <fcntl.h>

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

}  // namespace

std::unique_ptr<cluster::Store> open_store(const Config& config) {
  if (config.store.type == StoreConfig::Type::etcd) return std::make_unique<etcd::EtcdStore>(etcd_settings(config));
  throw cni::Error{cni::ErrorCode::invalid_config, "store type \"kubernetes\" is not supported yet"};
}

}  // namespace veth_node
