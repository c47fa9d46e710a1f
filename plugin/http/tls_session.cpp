#include "plugin/http/tls_session.hpp"

#include "plugin/cni/error.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace http {
namespace {

template <auto function>
struct FreeBy {
  void operator()(auto* object) const { function(object); }
};

using Bio = std::unique_ptr<BIO, FreeBy<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;

/// The last error of OpenSSL, and forgets all of them.
std::string take_error() {
  std::array<char, 256> text{};
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  if (const auto* reason = ERR_reason_error_string(code)) return reason;
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

[[noreturn]] void reject(const std::string& what, const std::string& advice) {
  throw cni::Error{cni::ErrorCode::invalid_config, "cannot use the " + what + ": " + take_error(), advice};
}

Bio reader_of(const std::string& text) { return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))}; }

Certificate next_certificate(BIO* reader) { return Certificate{PEM_read_bio_X509(reader, nullptr, nullptr, nullptr)}; }

void trust(SSL_CTX* context, const std::string& authorities) {
  const auto reader = reader_of(authorities);
  std::size_t count = 0;
  while (const auto certificate = next_certificate(reader.get())) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
    ++count;
  }
  if (count == 0) reject("certificates of the authority", "the file must have certificates in PEM");
  ERR_clear_error();  // the end of the text is an error
}

void add_chain(SSL_CTX* context, BIO* reader) {
  while (const auto certificate = next_certificate(reader)) SSL_CTX_add1_chain_cert(context, certificate.get());
  ERR_clear_error();
}

/// The key must not have a passphrase: OpenSSL would ask for it on the terminal.
int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*is_written*/, void* /*data*/) { return -1; }

void identify(SSL_CTX* context, const Tls& tls) {
  const auto reader = reader_of(tls.certificate);
  const auto certificate = next_certificate(reader.get());
  const bool is_used = certificate && SSL_CTX_use_certificate(context, certificate.get()) == 1;
  if (!is_used) reject("certificate of this client", "the file must have a certificate in PEM");
  add_chain(context, reader.get());
  const auto key_reader = reader_of(tls.key);
  const PrivateKey key{PEM_read_bio_PrivateKey(key_reader.get(), nullptr, refuse_passphrase, nullptr)};
  const bool is_usable = key && SSL_CTX_use_PrivateKey(context, key.get()) == 1;
  if (!is_usable) reject("key of this client", "the file must have the key of the certificate in PEM, not encrypted");
}

SSL_CTX* new_context(const Tls& tls) {
  // The configuration file of OpenSSL can load further libraries, which a static executable cannot.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>> context{SSL_CTX_new(TLS_client_method())};
  if (!context) throw cni::Error{cni::ErrorCode::system_refused, "cannot use TLS: " + take_error()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  trust(context.get(), tls.ca);
  if (!tls.certificate.empty()) identify(context.get(), tls);
  return context.release();
}

SSL* new_session(SSL_CTX* context, const Tcp& tcp, const std::string& server_name) {
  auto* session = SSL_new(context);
  SSL_set_fd(session, tcp.socket());
  if (server_name.empty()) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), cni::to_string(tcp.endpoint().address).c_str());
  } else {
    // SSL_set_tlsext_host_name() is a macro with an old-style cast.
    auto name = server_name;
    SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    SSL_set1_host(session, server_name.c_str());
  }
  return session;
}

}  // namespace

void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }
void TlsSession::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsSession::TlsSession(Tcp& tcp, const Tls& tls, Deadline deadline)
    : tcp_(tcp), context_(new_context(tls)), session_(new_session(context_.get(), tcp, tls.server_name)) {
  handshake(deadline);
}

void TlsSession::handshake(Deadline deadline) {
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(session_.get());
    if (result == 1) return;
    if (!wait_after(result, deadline, "connect by TLS to")) tcp_.fail("connect by TLS to", "connection closed");
  }
}

void TlsSession::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count);
    bytes.remove_prefix(count);
    if (result == 1) continue;
    if (!wait_after(result, deadline, "write to")) tcp_.fail("write to", "connection closed");
  }
}

bool TlsSession::read(std::string& buffer, Deadline deadline) {
  std::array<char, read_size> bytes;
  while (true) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(session_.get(), bytes.data(), bytes.size(), &count);
    if (result == 1) {
      buffer.append(bytes.data(), count);
      return true;
    }
    if (!wait_after(result, deadline, "read from")) return false;
  }
}

/// Waits until the failed call can be repeated; false if the server has closed the connection.
bool TlsSession::wait_after(int result, Deadline deadline, const std::string& act) {
  const int reason = SSL_get_error(session_.get(), result);
  switch (reason) {
    case SSL_ERROR_WANT_READ:
      tcp_.wait(POLLIN, deadline);
      return true;
    case SSL_ERROR_WANT_WRITE:
      tcp_.wait(POLLOUT, deadline);
      return true;
    case SSL_ERROR_ZERO_RETURN:
      return false;
    default:
      fail(act, reason);
  }
}

/// A server that refuses the certificate of this client says so after the handshake, and closes the connection, so that
/// a write can fail before the alert was read.
void TlsSession::read_alert() const {
  std::array<char, 1> byte;
  std::size_t count = 0;
  SSL_read_ex(session_.get(), byte.data(), byte.size(), &count);
}

void TlsSession::fail(const std::string& act, int reason) const {
  const int error = errno;
  const auto verified = SSL_get_verify_result(session_.get());
  if (verified != X509_V_OK) {
    tcp_.fail(act,
              std::string{"the certificate of the server is not valid: "} + X509_verify_cert_error_string(verified));
  }
  if (reason == SSL_ERROR_SYSCALL && ERR_peek_error() == 0) read_alert();
  if (ERR_peek_error() == 0) tcp_.fail(act, error == 0 ? "connection closed" : std::system_category().message(error));
  tcp_.fail(act, take_error());
}

}  // namespace http
