#include "integration/support/kube_api_server.hpp"

#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "plugin/http/connection.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace support {
namespace {

using nlohmann::json;

constexpr int port = 6443;
constexpr auto token = "token-of-tests";
constexpr auto certificates = "/run/test/certificates/";

http::Response exchange(const http::Request& request) {
  const auto deadline = http::deadline_in(std::chrono::seconds{10});
  const http::Tls tls{.ca = read_text(std::string{certificates} + "ca.pem")};
  http::Connection connection{http::read_endpoint("https://127.0.0.1:" + std::to_string(port)), tls, deadline};
  auto authorized = request;
  authorized.headers.emplace_back("Authorization", std::string{"Bearer "} + token);
  return connection.exchange(authorized, deadline);
}

json object(const std::string& kind, const std::string& name) {
  return {{"apiVersion", "v1"}, {"kind", kind}, {"metadata", {{"name", name}}}};
}

}  // namespace

KubeApiServer::KubeApiServer() {
  make_certificates();
  std::filesystem::create_directories(folder_);
  write_text(folder_ + "/tokens", std::string{token} + ",tests,1\n");
  const auto key = folder_ + "/accounts.key";
  run({.argv = {"openssl", "genpkey", "-algorithm", "RSA", "-out", key}});
  process_.emplace(
      std::vector<std::string>{
          find_executable(), "--etcd-servers=" + etcd_.url(), "--secure-port=" + std::to_string(port),
          "--bind-address=0.0.0.0", "--advertise-address=192.0.2.254", "--endpoint-reconciler-type=none",
          "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=AlwaysAllow",
          "--token-auth-file=" + folder_ + "/tokens", "--service-account-issuer=https://kubernetes.default.svc",
          "--service-account-key-file=" + key, "--service-account-signing-key-file=" + key,
          "--tls-cert-file=" + std::string{certificates} + "server.pem",
          "--tls-private-key-file=" + std::string{certificates} + "server.key", "--cert-dir=" + folder_},
      folder_ + "/log");
  start_server();
}

void KubeApiServer::start() {
  etcd_.start();
  start_server();
}

void KubeApiServer::start_server() {
  process_->start([this] { return is_ready(); });
  add_namespace("veth-cni");
  for (const auto& [name, address] : nodes_) post_node(name, address);
}

void KubeApiServer::kill() {
  process_->kill();
  etcd_.kill();
}

void KubeApiServer::lose_data() { etcd_.restore(""); }

bool KubeApiServer::is_ready() const try {
  return exchange({.target = "/readyz"}).status == 200;
} catch (const std::exception&) {
  return false;
}

void KubeApiServer::add_node(const std::string& name, const std::string& address) {
  nodes_[name] = address;
  post_node(name, address);
}

void KubeApiServer::post_node(const std::string& name, const std::string& address) const {
  auto node = object("Node", name);
  if (!address.empty()) node["status"]["addresses"] = {{{"type", "InternalIP"}, {"address", address}}};
  post("/api/v1/nodes", node.dump());
}

void KubeApiServer::add_namespace(const std::string& name) const {
  post("/api/v1/namespaces", object("Namespace", name).dump());
}

/// Also succeeds if the object exists.
void KubeApiServer::post(const std::string& target, const std::string& body) const {
  const auto response = exchange({.method = "POST", .target = target, .body = body});
  if (response.status != 201 && response.status != 409) throw std::runtime_error(response.body);
}

std::string KubeApiServer::kubeconfig(const std::string& host) const {
  const std::string name = "tests";
  const json cluster{{"server", "https://" + host + ':' + std::to_string(port)},
                     {"certificate-authority", std::string{certificates} + "ca.pem"},
                     {"tls-server-name", "etcd.test"}};
  const json config{{"apiVersion", "v1"},
                    {"kind", "Config"},
                    {"current-context", name},
                    {"clusters", {{{"name", name}, {"cluster", cluster}}}},
                    {"contexts", {{{"name", name}, {"context", {{"cluster", name}, {"user", name}}}}}},
                    {"users", {{{"name", name}, {"user", {{"token", token}}}}}}};
  const auto path = folder_ + "/kubeconfig-" + host;
  write_text(path, config.dump(2));
  return path;
}

}  // namespace support
