#include "plugin/veth_node/config.hpp"

#include "plugin/cluster/entries.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

namespace veth_node {
namespace {

using cni::JsonObject;
using cni::JsonValue;

template <class Value, std::size_t count>
Value read_choice(const JsonValue& value, const std::array<std::pair<std::string_view, Value>, count>& choices) {
  const auto text = value.as_string();
  std::string names;
  for (const auto& [name, choice] : choices) {
    if (name == text) return choice;
    names += (names.empty() ? "\"" : ", \"") + std::string{name} + '"';
  }
  value.reject("must be one of " + names);
}

constexpr std::array<std::pair<std::string_view, StoreConfig::Type>, 2> store_types{
    {{"etcd", StoreConfig::Type::etcd}, {"kubernetes", StoreConfig::Type::kubernetes}}};
constexpr std::array<std::pair<std::string_view, node::Routing>, 3> routings{
    {{"auto", node::Routing::automatic}, {"direct", node::Routing::direct}, {"tunnel", node::Routing::tunnel}}};
constexpr std::array<std::pair<std::string_view, node::EncapsulationChoice>, 3> encapsulations{
    {{"auto", node::EncapsulationChoice::automatic},
     {"gpe", node::EncapsulationChoice::gpe},
     {"vxlan", node::EncapsulationChoice::vxlan}}};

/// "" if it is absent.
std::string read_path(JsonObject& object, std::string_view key) {
  const auto value = object.find_nonempty(key);
  if (!value) return {};
  auto path = value->as_string();
  if (!path.starts_with('/')) value->reject("must be an absolute path");
  return path;
}

std::string read_entry_name(const JsonValue& value) {
  auto name = value.as_string();
  if (!cluster::is_name(name))
    value.reject("must consist of letters, digits, '-', '_' and '.', and not begin with '.'");
  return name;
}

std::vector<cni::Prefix> read_prefixes(JsonObject& object, std::string_view key) {
  std::vector<cni::Prefix> prefixes;
  const auto value = object.find(key);
  if (!value) return prefixes;
  for (const auto& element : value->as_array()) {
    prefixes.push_back(element.as_prefix());
    if (prefixes.back() != cni::network_of(prefixes.back())) element.reject("must be a network without host bits");
  }
  return prefixes;
}

std::vector<cni::IpAddress> read_addresses(JsonObject& object) {
  std::vector<cni::IpAddress> addresses;
  const auto value = object.find("addresses");
  if (!value) return addresses;
  for (const auto& element : value->as_array()) {
    const auto address = element.as_address();
    const auto has_family = [&](const cni::IpAddress& other) { return other.family == address.family; };
    if (std::ranges::any_of(addresses, has_family)) element.reject("must be the only one of its family");
    addresses.push_back(address);
  }
  return addresses;
}

void read_etcd(JsonObject& object, StoreConfig& store) {
  for (const auto& url : object.require("endpoints").as_array()) {
    store.endpoints.push_back(http::read_endpoint(url.as_string()));
  }
  const auto is_encrypted = [](const http::Endpoint& endpoint) { return endpoint.is_encrypted; };
  const bool needs_ca = std::ranges::any_of(store.endpoints, is_encrypted);
  if (store.endpoints.empty()) object.require("endpoints").reject("must have an endpoint");
  store.ca = read_path(object, "ca");
  if (needs_ca) object.require("ca");
  store.certificate = read_path(object, "cert");
  store.key = read_path(object, "key");
  if (!store.certificate.empty()) object.require("key");
  if (!store.key.empty()) object.require("cert");
  store.server_name = object.string_or("serverName", "");
  store.user = object.string_or("user", "");
  store.password = object.string_or("password", "");
  if (!store.user.empty()) object.require("password");
  if (const auto prefix = object.find_nonempty("prefix")) {
    store.prefix = prefix->as_string();
    if (!store.prefix.ends_with('/')) prefix->reject("must end with a slash");
  }
}

void read_kubernetes(JsonObject& object, StoreConfig& store) {
  store.kubeconfig = read_path(object, "kubeconfig");
  if (const auto value = object.find_nonempty("namespace")) store.api_namespace = read_entry_name(*value);
}

StoreConfig read_store(JsonObject object) {
  StoreConfig store{.type = read_choice(object.require("type"), store_types)};
  if (store.type == StoreConfig::Type::etcd) {
    read_etcd(object, store);
  } else {
    read_kubernetes(object, store);
  }
  object.reject_misspelled_keys();
  return store;
}

std::map<std::string, cluster::Pool> read_pools(JsonObject& object) {
  std::map<std::string, cluster::Pool> pools;
  const auto value = object.find("pools");
  if (!value) return pools;
  auto members = value->as_object();
  for (const auto& name : members.unread_members()) {
    const auto pool = members.find_exact(name);
    if (!pool) continue;
    if (!cluster::is_name(name))
      pool->reject("has a name with other characters than letters, digits, '-', '_' and '.'");
    pools[name] = cluster::pool_of(pool->as_object());
  }
  return pools;
}

NetworkFile read_network(JsonObject object, const Config& config) {
  NetworkFile network;
  if (const auto file = read_path(object, "file"); !file.empty()) network.file = file;
  if (!network.file.ends_with(".conflist")) object.require("file").reject("must end with .conflist");
  network.name = object.string_or("name", network.name);
  if (!cni::is_identifier(network.name)) object.require("name").reject("must be a valid network name");
  if (const auto pool = object.find_nonempty("pool")) network.pool = read_entry_name(*pool);
  network.masquerade_exceptions = read_prefixes(object, "ipMasqExcept");
  const bool has_networks = !config.pod_networks.empty() || config.store.type == StoreConfig::Type::kubernetes;
  if (network.pool.empty() && !has_networks) object.require("pool");
  object.reject_misspelled_keys();
  return network;
}

/// What `stat` says about the opened file must not allow others to read it.
void require_private(int file, const std::string& path) {
  struct stat status {};
  if (::fstat(file, &status) < 0) posix::throw_errno("read the status of " + text::quoted(path));
  const bool is_private = status.st_uid == ::geteuid() && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  if (is_private) return;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   text::quoted(path) + " may contain a password or name a key, but other users can read or change it",
                   "run: chown root " + path + " && chmod 0600 " + path};
}

}  // namespace

