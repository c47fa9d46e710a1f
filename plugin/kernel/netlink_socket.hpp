#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct nl_msg;

// Requests go to the kernel in batches: all messages of one send are carried out before the process can be killed, one
// after the other, and a refused one does not stop the next. Only the last asks to be acknowledged; a refusal is always
// told.
namespace kernel {

struct MessageRelease {
  void operator()(nl_msg* message) const;
};
using Message = std::unique_ptr<nl_msg, MessageRelease>;

/// One request with the words for the case that it is refused.
struct NetlinkRequest {
  Message message;
  std::string act;             ///< "add address 10.1.2.3/24 to \"eth0\""
  std::vector<int> tolerated;  ///< refusals (errno) that are as good as success

  NetlinkRequest(Message request, std::string words, std::vector<int> accepted = {})
      : message(std::move(request)), act(std::move(words)), tolerated(std::move(accepted)) {}
};

struct Refusal {
  std::size_t request = 0;  ///< its place in the batch
  int error = 0;            ///< errno
  std::string text;         ///< the kernel's own sentence; empty where it said none
};

/// What a batch brought: the messages that answer its questions, and the refusals that are not tolerated.
struct Answers {
  std::vector<std::string> messages;  ///< each a netlink message with its header
  std::vector<Refusal> refusals;
  bool was_interrupted = false;  ///< a dump: the list changed while it was sent
  bool was_truncated = false;    ///< a message was larger than the buffer: it is not among the messages
};

/// A netlink socket in the network namespace in which it was opened. The kernel answers at once, so nothing waits. In a
/// container's namespace its workload can send to the socket, too: what does not come from the kernel is dropped.
class NetlinkSocket {
 public:
  /// Opens it in the namespace of the calling thread. `protocol` as in netlink(7): NETLINK_ROUTE,
  /// NETLINK_NETFILTER.
  explicit NetlinkSocket(int protocol);

  /// Sends all in one call (up to 128 of them; more go in several). Throws std::system_error only where the socket
  /// itself fails, and where an answer to a change is too large for the buffer.
  Answers send(std::span<const NetlinkRequest> requests);

  /// As send, and throws std::system_error for the first refusal: act, errno and the kernel's sentence.
  std::vector<std::string> transact(std::span<const NetlinkRequest> requests);

  /// One transaction of nftables, which has its own begin and end: all in one datagram, carried out as a whole or not
  /// at all. Nothing acknowledges it on every kernel, so what has come back when the call returns is all that comes: no
  /// refusals mean that it was carried out. Of at most 1,000 requests.
  Answers commit(std::span<const NetlinkRequest> requests);

  /// One question that many messages answer, each of which is handed on as it comes and kept by nobody: for lists that
  /// may be long and may change meanwhile.
  void read(const NetlinkRequest& request, const std::function<void(const std::string&)>& take);

  /// One question that many messages answer. A dump that was interrupted by a change is asked again, at most 20 times.
  std::vector<std::string> dump(const NetlinkRequest& request);

 private:
  void transmit(std::span<const NetlinkRequest> requests, int last_flags);
  Answers exchange(std::span<const NetlinkRequest> requests, int last_flags);
  void receive_until_answered(std::span<const NetlinkRequest> requests, Answers& answers);
  std::size_t receive(int flags, Answers& answers);
  bool sort(std::size_t received, std::span<const NetlinkRequest> requests, Answers& answers);

  posix::FileDescriptor file_;
  std::uint32_t sequence_ = 0;
  std::uint32_t first_sequence_ = 0;
  std::size_t buffer_bytes_;
  std::unique_ptr<char[]> buffer_;
};

/// A batch of one.
std::vector<NetlinkRequest> one(NetlinkRequest request);

/// The exception that a refusal is.
std::system_error refusal_error(const Refusal& refusal, std::span<const NetlinkRequest> requests);

}  // namespace kernel
