#include "integration/support/etcd_server.hpp"

#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace support {
namespace {

namespace fs = std::filesystem;

void call_openssl(const std::vector<std::string>& argv) {
  const auto outcome = run({.argv = argv});
  if (outcome.exit != 0) throw std::runtime_error(argv.front() + ": " + outcome.err);
}

bool may_execute(const fs::path& path) { return ::access(path.c_str(), X_OK) == 0; }

}  // namespace

std::optional<std::string> EtcdServer::find_executable() {
  if (const char* named = std::getenv("ETCD")) return named;
  for (const char* path : {"/usr/bin/etcd", "/usr/local/bin/etcd"}) {
    if (may_execute(path)) return path;
  }
  const char* home = std::getenv("HOME");
  const auto peers = fs::path{home == nullptr ? "/root" : home} / ".cache/veth-cni/peers";
  std::error_code ignored;
  for (const auto& folder : fs::directory_iterator{peers, ignored}) {
    if (may_execute(folder.path() / "etcd")) return folder.path() / "etcd";
  }
  return std::nullopt;
}

EtcdServer::EtcdServer(int port, bool has_tls)
    : port_(port), has_tls_(has_tls), folder_("/run/test/etcd-" + std::to_string(port)) {
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  start();
}

EtcdServer::~EtcdServer() {
  kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string EtcdServer::url() const {
  return (has_tls_ ? "https" : "http") + ("://127.0.0.1:" + std::to_string(port_));
}

void EtcdServer::start() {
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
  std::vector<char*> pointers;
  for (auto& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const auto log = folder_ + "/log";
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(pointers.front(), pointers.data());
    ::_exit(127);
  }
  constexpr int tries = 400;
  for (int i = 0; i < tries; ++i) {
    if (is_listening()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  throw std::runtime_error("etcd does not answer: " + read_text(log));
}

bool EtcdServer::is_listening() const {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_connected = ::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(client);
  return is_connected;
}

void EtcdServer::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

void EtcdServer::freeze() const {
  ::kill(process_, SIGSTOP);
  ::waitpid(process_, nullptr, WUNTRACED);
}
void EtcdServer::resume() const { ::kill(process_, SIGCONT); }

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
