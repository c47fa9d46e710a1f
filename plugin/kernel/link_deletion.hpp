#pragma once

#include "plugin/kernel/netlink_socket.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kernel {

/// Sends requests that delete links, and waits until the links and their other ends have left their namespaces: their
/// names, addresses and routes are gone and can be used again. The kernel acknowledges the deletion only after it has
/// freed the memory of the links, about 15 ms later (netdev_run_todo() in net/core/dev.c), so a helper process sends
/// the requests and stays in that system call, and this process waits for RTM_DELLINK of the group RTNLGRP_LINK. The
/// helper sends on the socket of this process, which so receives refusals too.
/// Without a helper, or if it was killed before it has sent the requests, this process sends them and waits for the
/// acknowledgement.
class LinkDeletion {
 public:
  /// All must outlive it. The helper keeps the file `kept_open` until it ends, if that is not negative.
  LinkDeletion(NetlinkSocket& socket, std::span<const NetlinkRequest> requests, int kept_open);
  LinkDeletion(const LinkDeletion&) = delete;
  LinkDeletion& operator=(const LinkDeletion&) = delete;
  ~LinkDeletion();

  /// The refusals. Throws std::system_error if the socket fails.
  Answers run() &&;

  /// As run(), and throws std::system_error for the first refusal.
  void run_or_throw() &&;

 private:
  bool subscribe();
  void unsubscribe();
  bool wait(const posix::FileDescriptor& helper);
  void receive_pending();
  void note_departures(std::size_t received);
  bool has_released_rtnl();

  NetlinkSocket& socket_;
  std::span<const NetlinkRequest> requests_;
  int kept_open_;
  std::vector<std::uint32_t> links_;  ///< ifindexes of the links that have not left
  Answers answers_{};
  bool is_subscribed_ = false;
  bool is_answered_ = false;  ///< the last request was acknowledged or refused
};

}  // namespace kernel
