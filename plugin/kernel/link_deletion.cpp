#include "plugin/kernel/link_deletion.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/posix/helper_process.hpp"
#include "plugin/posix/system_error.hpp"

#include <netlink/msg.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace kernel {
namespace {

/// The ifindex of the link that a request or notification is about; 0: it is not about one link.
std::uint32_t link_of(const nlmsghdr* header) {
  const bool is_about_link = header->nlmsg_type == RTM_DELLINK || header->nlmsg_type == RTM_SETLINK;
  if (!is_about_link || nlmsg_datalen(header) < static_cast<int>(sizeof(ifinfomsg))) return 0;
  const auto* fixed = static_cast<const ifinfomsg*>(nlmsg_data(header));
  return fixed->ifi_family == AF_UNSPEC ? static_cast<std::uint32_t>(fixed->ifi_index) : 0;
}

std::vector<std::uint32_t> links_of(std::span<const NetlinkRequest> requests) {
  std::vector<std::uint32_t> links;
  for (const auto& request : requests) {
    if (const auto link = link_of(nlmsg_hdr(request.message.get())); link != 0) links.push_back(link);
  }
  return links;
}

/// A filter for the socket: acknowledgements, and the notifications that these links were deleted. A bridge reports
/// with its own family that a port has left it, which happens earlier. The filter spares this process the
/// notifications about the other interfaces of the node.
std::vector<sock_filter> departures_of(const std::vector<std::uint32_t>& links) {
  const auto load = [](unsigned size, std::size_t offset) {
    return sock_filter{static_cast<std::uint16_t>(BPF_LD | BPF_ABS | size), 0, 0, static_cast<std::uint32_t>(offset)};
  };
  const auto compare = [](std::uint32_t value, std::size_t skip_if_equal, std::size_t skip_otherwise) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint8_t>(skip_if_equal),
                       static_cast<std::uint8_t>(skip_otherwise), value};
  };
  const auto count = links.size();
  std::vector<sock_filter> program{load(BPF_H, offsetof(nlmsghdr, nlmsg_type)),
                                   compare(htons(NLMSG_ERROR), count + 5, 0),
                                   compare(htons(RTM_DELLINK), 0, count + 3),
                                   load(BPF_B, NLMSG_HDRLEN + offsetof(ifinfomsg, ifi_family)),
                                   compare(AF_UNSPEC, 0, count + 1),
                                   load(BPF_W, NLMSG_HDRLEN + offsetof(ifinfomsg, ifi_index))};
  for (std::size_t index = 0; index < count; ++index) program.push_back(compare(htonl(links[index]), count - index, 0));
  program.push_back({BPF_RET | BPF_K, 0, 0, 0});
  program.push_back({BPF_RET | BPF_K, 0, 0, UINT32_MAX});
  return program;
}

bool attach_filter(int file, std::vector<sock_filter> program) {
  const sock_fprog filter{static_cast<std::uint16_t>(program.size()), program.data()};
  return ::setsockopt(file, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

bool set_membership(int file, int option) {
  const int group = RTNLGRP_LINK;
  return ::setsockopt(file, SOL_NETLINK, option, &group, sizeof group) == 0;
}

/// The offsets of jumps in a filter have 8 bits.
constexpr std::size_t most_links = 128;

}  // namespace

LinkDeletion::LinkDeletion(NetlinkSocket& socket, std::span<const NetlinkRequest> requests, int kept_open)
    : socket_(socket), requests_(requests), kept_open_(kept_open), links_(links_of(requests)) {}

LinkDeletion::~LinkDeletion() { unsubscribe(); }

bool LinkDeletion::subscribe() {
  const int file = socket_.file_.get();
  is_subscribed_ = attach_filter(file, departures_of(links_));
  return is_subscribed_ && set_membership(file, NETLINK_ADD_MEMBERSHIP);
}

void LinkDeletion::unsubscribe() {
  if (!std::exchange(is_subscribed_, false)) return;
  const int file = socket_.file_.get();
  const int unused = 0;
  set_membership(file, NETLINK_DROP_MEMBERSHIP);
  ::setsockopt(file, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}

Answers LinkDeletion::run() && {
  if (links_.empty() || links_.size() > most_links || !subscribe()) return socket_.send(requests_);
  auto parts = socket_.number(requests_, NLM_F_ACK);
  const int file = socket_.file_.get();
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const posix::SystemCall send{.number = SYS_sendmsg, .first = file, .second = reinterpret_cast<long>(&message)};
  const auto helper = posix::start_helper({.calls = {send}, .kept = {file, kept_open_}});
  const bool is_done = helper && wait(helper);
  unsubscribe();
  if (!is_done || (!is_answered_ && !has_released_rtnl())) return socket_.send(requests_);
  return std::move(answers_);
}

void LinkDeletion::run_or_throw() && {
  const auto requests = requests_;
  const auto answers = std::move(*this).run();
  if (!answers.refusals.empty()) throw refusal_error(answers.refusals.front(), requests);
}

/// Returns false if the helper has ended before it has sent the requests, or if the answers were lost because the
/// receive buffer was full. A helper that has not made progress for 10 s, for example because it was stopped, is
/// killed; if it waits for the kernel, it ends after that.
bool LinkDeletion::wait(const posix::FileDescriptor& helper) {
  constexpr std::chrono::milliseconds patience{10'000};
  auto timeout = static_cast<int>(patience.count());
  while (true) {
    std::array<pollfd, 2> files{pollfd{socket_.file_.get(), POLLIN, 0}, pollfd{helper.get(), POLLIN, 0}};
    const int count = ::poll(files.data(), files.size(), timeout);
    if (count < 0 && errno != EINTR) posix::throw_errno("wait for the kernel: " + requests_.back().action);
    if (count == 0) posix::kill_helper(helper);
    if (count == 0) timeout = -1;
    receive_pending();
    if (is_answered_ || links_.empty()) return true;
    if (count > 0 && files[1].revents != 0) return false;
  }
}

void LinkDeletion::receive_pending() {
  while (const auto received = socket_.receive(MSG_DONTWAIT, answers_)) {
    is_answered_ = socket_.read_messages(received, requests_, answers_) || is_answered_;
    note_departures(received);
  }
  answers_.messages.clear();
}

void LinkDeletion::note_departures(std::size_t received) {
  auto rest = static_cast<int>(received);
  for (auto* header = reinterpret_cast<nlmsghdr*>(socket_.buffer_.get()); nlmsg_ok(header, rest) != 0;
       header = nlmsg_next(header, &rest)) {
    if (header->nlmsg_type == RTM_DELLINK) std::erase(links_, link_of(header));
  }
}

/// The kernel unregisters the other ends after these, and releases the RTNL lock when all have left
/// (unregister_netdevice_many_notify() in net/core/dev.c). A request that needs the lock is answered after that.
bool LinkDeletion::has_released_rtnl() { return socket_.send(batch_of(probe_cap_net_admin())).refusals.empty(); }

}  // namespace kernel
