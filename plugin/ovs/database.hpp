#pragma once

#include "plugin/ovs/replies.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace ovs {

using Deadline = std::chrono::steady_clock::time_point;

/// The longest time in which the database must answer a request that waits for nothing else.
constexpr std::chrono::milliseconds answer_timeout{1900};

/// A connection to the database of Open vSwitch (ovsdb-server) by its unix socket. Each wait has a deadline: a database
/// that hangs accepts connections and never answers.
class Database {
 public:
  /// Connects. Throws std::system_error.
  explicit Database(std::string socket);

  /// Sends one or more requests. Throws std::system_error.
  void send(std::string_view requests);

  /// The results of the request with this number, in the order of the requests. Throws std::system_error (ETIMEDOUT
  /// after the deadline, ECONNRESET if the database closes the connection) and cni::Error decoding_failure.
  std::string receive(RequestId id, Deadline deadline);

  /// Sends a request and returns its results. Waits for answer_timeout beside `wait`, which the database needs.
  std::string call(RequestId id, std::string_view request, std::chrono::milliseconds wait = {});

  const std::string& socket() const { return socket_; }

 private:
  Message next_message(Deadline deadline);
  void read_more(Deadline deadline);

  std::string socket_;
  posix::FileDescriptor connection_;
  std::string received_;
};

/// Deadline::clock::now() and the timeout.
Deadline deadline_in(std::chrono::milliseconds timeout);

}  // namespace ovs
