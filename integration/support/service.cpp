#include "integration/support/service.hpp"

#include "integration/support/socket_address.hpp"
#include "plugin/posix/system_error.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace support {
namespace {

using posix::FileDescriptor;

constexpr int backlog = 16;

void enable(int socket, int level, int option) {
  const int on = 1;
  if (::setsockopt(socket, level, option, &on, sizeof on) < 0) posix::throw_errno("set up a server's socket");
}

FileDescriptor listen_at(const Namespace& netns, const SocketAddress& address, int type, int protocol) {
  auto socket = socket_in(netns, address.domain(), type | SOCK_NONBLOCK, protocol);
  enable(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (address.domain() == AF_INET6) enable(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(socket.get(), address.get(), address.size) < 0) posix::throw_errno("bind a server's socket");
  if (type == SOCK_STREAM && ::listen(socket.get(), backlog) < 0) posix::throw_errno("listen");
  return socket;
}

bool is_connected_by_accept(int socket) {
  int type = 0;
  socklen_t size = sizeof type;
  ::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size);
  return type == SOCK_STREAM;
}

// A client that has already closed the connection is ignored.
void answer_connection(int socket) {
  SocketAddress client;
  const FileDescriptor connection{::accept(socket, client.get(), &client.size)};
  if (!connection) return;
  const auto text = client.address();
  ::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

void answer_datagram(int socket) {
  SocketAddress client;
  std::array<char, 64> question{};
  if (::recvfrom(socket, question.data(), question.size(), 0, client.get(), &client.size) < 0) return;
  const auto text = client.address();
  ::sendto(socket, text.data(), text.size(), 0, client.get(), client.size);
}

}  // namespace

Service::Service(const Namespace& netns, std::uint16_t port) : end_(::eventfd(0, EFD_CLOEXEC)) {
  for (const char* any_address : {"0.0.0.0", "::"}) open(netns, any_address, port);
  thread_ = std::thread{[this] { serve(); }};
}

Service::Service(const Namespace& netns, std::uint16_t port, const std::string& address)
    : end_(::eventfd(0, EFD_CLOEXEC)) {
  open(netns, address, port);
  thread_ = std::thread{[this] { serve(); }};
}

Service::~Service() {
  ::eventfd_write(end_.get(), 1);
  thread_.join();
}

void Service::open(const Namespace& netns, const std::string& address, std::uint16_t port) {
  const SocketAddress here{address, port};
  sockets_.push_back(listen_at(netns, here, SOCK_STREAM, IPPROTO_TCP));
  sockets_.push_back(listen_at(netns, here, SOCK_DGRAM, IPPROTO_UDP));
  try {
    sockets_.push_back(listen_at(netns, here, SOCK_STREAM, IPPROTO_SCTP));
  } catch (const std::system_error& error) {
    if (error.code().value() != EPROTONOSUPPORT) throw;
  }
}

void Service::serve() const {
  std::vector<pollfd> waiting{{end_.get(), POLLIN, 0}};
  for (const auto& socket : sockets_) waiting.push_back({socket.get(), POLLIN, 0});
  while (::poll(waiting.data(), waiting.size(), -1) > 0 && waiting.front().revents == 0) {
    for (const auto& [socket, wanted, found] : waiting) {
      if (found == 0) continue;
      is_connected_by_accept(socket) ? answer_connection(socket) : answer_datagram(socket);
    }
  }
}

}  // namespace support
