#include "integration/support/etcd_server.hpp"

#include "integration/support/command.hpp"

#include <filesystem>
#include <stdexcept>

namespace support {
namespace {

namespace fs = std::filesystem;

void call_openssl(const std::vector<std::string>& argv) {
  const auto outcome = run({.argv = argv});
  if (outcome.exit != 0) throw std::runtime_error(argv.front() + ": " + outcome.err);
}

}  // namespace

std::optional<std::string> EtcdServer::find_executable() {
  const auto path = find_server("ETCD", "etcd");
  return path.empty() ? std::nullopt : std::optional{path};
}

EtcdServer::EtcdServer(int port, bool has_tls)
    : port_(port), has_tls_(has_tls), folder_("/run/test/etcd-" + std::to_string(port)) {
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  process_.emplace(argv(), folder_ + "/log");
  start();
}

EtcdServer::~EtcdServer() {
  process_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string EtcdServer::url() const {
  return (has_tls_ ? "https" : "http") + ("://127.0.0.1:" + std::to_string(port_));
}

void EtcdServer::start() {
  process_->start([this] { return is_listening(port_); });
}

std::vector<std::string> EtcdServer::argv() const {
  const auto any_address = "://0.0.0.0:" + std::to_string(port_);
  const auto peer = "http://127.0.0.1:" + std::to_string(port_ + 10'000);
  std::vector<std::string> argv{find_executable().value(),
                                "--name",
                                "m",
                                "--data-dir",
                                folder_ + "/data",
                                "--listen-client-urls",
                                (has_tls_ ? "https" : "http") + any_address,
                                "--advertise-client-urls",
                                url(),
                                "--listen-peer-urls",
                                peer,
                                "--initial-advertise-peer-urls",
                                peer,
                                "--initial-cluster",
                                "m=" + peer,
                                "--unsafe-no-fsync",
                                "--log-level",
                                "error"};
  if (has_tls_) {
    const std::string folder = "/run/test/certificates/";
    for (const auto& word :
         {std::string{"--cert-file"}, folder + "server.pem", std::string{"--key-file"}, folder + "server.key",
          std::string{"--trusted-ca-file"}, folder + "ca.pem", std::string{"--client-cert-auth"}}) {
      argv.push_back(word);
    }
  }
  return argv;
}

void EtcdServer::back_up(const std::string& backup) const {
  fs::remove_all(backup);
  fs::copy(folder_ + "/data", backup, fs::copy_options::recursive);
}

void EtcdServer::restore(const std::string& backup) const {
  fs::remove_all(folder_ + "/data");
  if (!backup.empty()) fs::copy(backup, folder_ + "/data", fs::copy_options::recursive);
}

std::string make_certificates() {
  const std::string folder = "/run/test/certificates";
  fs::create_directories(folder);
  const auto path = [&](const std::string& name) { return folder + '/' + name; };
  const auto authority = [&](const std::string& name) {
    call_openssl({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                  "-days", "2", "-subj", "/CN=" + name, "-keyout", path(name + ".key"), "-out", path(name + ".pem")});
  };
  const auto sign = [&](const std::string& name, const std::string& by, const std::string& names) {
    call_openssl({"openssl",
                  "req",
                  "-x509",
                  "-newkey",
                  "ec",
                  "-pkeyopt",
                  "ec_paramgen_curve:prime256v1",
                  "-nodes",
                  "-days",
                  "2",
                  "-subj",
                  "/CN=" + name,
                  "-addext",
                  "subjectAltName=" + names,
                  "-addext",
                  "basicConstraints=critical,CA:FALSE",
                  "-CA",
                  path(by + ".pem"),
                  "-CAkey",
                  path(by + ".key"),
                  "-keyout",
                  path(name + ".key"),
                  "-out",
                  path(name + ".pem")});
  };
  authority("ca");
  authority("other-ca");
  sign("server", "ca", "IP:127.0.0.1,DNS:etcd.test");
  sign("client", "ca", "DNS:node");
  sign("other", "other-ca", "DNS:node");
  return folder;
}

}  // namespace support