Config parse_config(std::string_view text, const std::string& host) {
  const cni::JsonDocument document{text, "the configuration of veth-node"};
  auto object = document.root().as_object();
  Config config{.node = host};
  constexpr std::array<std::string_view, 1> of_editors{"$schema"};
  object.mark_known(of_editors);
  if (const auto node = object.find_nonempty("node")) config.node = read_entry_name(*node);
  config.store = read_store(object.require("store").as_object());
  config.addresses = read_addresses(object);
  config.pod_networks = read_prefixes(object, "podCIDRs");
  config.pools = read_pools(object);
  if (const auto routing = object.find_nonempty("routing")) config.tunnels.routing = read_choice(*routing, routings);
  if (const auto value = object.find_nonempty("encapsulation")) {
    config.tunnels.encapsulation = read_choice(*value, encapsulations);
  }
  if (auto network = object.find_object("network")) config.network = read_network(*std::move(network), config);
  config.log = read_path(object, "log");
  if (auto file = read_path(object, "machineIdFile"); !file.empty()) config.machine_id_file = std::move(file);
  object.reject_misspelled_keys();
  return config;
}

Config read_config(const std::string& path) {
  constexpr std::size_t limit = std::size_t{1} << 20U;
  constexpr std::chrono::seconds timeout{5};
  const auto file = posix::open_file(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  require_private(file.get(), path);
  return parse_config(posix::read_to_end(file.get(), limit, timeout), default_node_name());
}

std::string default_node_name() {
  const auto* name = std::getenv("VETH_NODE_NAME");
  if (name != nullptr && cluster::is_name(name)) return name;
  utsname system{};
  ::uname(&system);
  return static_cast<const char*>(system.nodename);
}

}  // namespace veth_node
