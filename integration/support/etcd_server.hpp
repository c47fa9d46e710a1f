#pragma once

#include "integration/support/server_process.hpp"

#include <optional>
#include <string>
#include <vector>

namespace support {

/// etcd with one member on all IPv4 addresses of the namespace of this process. It ends with the object.
class EtcdServer {
 public:
  /// The executable: in PATH, or as `integration/peers/build etcd` has built it; nullopt: there is none.
  static std::optional<std::string> find_executable();

  /// Throws std::runtime_error if it does not answer. With certificates it uses TLS, and demands one of the
  /// clients.
  explicit EtcdServer(int port = 2379, bool has_tls = false);
  EtcdServer(const EtcdServer&) = delete;
  EtcdServer& operator=(const EtcdServer&) = delete;
  ~EtcdServer();

  /// With the same data. Throws as the constructor does.
  void start();
  void kill() { process_->kill(); }
  /// It keeps its connections and does not answer.
  void freeze() const { process_->freeze(); }
  void resume() const { process_->resume(); }

  /// Replaces its data by those of another folder, or removes them: a backup is restored. It must have been killed.
  void restore(const std::string& backup) const;
  void back_up(const std::string& backup) const;

  std::string url() const;
  pid_t process() const { return process_->process(); }

 private:
  std::vector<std::string> argv() const;

  int port_;
  bool has_tls_;
  std::string folder_;
  std::optional<ServerProcess> process_;
};

/// An authority and certificates signed by it, made by openssl in /run/test/certificates: ca.pem, server.pem,
/// server.key (for 127.0.0.1 and the name etcd.test), client.pem, client.key, and the same of another authority:
/// other-ca.pem, other.pem, other.key. Throws std::runtime_error.
std::string make_certificates();

}  // namespace support
