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

struct Answer {
  std::uint32_t last = 0;  ///< number of the last request that has been answered
  std::uint32_t index = 0;
  std::uint32_t peer = 0;
};

void read_message(const nlmsghdr* header, Answer& answer) {
  if (header->nlmsg_type == RTM_NEWLINK) {
    answer.index = static_cast<std::uint32_t>(static_cast<const ifinfomsg*>(NLMSG_DATA(header))->ifi_index);
    answer.peer = peer_of(header);
  }
  if (header->nlmsg_type != NLMSG_ERROR) return;
  const int error = -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
  if (error != 0 && error != EEXIST) fail("change the network", error);
  answer.last = header->nlmsg_seq;
}

void receive(int socket, Answer& answer) {
  alignas(nlmsghdr) std::array<char, answer_bytes> bytes;
  const ssize_t received = ::recv(socket, bytes.data(), bytes.size(), 0);
  if (received < 0) fail("receive", errno);
  auto rest = static_cast<std::uint32_t>(received);
  for (auto* header = reinterpret_cast<nlmsghdr*>(bytes.data()); NLMSG_OK(header, rest);
       header = NLMSG_NEXT(header, rest)) {
    read_message(header, answer);
  }
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
  Answer answer;
  while (answer.last != count_) receive(socket, answer);
  if (peer != nullptr) *peer = answer.peer;
  return answer.index;
}

}  // namespace floor_program
