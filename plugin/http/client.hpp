#pragma once

#include "plugin/http/connection.hpp"
#include "plugin/http/endpoint.hpp"
#include "plugin/http/tls.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace http {

/// Servers of which any can answer.
struct Servers {
  std::vector<Endpoint> endpoints;
  std::function<Tls()> tls = [] { return Tls{}; };  ///< called for each connection: files may have been replaced
  std::chrono::milliseconds timeout{4500};          ///< of a call, divided among the endpoints
  std::size_t first = 0;                            ///< the endpoint to begin with, so that nodes use different ones
};

/// Sends requests to the first server that answers, over one connection that is kept.
class Client {
 public:
  explicit Client(Servers servers);

  /// Sends the request and calls `read` with the response. If the server does not answer, or `read` throws cni::Error
  /// try_again_later or decoding_failure, the next one is tried; the request may have been executed nevertheless.
  /// Throws cni::Error try_again_later with all failures if no server remains; other errors of `read` pass.
  void call(const Request& request, const std::function<void(const Response&)>& read);

  /// A further connection to the server of the last call.
  Connection connect() const;

  /// Leaves the current server, for example because a stream of it failed.
  void use_next_server();

  const Endpoint& endpoint() const { return servers_.endpoints[current_]; }

 private:
  Response exchange(const Request& request);
  std::chrono::milliseconds timeout_of_attempt() const;

  Servers servers_;
  std::size_t current_;
  std::optional<Connection> connection_;
};

}  // namespace http
