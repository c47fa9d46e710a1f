#include "plugin/ovs/database.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace ovs {
namespace {

constexpr std::size_t largest_answer = std::size_t{64} << 20U;

std::string name_of(const std::string& socket) { return "the database of Open vSwitch " + text::quoted(socket); }

sockaddr_un address_of(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto& path = address.sun_path;
  if (socket.size() >= sizeof path) throw posix::system_error(ENAMETOOLONG, "connect to " + name_of(socket));
  std::ranges::copy(socket, std::begin(path));
  return address;
}

/// connect() waits while the queue of the server is full, and send() while its buffer is.
void limit_waits(int connection) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(answer_timeout);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(answer_timeout - seconds);
  const timeval timeout{.tv_sec = seconds.count(), .tv_usec = rest.count()};
  if (::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0) {
    posix::throw_errno("set the timeout of a socket");
  }
}

posix::FileDescriptor connect_to(const std::string& socket) {
  const auto address = address_of(socket);
  posix::FileDescriptor connection{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!connection) posix::throw_errno("open a unix socket");
  limit_waits(connection.get());
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);  // NOLINT(*-reinterpret-cast)
  if (::connect(connection.get(), generic, sizeof address) < 0) posix::throw_errno("connect to " + name_of(socket));
  return connection;
}

int milliseconds_until(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Deadline::clock::now());
  return static_cast<int>(std::max(left, std::chrono::milliseconds{0}).count());
}

}  // namespace

Deadline deadline_in(std::chrono::milliseconds timeout) { return Deadline::clock::now() + timeout; }

Database::Database(std::string socket) : socket_(std::move(socket)), connection_(connect_to(socket_)) {}

void Database::send(std::string_view requests) {
  while (!requests.empty()) {
    const auto count = ::send(connection_.get(), requests.data(), requests.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) posix::throw_errno("send a request to " + name_of(socket_));
    requests.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string Database::receive(RequestId id, Deadline deadline) {
  while (true) {
    auto message = next_message(deadline);
    if (message.kind == Message::Kind::echo) send(answer_echo(message.echo_id, message.parameters));
    if (message.kind != Message::Kind::answer || message.id != id) continue;
    if (message.error.empty()) return std::move(message.results);
    throw cni::Error{cni::ErrorCode::system_refused, name_of(socket_) + " refused a request", message.error};
  }
}

std::string Database::call(RequestId id, std::string_view request, std::chrono::milliseconds wait) {
  send(request);
  return receive(id, deadline_in(answer_timeout + wait));
}

Message Database::next_message(Deadline deadline) {
  auto length = message_length(received_);
  while (!length) {
    read_more(deadline);
    length = message_length(received_);
  }
  auto message = read_message(std::string_view{received_}.substr(0, *length));
  received_.erase(0, *length);
  return message;
}

void Database::read_more(Deadline deadline) {
  const auto act = "read the answer of " + name_of(socket_);
  if (received_.size() > largest_answer) throw posix::system_error(EMSGSIZE, act);
  pollfd poll{.fd = connection_.get(), .events = POLLIN, .revents = 0};
  const int ready = ::poll(&poll, 1, milliseconds_until(deadline));
  if (ready < 0 && errno == EINTR) return;
  if (ready < 0) posix::throw_errno(act);
  if (ready == 0) throw posix::system_error(ETIMEDOUT, act);
  std::array<char, 16384> buffer;
  const auto count = ::recv(connection_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0 && errno == EINTR) return;
  if (count < 0) posix::throw_errno(act);
  if (count == 0) throw posix::system_error(ECONNRESET, act);
  received_.append(buffer.data(), static_cast<std::size_t>(count));
}

}  // namespace ovs
