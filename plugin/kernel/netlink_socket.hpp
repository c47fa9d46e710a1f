#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct iovec;
struct nl_msg;

// Requests are sent to the kernel in batches. The kernel processes all messages of one sendmsg in order before the
// process can be killed, and a refused message does not stop the next (netlink_rcv_skb() in net/netlink/af_netlink.c).
// Only the last message requests an acknowledgement, unless it is a query whose answer shows the same; errors are
// always reported.
namespace kernel {

struct MessageRelease {
  void operator()(nl_msg* message) const;
};
using Message = std::unique_ptr<nl_msg, MessageRelease>;

/// One request, with the action for error messages.
struct NetlinkRequest {
  Message message;
  std::string action;          ///< "add address 10.1.2.3/24 on \"eth0\""
  std::vector<int> tolerated;  ///< errors (errno) that count as success

  NetlinkRequest(Message request, std::string words, std::vector<int> accepted = {})
      : message(std::move(request)), action(std::move(words)), tolerated(std::move(accepted)) {}
};

/// A request that the kernel refused.
struct Refusal {
  std::size_t request = 0;  ///< position in the batch
  int error = 0;            ///< errno
  std::string text;         ///< message of the extended acknowledgement; empty if there is none
};

/// The answers to a batch: messages, and the refusals that are not tolerated.
struct Answers {
  std::vector<std::string> messages;  ///< each a netlink message with its header
  std::vector<Refusal> refusals;
  bool was_interrupted = false;  ///< the list changed during a dump (NLM_F_DUMP_INTR)
  bool was_truncated = false;    ///< a message was larger than the buffer: it is not among the messages
};

/// A netlink socket in the network namespace in which it was opened. The kernel answers synchronously. In a container's
/// namespace the workload can send to the socket too, so messages that are not from the kernel are ignored.
class NetlinkSocket {
 public:
  /// Opens the socket in the namespace of the calling thread. `protocol` as in netlink(7): NETLINK_ROUTE,
  /// NETLINK_NETFILTER.
  explicit NetlinkSocket(int protocol);

  /// Sends all requests, up to 128 in one system call. Throws std::system_error only if the socket fails, or if the
  /// answer to a change does not fit the buffer.
  Answers send(std::span<const NetlinkRequest> requests);

  /// As send(), and throws std::system_error for the first refusal: action, errno and text of the kernel.
  std::vector<std::string> send_or_throw(std::span<const NetlinkRequest> requests);
  std::vector<std::string> send_or_throw(const NetlinkRequest& request);

  /// Sends one nftables transaction, with its BATCH_BEGIN and BATCH_END, in one datagram of any size. Not every kernel
  /// acknowledges a transaction, but its first errors are queued when sendmsg returns: no refusals mean that the
  /// transaction was committed (nfnetlink_rcv_batch() in net/netfilter/nfnetlink.c).
  Answers commit(std::span<const NetlinkRequest> requests);

  /// Whether an interface has this name, of any kind: one system call (SIOCGIFINDEX).
  bool has_interface(const std::string& name) const;

  /// Dumps a list and passes each message to `action` without keeping it: for lists that may be long. A list that
  /// changes during the dump is not read again.
  void dump_each(const NetlinkRequest& request, const std::function<void(const std::string&)>& action);

  /// Dumps a list. If the list changes during the dump, dumps it again, up to 20 times.
  std::vector<std::string> dump(const NetlinkRequest& request);

  int file() const { return file_.get(); }

 private:
  friend class LinkDeletion;  ///< lets another process send, and receives the answers here

  std::vector<iovec> number(std::span<const NetlinkRequest> requests, int last_flags);
  void transmit(std::span<const NetlinkRequest> requests, int last_flags);
  Answers exchange(std::span<const NetlinkRequest> requests, int last_flags);
  void receive_until_answered(std::span<const NetlinkRequest> requests, Answers& answers);
  std::size_t receive(int flags, Answers& answers);
  bool read_messages(std::size_t received, std::span<const NetlinkRequest> requests, Answers& answers);

  posix::FileDescriptor file_;
  std::uint32_t sequence_ = 0;
  std::uint32_t first_sequence_ = 0;
  bool ends_with_answer_ = false;  ///< the answer to the last request replaces its acknowledgement
  std::size_t buffer_bytes_;
  std::unique_ptr<char[]> buffer_;
};

/// A batch of one request.
std::vector<NetlinkRequest> batch_of(NetlinkRequest request);

/// The exception for a refusal.
std::system_error refusal_error(const Refusal& refusal, std::span<const NetlinkRequest> requests);

}  // namespace kernel
