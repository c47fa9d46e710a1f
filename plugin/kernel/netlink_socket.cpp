#include "plugin/kernel/netlink_socket.hpp"

#include "plugin/posix/system_error.hpp"
#include "plugin/text/hash.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace kernel {
namespace {

/// The most that the kernel puts into one part of a dump, unless a single message is larger, such as a link with many
/// alternative names (rtnl_calcit() in net/core/rtnetlink.c).
constexpr std::size_t receive_buffer_bytes = 32768;

/// A workload that sends to the socket must not guess the sequence number. The 16 bytes of AT_RANDOM are also used by
/// the stack protector, so they are hashed.
std::uint32_t random_sequence() {
  static_assert(sizeof(std::uint64_t) * 2 == 16);
  std::array<std::uint64_t, 2> bytes{};
  std::memcpy(bytes.data(), reinterpret_cast<const void*>(::getauxval(AT_RANDOM)), sizeof bytes);
  return static_cast<std::uint32_t>(text::fmix64(text::fmix64(bytes[0]) ^ bytes[1]));
}

/// Whether the request only reads. Message types of NETLINK_ROUTE are in groups of four: new, delete, get, set. Those
/// of NETLINK_NETFILTER have the number of their subsystem in the upper byte.
bool is_route_query(const NetlinkRequest& request) {
  constexpr int get = 2;
  const int type = nlmsg_hdr(request.message.get())->nlmsg_type;
  return type <= RTM_MAX && (type - RTM_BASE) % 4 == get;
}

/// Whether the kernel answers the request with one message or an error, which is sent before an acknowledgement would
/// be (rtnl_getlink() in net/core/rtnetlink.c, inet_rtm_getroute() in net/ipv4/route.c). Not true of each query: the
/// answer to RTM_GETQDISC is sent to the listeners of a group (qdisc_notify() in net/sched/sch_api.c).
bool has_one_answer(const NetlinkRequest& request) {
  const int type = nlmsg_hdr(request.message.get())->nlmsg_type;
  return type == RTM_GETLINK || type == RTM_GETROUTE;
}

void enable(int file, int option) {
  const int on = 1;
  if (::setsockopt(file, SOL_NETLINK, option, &on, sizeof on) < 0) posix::throw_errno("set up a netlink socket");
}

/// The attributes of an acknowledgement follow the header of the request that it repeats.
std::string extack_message(nlmsghdr* header) {
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  const int offset = static_cast<int>(sizeof(nlmsgerr));
  const nlattr* sentence = nlmsg_find_attr(header, offset, NLMSGERR_ATTR_MSG);
  return sentence == nullptr ? std::string{} : std::string{nla_get_string(sentence)};
}

bool is_tolerated(const NetlinkRequest& request, int error) {
  return std::find(request.tolerated.begin(), request.tolerated.end(), error) != request.tolerated.end();
}

/// NLMSG_ERROR contains the errno of one request, NLMSG_DONE that of a whole dump; 0 means success.
void read_ack(nlmsghdr* header, std::size_t place, std::span<const NetlinkRequest> requests, Answers& answers) {
  if (nlmsg_datalen(header) < static_cast<int>(sizeof(int))) return;
  const int error = -*static_cast<const int*>(nlmsg_data(header));
  if (error <= 0 || is_tolerated(requests[place], error)) return;
  answers.refusals.push_back(
      {place, error, header->nlmsg_type == NLMSG_ERROR ? extack_message(header) : std::string{}});
}

std::size_t size_of(const std::vector<iovec>& parts) {
  std::size_t bytes = 0;
  for (const auto& part : parts) bytes += part.iov_len;
  return bytes;
}

/// Copies the parts into `joined`, which becomes the only part.
void join(std::vector<iovec>& parts, std::string& joined) {
  joined.reserve(size_of(parts));
  for (const auto& part : parts) joined.append(static_cast<const char*>(part.iov_base), part.iov_len);
  parts = {{joined.data(), joined.size()}};
}

ssize_t send_parts(int file, std::vector<iovec>& parts) {
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(file, &message, 0);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

/// The kernel doubles the value, so there is room for its own header (sk_setsockopt() in net/core/sock.c).
/// SO_SNDBUFFORCE needs CAP_NET_ADMIN in the initial user namespace; SO_SNDBUF is limited by net.core.wmem_max.
void enlarge_send_buffer(int file, std::size_t bytes) {
  const auto wanted = static_cast<int>(bytes);
  if (::setsockopt(file, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted) == 0) return;
  if (::setsockopt(file, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted) < 0)
    posix::throw_errno("enlarge the send buffer of a netlink socket to " + std::to_string(bytes) + " bytes");
}

/// Lets the socket be used after an error. The kernel refuses a dump (EBUSY) as long as an earlier one has not been
/// received to its end.
void discard_answers(int file) {
  while (::recv(file, nullptr, 0, MSG_DONTWAIT | MSG_TRUNC) >= 0) {
  }
}

bool is_ack(const nlmsghdr* header) { return header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE; }

}  // namespace

void MessageRelease::operator()(nl_msg* message) const { nlmsg_free(message); }

NetlinkSocket::NetlinkSocket(int protocol)
    : file_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)),
      sequence_(random_sequence()),
      buffer_bytes_(receive_buffer_bytes),
      buffer_(std::make_unique_for_overwrite<char[]>(receive_buffer_bytes)) {
  if (!file_) posix::throw_errno("open a netlink socket");
  enable(file_.get(), NETLINK_EXT_ACK);
  enable(file_.get(), NETLINK_CAP_ACK);  // an acknowledgement repeats the header of the request only
  enable(file_.get(), NETLINK_GET_STRICT_CHK);
}

