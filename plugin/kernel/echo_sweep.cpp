#include "plugin/kernel/echo_sweep.hpp"

#include "plugin/kernel/echo_messages.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/socket_address.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/random.hpp"
#include "plugin/posix/system_error.hpp"

#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <string_view>

namespace kernel {
namespace {

using cni::Family;
using std::chrono::steady_clock;
using Kind = ProbeAnswer::Kind;

constexpr std::size_t most_requests = 65'536;  // as many as sequence numbers
constexpr int echo_attempts = 2;

/// Only echo replies are queued: the host may receive many other ICMP messages.
void receive_only_replies(const posix::FileDescriptor& socket, Family family) {
  if (family == Family::ipv6) {
    icmp6_filter filter{};
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    ::setsockopt(socket.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
    return;
  }
  const icmp_filter filter{.data = ~(std::uint32_t{1} << unsigned{ICMP_ECHOREPLY})};
  constexpr int raw_level = 255;  // SOL_RAW of <linux/socket.h>
  ::setsockopt(socket.get(), raw_level, ICMP_FILTER, &filter, sizeof filter);
}

/// Thousands of replies can arrive while requests are sent, and requests to hosts that are down wait for their
/// neighbour entries. As root the limits of the system do not apply.
void enlarge_buffers(const posix::FileDescriptor& socket) {
  constexpr int bytes = 8 << 20;
  for (const int option : {SO_RCVBUF, SO_RCVBUFFORCE, SO_SNDBUF, SO_SNDBUFFORCE}) {
    ::setsockopt(socket.get(), SOL_SOCKET, option, &bytes, sizeof bytes);
  }
}

/// Invalid if the kernel does not have the family.
posix::FileDescriptor open_echo_socket(Family family, bool may_fragment) {
  const int protocol = family == Family::ipv6 ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
  posix::FileDescriptor socket{::socket(kernel_family(family), SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol)};
  if (!socket && errno != EAFNOSUPPORT) posix::throw_errno("open a socket for echo requests");
  if (!socket) return socket;
  queue_icmp_errors(socket, family);
  if (!may_fragment) forbid_fragments(socket, family);
  receive_only_replies(socket, family);
  enlarge_buffers(socket);
  return socket;
}

/// At most most_requests of them.
class EchoSweep {
 public:
  EchoSweep(std::span<const EchoRequest> requests, const EchoOptions& options)
      : requests_(requests), options_(options), answers_(requests.size()), is_complete_(requests.size()) {
    for (const auto family : {Family::ipv4, Family::ipv6}) {
      const auto has_family = [&](const EchoRequest& request) { return request.destination.family == family; };
      if (std::ranges::any_of(requests, has_family)) socket_of(family) = open_echo_socket(family, options.may_fragment);
    }
  }

  std::vector<ProbeAnswer> run() {
    const auto begin = steady_clock::now();
    for (int attempt = 1; attempt <= echo_attempts; ++attempt) {
      send_all();
      wait_until(begin + options_.timeout * attempt / echo_attempts);
    }
    return std::move(answers_);
  }

 private:
  posix::FileDescriptor& socket_of(Family family) { return sockets_[family == Family::ipv6 ? 1 : 0]; }

  void finish(std::size_t index, ProbeAnswer answer) {
    if (is_complete_[index]) return;
    answers_[index] = std::move(answer);
    is_complete_[index] = true;
    ++completed_;
  }

  void send_all() {
    constexpr std::size_t batch = 64;
    for (std::size_t index = 0; index < requests_.size(); ++index) {
      if (!is_complete_[index]) send(index);
      if (index % batch == 0) receive_all();
    }
  }

  /// The result of sendto(2) can be an error that an earlier packet has caused.
  void send(std::size_t index) {
    int error = try_send(index);
    if (error == 0) return;
    receive_errors(requests_[index].destination.family);
    if (error != EMSGSIZE) error = try_send(index);
    if (error == EMSGSIZE) return finish(index, {.kind = Kind::too_big, .error = error, .mtu = local_mtu_});
    const bool is_queue_full = error == ENOBUFS || error == EAGAIN;
    if (error != 0 && !is_queue_full) answers_[index] = {.kind = Kind::not_sent, .error = error};
    if (error == 0) answers_[index] = {};
  }

  /// 0 or the errno.
  int try_send(std::size_t index) {
    const auto& request = requests_[index];
    const auto& socket = socket_of(request.destination.family);
    if (!socket) return EAFNOSUPPORT;
    const EchoId echo{.id = id_, .sequence = static_cast<std::uint16_t>(index)};
    const auto bytes = echo_request(request.destination.family, echo, request.ip_bytes);
    const SocketAddress address{request.destination, 0};
    const auto sent = ::sendto(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, address.get(), address.size);
    return sent < 0 ? errno : 0;
  }

  void wait_until(steady_clock::time_point end) {
    while (completed_ < requests_.size()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
      if (left.count() <= 0) return;
      std::array<pollfd, 2> files{{{.fd = sockets_[0].get(), .events = POLLIN, .revents = 0},
                                   {.fd = sockets_[1].get(), .events = POLLIN, .revents = 0}}};
      const int ready = ::poll(files.data(), files.size(), static_cast<int>(left.count()));
      if (ready < 0 && errno != EINTR) posix::throw_errno("wait for the answers to echo requests");
      receive_all();
    }
  }

  void receive_all() {
    for (const auto family : {Family::ipv4, Family::ipv6}) {
      if (!socket_of(family)) continue;
      receive_errors(family);
      receive_replies(family);
    }
  }

  /// The request that a reply or an error belongs to; nullopt: that of another program.
  std::optional<std::size_t> find_request(const std::optional<EchoId>& echo, const sockaddr_storage& host) const {
    const auto address = find_address(reinterpret_cast<const sockaddr&>(host));
    const bool is_own = echo && echo->id == id_ && echo->sequence < requests_.size();
    if (!is_own || address != requests_[echo->sequence].destination) return std::nullopt;
    return echo->sequence;
  }

  void receive_replies(Family family) {
    std::array<char, 256> buffer{};
    for (;;) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const auto received = ::recvfrom(socket_of(family).get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                       reinterpret_cast<sockaddr*>(&from), &size);
      if (received < 0 && errno == EAGAIN) return;
      if (received < 0) continue;  // an error of an earlier packet, which is in the queue of errors
      const auto echo = find_echo_reply(family, {buffer.data(), static_cast<std::size_t>(received)});
      if (const auto index = find_request(echo, from)) finish(*index, {.kind = Kind::answered});
    }
  }

  void receive_errors(Family family) {
    while (socket_of(family) && receive_error(family)) continue;
  }

  /// False if the queue of errors is empty.
  bool receive_error(Family family) {
    std::array<char, 256> buffer{};
    alignas(cmsghdr) std::array<char, 512> control{};
    sockaddr_storage destination{};
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_name = &destination;
    message.msg_namelen = sizeof destination;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto received = ::recvmsg(socket_of(family).get(), &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (received < 0) return false;
    const auto* error = find_extended_error(message);
    if (error == nullptr) return true;
    const auto number = static_cast<int>(error->ee_errno);
    const auto mtu = number == EMSGSIZE ? error->ee_info : 0;
    if (error->ee_origin == SO_EE_ORIGIN_LOCAL) local_mtu_ = mtu;
    const auto echo = find_echo_request(family, {buffer.data(), static_cast<std::size_t>(received)});
    const auto index = find_request(echo, destination);
    if (!index) return true;
    finish(*index, {.kind = number == EMSGSIZE ? Kind::too_big : Kind::rejected,
                    .error = number,
                    .reporter = reporter_of(*error),
                    .mtu = mtu});
    return true;
  }

  std::span<const EchoRequest> requests_;
  EchoOptions options_;
  std::uint16_t id_ = static_cast<std::uint16_t>(posix::random_number());
  std::array<posix::FileDescriptor, 2> sockets_{};  ///< of IPv4 and IPv6
  std::vector<ProbeAnswer> answers_;
  std::vector<bool> is_complete_;
  std::size_t completed_ = 0;
  std::uint32_t local_mtu_ = 0;  ///< of the interface to which the last request did not fit
};

}  // namespace

std::vector<ProbeAnswer> exchange_echoes(std::span<const EchoRequest> requests, const EchoOptions& options) {
  std::vector<ProbeAnswer> all;
  while (!requests.empty()) {
    const auto part = requests.first(std::min(requests.size(), most_requests));
    std::ranges::move(EchoSweep{part, options}.run(), std::back_inserter(all));
    requests = requests.subspan(part.size());
  }
  return all;
}

}  // namespace kernel
