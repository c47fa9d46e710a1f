#include "integration/support/store_server.hpp"

#include <cstdlib>

namespace support {
namespace {

bool is_kubernetes() {
  const char* store = std::getenv("VETH_CLUSTER_STORE");
  return store != nullptr && std::string{store} == "kubernetes";
}

/// The one that runs: a test has one at a time.
KubeApiServer* running = nullptr;

}  // namespace

std::string StoreServer::why_missing() {
  if (is_kubernetes()) return KubeApiServer::find_executable().empty() ? "kube-apiserver is not installed" : "";
  return EtcdServer::find_executable() ? "" : "etcd is not installed";
}

StoreServer::StoreServer() {
  if (is_kubernetes()) {
    kubernetes_.emplace();
    running = &*kubernetes_;
  } else {
    etcd_.emplace();
  }
}

void StoreServer::start() { kubernetes_ ? kubernetes_->start() : etcd_->start(); }
void StoreServer::kill() { kubernetes_ ? kubernetes_->kill() : etcd_->kill(); }
void StoreServer::lose_data() { kubernetes_ ? kubernetes_->lose_data() : etcd_->restore(""); }
std::string StoreServer::url() const { return kubernetes_ ? "https://127.0.0.1:6443" : etcd_->url(); }

nlohmann::json StoreServer::config(const std::string& host) {
  if (is_kubernetes()) return {{"type", "kubernetes"}, {"kubeconfig", running->kubeconfig(host)}};
  return {{"type", "etcd"}, {"endpoints", {"http://" + host + ":2379"}}};
}

void StoreServer::add_node(const std::string& name, const std::string& address) {
  if (is_kubernetes()) running->add_node(name, address);
}

nlohmann::json StoreServer::empty_config(const std::string& name) {
  auto made = config();
  if (!is_kubernetes()) {
    made["prefix"] = '/' + name + '/';
    return made;
  }
  running->add_namespace(name);
  made["namespace"] = name;
  return made;
}

}  // namespace support
