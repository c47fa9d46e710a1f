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

constexpr auto warm_up = 400ms;  // until bursts are used up and the TCP window is open
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
    throw std::invalid_argument("not an IP address: " + text);
  }
  return endpoint;
}

void check(int result, const char* act) {
  if (result < 0) posix::throw_errno(act);
}

/// The kernel chooses the port.
void bind_to(int socket, Endpoint& endpoint) {
  check(::bind(socket, endpoint.pointer(), endpoint.size), "bind a socket");
  check(::getsockname(socket, endpoint.pointer(), &endpoint.size), "get the port of a socket");
}

/// Short timeouts, so that the end of the measurement is noticed.
void set_timeouts(int socket) {
  const timeval timeout{.tv_sec = 0, .tv_usec = 20000};
  check(::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout), "set a timeout of a socket");
  check(::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout), "set a timeout of a socket");
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

/// Calls `send` repeatedly until the measurement has ended. Returns the received bits per second.
double transfer(int receiver, const auto& send) {
  const auto start = Clock::now();
  auto sending = std::async(std::launch::async, [&] {
    while (Clock::now() < start + warm_up + measured) send();
  });
  const double bits = receive(receiver, start);
  sending.get();
  return bits;
}

/// A small send buffer, so that no queue overflows: data that waits behind a lost segment would arrive all at once, and
/// be counted in the wrong second.
void limit_send_buffer(int socket) {
  const int bytes = 24576;  // the kernel doubles it
  check(::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), "set the send buffer of a socket");
}

double segment_bytes(int socket) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  check(::getsockopt(socket, IPPROTO_TCP, TCP_MAXSEG, &bytes, &size), "get the segment size of a connection");
  return bytes;
}

Flow flow_of(double payload_bits, double payload_bytes, double header_bytes) {
  return {.payload_bits = payload_bits, .frame_bits = payload_bits * (payload_bytes + header_bytes) / payload_bytes};
}

}  // namespace

Flow measure_tcp(const Transfer& requested) {
  auto endpoint = endpoint_of(requested.address);
  const auto listener = socket_in(requested.to, endpoint.address.ss_family, SOCK_STREAM, 0);
  const auto sender = socket_in(requested.from, endpoint.address.ss_family, SOCK_STREAM, 0);
  limit_send_buffer(sender.get());
  bind_to(listener.get(), endpoint);
  check(::listen(listener.get(), 1), "listen");
  check(::connect(sender.get(), endpoint.pointer(), endpoint.size), "connect");
  const posix::FileDescriptor receiver{::accept(listener.get(), nullptr, nullptr)};
  check(receiver.get(), "accept a connection");
  set_timeouts(receiver.get());
  set_timeouts(sender.get());
  const std::vector<char> data(1U << 16U);
  const double bits = transfer(receiver.get(), [&] { ::send(sender.get(), data.data(), data.size(), MSG_NOSIGNAL); });
  return flow_of(bits, segment_bytes(sender.get()), endpoint.header_bytes() + tcp_header_bytes);
}

/// Sends at twice the rate, in batches of a millisecond.
Flow measure_udp(const Transfer& requested, double rate_bits_per_second) {
  auto endpoint = endpoint_of(requested.address);
  const auto receiver = socket_in(requested.to, endpoint.address.ss_family, SOCK_DGRAM, 0);
  const auto sender = socket_in(requested.from, endpoint.address.ss_family, SOCK_DGRAM, 0);
  bind_to(receiver.get(), endpoint);
  set_timeouts(receiver.get());
  check(::connect(sender.get(), endpoint.pointer(), endpoint.size), "connect");
  const std::array<char, datagram_bytes> data{};
  const auto batch = static_cast<int>(2 * rate_bits_per_second / 1000 / 8 / datagram_bytes) + 1;
  const double bits = transfer(receiver.get(), [&] {
    for (int sent = 0; sent < batch; ++sent) ::send(sender.get(), data.data(), data.size(), 0);
    std::this_thread::sleep_for(1ms);
  });
  return flow_of(bits, datagram_bytes, endpoint.header_bytes() + udp_header_bytes);
}

}  // namespace support
