#include "batch.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace floor_program {
namespace {

constexpr std::size_t answer_bytes = 8192;

std::uint32_t peer_of(const nlmsghdr* header) {
  auto rest = static_cast<int>(IFLA_PAYLOAD(header));
  const auto* fixed = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
  for (const auto* attribute = IFLA_RTA(fixed); RTA_OK(attribute, rest); attribute = RTA_NEXT(attribute, rest)) {
    if (attribute->rta_type == IFLA_LINK) return *static_cast<const std::uint32_t*>(RTA_DATA(attribute));
  }
  return 0;
}

}  // namespace

void fail(const char* act, int error) {
  std::fprintf(stderr, "floor: %s: %s\n", act, std::strerror(error));
  std::_Exit(EXIT_FAILURE);
}

std::uint32_t Batch::send(int socket, std::uint32_t* peer) {
  auto* last = reinterpret_cast<nlmsghdr*>(&bytes_[message_]);
  last->nlmsg_flags = static_cast<std::uint16_t>(last->nlmsg_flags | NLM_F_ACK);
  if (::send(socket, bytes_.data(), size_, 0) < 0) fail("send", errno);
  std::uint32_t index = 0;
  for (;;) {
    alignas(nlmsghdr) std::array<char, answer_bytes> answer;
    const ssize_t received = ::recv(socket, answer.data(), answer.size(), 0);
    if (received < 0) fail("receive", errno);
    auto rest = static_cast<std::uint32_t>(received);
    for (auto* header = reinterpret_cast<nlmsghdr*>(answer.data()); NLMSG_OK(header, rest);
         header = NLMSG_NEXT(header, rest)) {
      if (header->nlmsg_type == RTM_NEWLINK) {
        index = static_cast<std::uint32_t>(static_cast<const ifinfomsg*>(NLMSG_DATA(header))->ifi_index);
        if (peer != nullptr) *peer = peer_of(header);
      }
      if (header->nlmsg_type != NLMSG_ERROR) continue;
      const int error = -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
      if (error != 0 && error != EEXIST) fail("change the network", error);
      if (header->nlmsg_seq == count_) return index;
    }
  }
}

}  // namespace floor_program
