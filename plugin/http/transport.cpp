#include "plugin/http/transport.hpp"

#include "plugin/http/tcp.hpp"
#include "plugin/http/tls_session.hpp"

#include <optional>
#include <utility>

namespace http {

class Transport::Channel {
 public:
  Channel(const Endpoint& endpoint, const Tls& tls, Deadline deadline) : tcp_(endpoint, deadline) {
    if (endpoint.is_encrypted) session_.emplace(tcp_, tls, deadline);
  }

  void write(std::string_view bytes, Deadline deadline) {
    session_ ? session_->write(bytes, deadline) : tcp_.write(bytes, deadline);
  }

  bool read(std::string& buffer, Deadline deadline) {
    return session_ ? session_->read(buffer, deadline) : tcp_.read(buffer, deadline);
  }

  const Endpoint& endpoint() const { return tcp_.endpoint(); }

 private:
  Tcp tcp_;
  std::optional<TlsSession> session_;
};

Transport::Transport(const Endpoint& endpoint, const Tls& tls, Deadline deadline)
    : channel_(std::make_unique<Channel>(endpoint, tls, deadline)) {}
Transport::Transport(Transport&&) noexcept = default;
Transport& Transport::operator=(Transport&&) noexcept = default;
Transport::~Transport() = default;

void Transport::write(std::string_view bytes, Deadline deadline) { channel_->write(bytes, deadline); }
bool Transport::read(std::string& buffer, Deadline deadline) { return channel_->read(buffer, deadline); }
const Endpoint& Transport::endpoint() const { return channel_->endpoint(); }

}  // namespace http
