#pragma once

#include "plugin/http/deadline.hpp"
#include "plugin/http/endpoint.hpp"
#include "plugin/http/tls.hpp"
#include "plugin/http/transport.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

struct Request {
  std::string method = "GET";
  std::string target = "/";
  std::string body{};  ///< empty: none
  std::vector<std::pair<std::string, std::string>> headers{};

  bool operator==(const Request&) const = default;
};

struct Response {
  unsigned status = 0;
  std::string body{};

  bool operator==(const Response&) const = default;
};

/// The text of a request. The body is JSON.
std::string to_text(const Request& request, const Endpoint& endpoint);

/// Reads a response from the bytes of a connection.
class ResponseReader {
 public:
  ResponseReader();
  ResponseReader(ResponseReader&&) noexcept;
  ResponseReader& operator=(ResponseReader&&) noexcept;
  ~ResponseReader();

  /// Reads as much as possible, and removes it from the buffer. Throws cni::Error decoding_failure if the bytes are no
  /// response.
  void read(std::string& buffer);

  /// The connection has ended. Throws cni::Error try_again_later if the response is incomplete.
  void end();

  bool has_header() const;
  bool is_complete() const;
  bool keeps_connection() const;
  unsigned status() const;

  /// What has arrived of the body since the last call.
  std::string take_body();

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

/// A connection to a server, HTTP/1.1. Each function throws cni::Error: try_again_later if the server does not answer
/// until the deadline, decoding_failure if it sends something else than HTTP.
class Connection {
 public:
  Connection(const Endpoint& endpoint, const Tls& tls, Deadline deadline) : transport_(endpoint, tls, deadline) {}

  /// Sends the request and returns the whole response.
  Response exchange(const Request& request, Deadline deadline);

  /// Sends a request whose response does not end, and returns its status.
  unsigned begin_stream(const Request& request, Deadline deadline);

  /// The next line of the response, without its end; nullopt at the end of the response. A line that has not arrived
  /// completely until the deadline is returned by a later call.
  std::optional<std::string> next_line(Deadline deadline);

  /// The rest of the response after begin_stream().
  std::string read_rest(Deadline deadline);

  /// False after a response that closes the connection, or an incomplete one: open a new one.
  bool is_reusable() const { return is_reusable_; }

 private:
  void send(const Request& request, Deadline deadline);
  void read_header(Deadline deadline);
  void read_more(Deadline deadline);

  Transport transport_;
  ResponseReader reader_;
  std::string received_;  ///< not parsed yet
  std::string lines_;     ///< of the body
  bool is_reusable_ = true;
};

}  // namespace http
