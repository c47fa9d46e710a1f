#pragma once

#include "plugin/http/deadline.hpp"
#include "plugin/http/tcp.hpp"
#include "plugin/http/tls.hpp"

#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace http {

/// TLS 1.2 or 1.3 over a TCP connection. Each function throws cni::Error: invalid_config for certificates and keys that
/// cannot be read, else try_again_later.
class TlsSession {
 public:
  /// Performs the handshake and verifies the server. The connection must outlive it.
  TlsSession(Tcp& tcp, const Tls& tls, Deadline deadline);

  void write(std::string_view bytes, Deadline deadline);

  /// Appends what has arrived, at least one byte; false at the end of the stream.
  bool read(std::string& buffer, Deadline deadline);

 private:
  struct Free {
    void operator()(ssl_st* session) const;
    void operator()(ssl_ctx_st* context) const;
  };

  void handshake(Deadline deadline);
  bool wait_after(int result, Deadline deadline, const std::string& act);
  void read_alert() const;
  [[noreturn]] void fail(const std::string& act, int reason) const;

  Tcp& tcp_;
  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::unique_ptr<ssl_st, Free> session_;
};

}  // namespace http