/// Numbers the messages, and returns them as the parts of one datagram.
std::vector<iovec> NetlinkSocket::number(std::span<const NetlinkRequest> requests, int last_flags) {
  std::vector<iovec> parts;
  parts.reserve(requests.size());
  first_sequence_ = sequence_ + 1;
  ends_with_answer_ = last_flags == NLM_F_ACK && has_one_answer(requests.back());
  if (ends_with_answer_) last_flags = 0;
  for (const auto& request : requests) {
    nlmsghdr* header = nlmsg_hdr(request.message.get());
    header->nlmsg_seq = ++sequence_;
    header->nlmsg_pid = 0;
    header->nlmsg_flags = static_cast<std::uint16_t>((header->nlmsg_flags & ~NLM_F_ACK) | NLM_F_REQUEST);
    if (&request == &requests.back())
      header->nlmsg_flags = static_cast<std::uint16_t>(header->nlmsg_flags | last_flags);
    parts.push_back({header, NLMSG_ALIGN(header->nlmsg_len)});
  }
  return parts;
}

/// A transaction with thousands of rules does not fit the default send buffer, which is enlarged only then.
void NetlinkSocket::transmit(std::span<const NetlinkRequest> requests, int last_flags) {
  auto parts = number(requests, last_flags);
  const auto bytes = size_of(parts);
  std::string joined;
  if (parts.size() > UIO_MAXIOV) join(parts, joined);
  auto sent = send_parts(file_.get(), parts);
  if (sent < 0 && errno == EMSGSIZE) {
    enlarge_send_buffer(file_.get(), bytes);
    sent = send_parts(file_.get(), parts);
  }
  if (sent < 0 && errno == EMSGSIZE) {
    posix::throw_errno(requests.front().action + ": send " + std::to_string(bytes) +
                       " bytes to the kernel (set net.core.wmem_max on the host to " + std::to_string(bytes) + ')');
  }
  if (sent < 0) posix::throw_errno("send to the kernel: " + requests.front().action);
}

/// Receives one datagram from the kernel and returns its size; 0 if there is none and `flags` contain MSG_DONTWAIT. A
/// datagram that is larger than the buffer is lost, and the buffer is enlarged for the next attempt. The lost datagram
/// may have been the last one, so from then on nothing is waited for: the kernel has queued its answer when sendmsg
/// returns, and the next part of a dump when recvmsg returns (netlink_recvmsg() in net/netlink/af_netlink.c). ENOBUFS:
/// a transaction had more refusals than fit the receive buffer. The first of them are in it, which is sufficient.
std::size_t NetlinkSocket::receive(int flags, Answers& answers) {
  for (;;) {
    sockaddr_nl sender{};
    iovec part{buffer_.get(), buffer_bytes_};
    msghdr message{.msg_name = &sender,
                   .msg_namelen = sizeof sender,
                   .msg_iov = &part,
                   .msg_iovlen = 1,
                   .msg_control = nullptr,
                   .msg_controllen = 0,
                   .msg_flags = 0};
    const int no_wait = answers.was_truncated ? MSG_DONTWAIT : 0;
    const int all_flags = flags | no_wait | MSG_TRUNC;
    const ssize_t received = ::recvmsg(file_.get(), &message, all_flags);
    if (received < 0 && errno == EAGAIN && (all_flags & MSG_DONTWAIT) != 0) return 0;
    if (received < 0 && errno == ENOBUFS && flags == MSG_DONTWAIT) continue;
    if (received < 0 && errno != EINTR) {
      const auto error = posix::system_error(errno, "receive from the kernel");
      discard_answers(file_.get());
      throw error;
    }
    if (received < 0 || sender.nl_pid != 0) continue;
    const auto bytes = static_cast<std::size_t>(received);
    if (bytes <= buffer_bytes_) return bytes;
    answers.was_truncated = true;
    buffer_bytes_ = bytes;
    buffer_ = std::make_unique_for_overwrite<char[]>(buffer_bytes_);
  }
}

