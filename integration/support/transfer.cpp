#include "integration/support/transfer.hpp"

#include "plugin/posix/system_error.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <chrono>
#include <future>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

namespace support {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto warm_up = 400ms;  // bursts are used up, windows are open
constexpr auto measured = 1000ms;
constexpr std::size_t datagram_bytes = 1400;

constexpr double ethernet_header_bytes = 14;
constexpr double udp_header_bytes = 8;
constexpr double tcp_header_bytes = 32;  // with timestamps

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;

  sockaddr* pointer() { return reinterpret_cast<sockaddr*>(&address); }
  bool is_ipv6() const { return address.ss_family == AF_INET6; }
  double header_bytes() const { return ethernet_header_bytes + (is_ipv6() ? 40 : 20); }
};

Endpoint endpoint_of(const std::string& text) {
  Endpoint endpoint;
  auto* ipv4 = reinterpret_cast<sockaddr_in*>(&endpoint.address);
  auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&endpoint.address);
  if (::inet_pton(AF_INET, text.c_str(), &ipv4->sin_addr) == 1) {
    endpoint.address.ss_family = AF_INET;
    endpoint.size = sizeof *ipv4;
  } else if (::inet_pton(AF_INET6, text.c_str(), &ipv6->sin6_addr) == 1) {
    endpoint.address.ss_family = AF_INET6;
    endpoint.size = sizeof *ipv6;
  } else {
    throw std::invalid_argument("no IP address: " + text);
  }
  return endpoint;
}

void check(int result, const char* act) {
  if (result < 0) posix::throw_errno(act);
}

/// The port is the kernel's choice.
void bind_to(int socket, Endpoint& endpoint) {
  check(::bind(socket, endpoint.pointer(), endpoint.size), "bind a socket");
  check(::getsockname(socket, endpoint.pointer(), &endpoint.size), "ask for a socket's port");
}

/// Nothing blocks for longer, so that an end is noticed.
void bound_waits(int socket) {
  const timeval patience{.tv_sec = 0, .tv_usec = 20000};
  check(::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "bound the wait of a socket");
  check(::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), "bound the wait of a socket");
}

/// Bits per second, from the end of the warm-up on.
double receive(int socket, Clock::time_point start) {
  std::vector<char> buffer(1U << 18U);
  const auto from = start + warm_up;
  const auto to = from + measured;
  double bytes = 0;
  auto first = from;
  auto now = Clock::now();
  while (now < to) {
    const auto count = ::recv(socket, buffer.data(), buffer.size(), 0);
    const auto before = now;
    now = Clock::now();
    if (before < from) {
      first = now;
    } else if (count > 0) {
      bytes += static_cast<double>(count);
    }
  }
  return bytes * 8 / std::chrono::duration<double>(now - first).count();
}

/// `send` is called over and over until the receiver has seen enough; gives what came through.
double transfer(int receiver, const auto& send) {
  const auto start = Clock::now();
  auto sending = std::async(std::launch::async, [&] {
    while (Clock::now() < start + warm_up + measured) send();
  });
  const double bits = receive(receiver, start);
  sending.get();
  return bits;
}

/// So little in flight that no queue overflows: what waits behind a lost segment would come all at once, and be counted
/// in the wrong second.
void bound_flight(int socket) {
  const int bytes = 24576;  // which the kernel doubles
  check(::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), "bound the buffer of a socket");
}

double segment_bytes(int socket) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  check(::getsockopt(socket, IPPROTO_TCP, TCP_MAXSEG, &bytes, &size), "ask for a connection's segment size");
  return bytes;
}

Flow flow_of(double payload_bits, double payload_bytes, double header_bytes) {
  return {.payload_bits = payload_bits, .frame_bits = payload_bits * (payload_bytes + header_bytes) / payload_bytes};
}

}  // namespace

Flow measure_tcp(const Transfer& wanted) {
  auto endpoint = endpoint_of(wanted.address);
  const auto listener = socket_in(wanted.to, endpoint.address.ss_family, SOCK_STREAM, 0);
  const auto sender = socket_in(wanted.from, endpoint.address.ss_family, SOCK_STREAM, 0);
  bound_flight(sender.get());
  bind_to(listener.get(), endpoint);
  check(::listen(listener.get(), 1), "listen");
  check(::connect(sender.get(), endpoint.pointer(), endpoint.size), "connect");
  const posix::FileDescriptor receiver{::accept(listener.get(), nullptr, nullptr)};
  check(receiver.get(), "accept a connection");
  bound_waits(receiver.get());
  bound_waits(sender.get());
  const std::vector<char> data(1U << 16U);
  const double bits = transfer(receiver.get(), [&] { ::send(sender.get(), data.data(), data.size(), MSG_NOSIGNAL); });
  return flow_of(bits, segment_bytes(sender.get()), endpoint.header_bytes() + tcp_header_bytes);
}

/// Twice the rate, in portions of a millisecond.
Flow measure_udp(const Transfer& wanted, double rate_bits_per_second) {
  auto endpoint = endpoint_of(wanted.address);
  const auto receiver = socket_in(wanted.to, endpoint.address.ss_family, SOCK_DGRAM, 0);
  const auto sender = socket_in(wanted.from, endpoint.address.ss_family, SOCK_DGRAM, 0);
  bind_to(receiver.get(), endpoint);
  bound_waits(receiver.get());
  check(::connect(sender.get(), endpoint.pointer(), endpoint.size), "connect");
  const std::array<char, datagram_bytes> data{};
  const auto portion = static_cast<int>(2 * rate_bits_per_second / 1000 / 8 / datagram_bytes) + 1;
  const double bits = transfer(receiver.get(), [&] {
    for (int sent = 0; sent < portion; ++sent) ::send(sender.get(), data.data(), data.size(), 0);
    std::this_thread::sleep_for(1ms);
  });
  return flow_of(bits, datagram_bytes, endpoint.header_bytes() + udp_header_bytes);
}

}  // namespace support
