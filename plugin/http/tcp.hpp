#pragma once

#include "plugin/http/deadline.hpp"
#include "plugin/http/endpoint.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <string>
#include <string_view>

namespace http {

/// A TCP connection with a deadline for each wait. Each function throws cni::Error try_again_later.
class Tcp {
 public:
  Tcp(const Endpoint& endpoint, Deadline deadline);

  void write(std::string_view bytes, Deadline deadline);

  /// Appends what has arrived, at least one byte; false at the end of the stream.
  bool read(std::string& buffer, Deadline deadline);

  /// Waits until the socket can be read or written: POLLIN or POLLOUT.
  void wait(short events, Deadline deadline) const;

  /// The error of a failed call.
  [[noreturn]] void fail(const std::string& act, const std::string& reason) const;

  int socket() const { return socket_.get(); }
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  void connect(Deadline deadline) const;

  Endpoint endpoint_;
  posix::FileDescriptor socket_;
};

/// Size of the buffer of one read.
constexpr std::size_t read_size = 16384;

}  // namespace http