/// Reads the messages of one datagram; returns true if the last request has been answered.
bool NetlinkSocket::read_messages(std::size_t received, std::span<const NetlinkRequest> requests, Answers& answers) {
  auto rest = static_cast<int>(received);
  bool is_complete = false;
  for (auto* header = reinterpret_cast<nlmsghdr*>(buffer_.get()); nlmsg_ok(header, rest) != 0;
       header = nlmsg_next(header, &rest)) {
    if (header->nlmsg_seq - first_sequence_ > sequence_ - first_sequence_) continue;
    answers.was_interrupted = answers.was_interrupted || (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (is_ack(header)) {
      read_ack(header, header->nlmsg_seq - first_sequence_, requests, answers);
      is_complete = is_complete || header->nlmsg_seq == sequence_;
    } else {
      answers.messages.emplace_back(reinterpret_cast<const char*>(header), header->nlmsg_len);
      is_complete = is_complete || (ends_with_answer_ && header->nlmsg_seq == sequence_);
    }
  }
  return is_complete;
}

void NetlinkSocket::receive_until_answered(std::span<const NetlinkRequest> requests, Answers& answers) {
  bool is_complete = false;
  while (!is_complete) {
    const auto received = receive(0, answers);
    is_complete = received == 0 || read_messages(received, requests, answers);
  }
}

/// Repeats queries whose answer did not fit the buffer, which has been enlarged.
Answers NetlinkSocket::exchange(std::span<const NetlinkRequest> requests, int last_flags) {
  constexpr int attempts = 8;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    Answers answers;
    transmit(requests, last_flags);
    receive_until_answered(requests, answers);
    if (!answers.was_truncated) return answers;
    const bool is_query = last_flags == NLM_F_DUMP || std::ranges::all_of(requests, is_route_query);
    if (!is_query) break;
  }
  throw posix::system_error(EMSGSIZE,
                            requests.front().action + ": the kernel's answer does not fit the receive buffer");
}

/// The ioctl works on a socket of any family (sock_do_ioctl() in net/socket.c).
bool NetlinkSocket::has_interface(const std::string& name) const {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(file_.get(), SIOCGIFINDEX, &request) == 0) return true;
  if (errno != ENODEV) posix::throw_errno("find interface " + text::quoted(name));
  return false;
}

Answers NetlinkSocket::commit(std::span<const NetlinkRequest> requests) {
  Answers answers;
  transmit(requests, 0);
  while (const auto received = receive(MSG_DONTWAIT, answers)) read_messages(received, requests, answers);
  return answers;
}

/// Sends in chunks: sendmsg accepts at most 1,024 parts (UIO_MAXIOV), and the receive buffer has room for a limited
/// number of refusals.
Answers NetlinkSocket::send(std::span<const NetlinkRequest> requests) {
  constexpr std::size_t most_at_once = 128;
  Answers all;
  for (std::size_t first = 0; first < requests.size(); first += most_at_once) {
    const auto chunk = requests.subspan(first, std::min(most_at_once, requests.size() - first));
    auto answers = exchange(chunk, NLM_F_ACK);
    for (auto& message : answers.messages) all.messages.push_back(std::move(message));
    for (auto& refusal : answers.refusals) {
      refusal.request += first;
      all.refusals.push_back(std::move(refusal));
    }
  }
  return all;
}

std::vector<std::string> NetlinkSocket::send_or_throw(std::span<const NetlinkRequest> requests) {
  auto answers = send(requests);
  if (!answers.refusals.empty()) throw refusal_error(answers.refusals.front(), requests);
  return std::move(answers.messages);
}

std::vector<std::string> NetlinkSocket::send_or_throw(const NetlinkRequest& request) {
  return send_or_throw(std::span{&request, 1});
}

void NetlinkSocket::dump_each(const NetlinkRequest& request, const std::function<void(const std::string&)>& action) {
  const std::span requests{&request, 1};
  Answers answers;
  transmit(requests, NLM_F_DUMP);
  for (bool is_complete = false; !is_complete; answers.messages.clear()) {
    const auto received = receive(0, answers);
    is_complete = received == 0 || read_messages(received, requests, answers);
    for (const auto& message : answers.messages) action(message);
  }
  if (answers.was_truncated) {
    throw posix::system_error(EMSGSIZE, request.action + ": the kernel's answer does not fit the receive buffer");
  }
  if (!answers.refusals.empty()) throw refusal_error(answers.refusals.front(), requests);
}

std::vector<std::string> NetlinkSocket::dump(const NetlinkRequest& request) {
  constexpr int attempts = 20;
  const std::span requests{&request, 1};
  for (int attempt = 0; attempt < attempts; ++attempt) {
    auto answers = exchange(requests, NLM_F_DUMP);
    if (!answers.refusals.empty()) throw refusal_error(answers.refusals.front(), requests);
    if (!answers.was_interrupted) return std::move(answers.messages);
  }
  throw posix::system_error(
      EINTR, request.action + ": the list changed during each of " + std::to_string(attempts) + " attempts. Try again");
}

std::vector<NetlinkRequest> batch_of(NetlinkRequest request) {
  std::vector<NetlinkRequest> requests;
  requests.push_back(std::move(request));
  return requests;
}

std::system_error refusal_error(const Refusal& refusal, std::span<const NetlinkRequest> requests) {
  const auto& action = requests[refusal.request].action;
  return posix::system_error(refusal.error, refusal.text.empty() ? action : action + " (" + refusal.text + ")");
}

}  // namespace kernel
