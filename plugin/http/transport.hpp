#pragma once

#include "plugin/http/deadline.hpp"
#include "plugin/http/endpoint.hpp"
#include "plugin/http/tls.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace http {

/// A TCP connection, with TLS if the endpoint is encrypted. Each function throws cni::Error try_again_later if the
/// server cannot be reached, does not answer until the deadline, or fails the verification.
class Transport {
 public:
  Transport(const Endpoint& endpoint, const Tls& tls, Deadline deadline);
  Transport(Transport&&) noexcept;
  Transport& operator=(Transport&&) noexcept;
  ~Transport();

  void write(std::string_view bytes, Deadline deadline);

  /// Appends what has arrived, at least one byte; false at the end of the stream.
  bool read(std::string& buffer, Deadline deadline);

  const Endpoint& endpoint() const;

 private:
  class Channel;
  std::unique_ptr<Channel> channel_;
};

}  // namespace http
