#include "plugin/http/tcp.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/http/socket_address.hpp"
#include "plugin/http/timed_out.hpp"
#include "plugin/posix/system_error.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace http {
namespace {

/// A partner that is gone, without a word, is noticed after 30 s: probes begin after 15 s without traffic.
constexpr int idle_seconds = 15;
constexpr int probe_seconds = 5;
constexpr int probes = 3;
constexpr int unacknowledged_ms = 30'000;

posix::FileDescriptor open_socket(const SocketAddress& address) {
  posix::FileDescriptor socket{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) posix::throw_errno("open a TCP socket");
  return socket;
}

/// Without them only the speed or the time until a failure is noticed differs, so failures are ignored.
void set_options(int socket) {
  const auto set = [&](int level, int option, int value) { ::setsockopt(socket, level, option, &value, sizeof value); };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, idle_seconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, probe_seconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, probes);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms);
}

int milliseconds_until(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Deadline::clock::now());
  return static_cast<int>(std::max(left, std::chrono::milliseconds{0}).count());
}

std::string text_of(int error) { return std::system_category().message(error); }

bool is_temporary(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Tcp::Tcp(const Endpoint& endpoint, Deadline deadline)
    : endpoint_(endpoint), socket_(open_socket(socket_address(endpoint))) {
  set_options(socket_.get());
  connect(deadline);
}

void Tcp::connect(Deadline deadline) const {
  const auto address = socket_address(endpoint_);
  if (::connect(socket_.get(), address.get(), address.size) == 0) return;
  if (errno != EINPROGRESS) fail("connect to", text_of(errno));
  wait(POLLOUT, deadline);
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) fail("connect to", text_of(error));
}

void Tcp::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const auto count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (is_temporary(errno)) {
      wait(POLLOUT, deadline);
    } else {
      fail("write to", text_of(errno));
    }
  }
}

bool Tcp::read(std::string& buffer, Deadline deadline) {
  std::array<char, read_size> bytes;
  while (true) {
    const auto count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (count >= 0) {
      buffer.append(bytes.data(), static_cast<std::size_t>(count));
      return count > 0;
    }
    if (!is_temporary(errno)) fail("read from", text_of(errno));
    wait(POLLIN, deadline);
  }
}

void Tcp::wait(short events, Deadline deadline) const {
  pollfd poll{.fd = socket_.get(), .events = events, .revents = 0};
  const int ready = ::poll(&poll, 1, milliseconds_until(deadline));
  if (ready == 0) {
    throw TimedOut{cni::ErrorCode::try_again_later, "cannot reach " + to_string(endpoint_) + ": no answer in time"};
  }
  if (ready < 0 && errno != EINTR) posix::throw_errno("wait for a TCP socket");
}

void Tcp::fail(const std::string& act, const std::string& reason) const {
  throw cni::Error{cni::ErrorCode::try_again_later, "cannot " + act + ' ' + to_string(endpoint_) + ": " + reason};
}

}  // namespace http
