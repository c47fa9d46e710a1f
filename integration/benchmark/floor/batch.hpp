#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace floor_program {

/// Netlink messages behind each other, for one send.
class Batch {
 public:
  /// The messages before it are complete.
  template <class Header>
  void begin(std::uint16_t type, std::uint16_t flags, const Header& header) {
    message_ = size_;
    const nlmsghdr start{.nlmsg_len = 0,
                         .nlmsg_type = type,
                         .nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST),
                         .nlmsg_seq = ++count_,
                         .nlmsg_pid = 0};
    append(&start, sizeof start);
    append(&header, sizeof header);
  }

  void put(std::uint16_t attribute, const void* data, std::size_t size) {
    const rtattr start{static_cast<std::uint16_t>(RTA_LENGTH(size)), attribute};
    append(&start, sizeof start);
    append(data, size);
  }
  void put(std::uint16_t attribute, std::uint32_t number) { put(attribute, &number, sizeof number); }
  void put(std::uint16_t attribute, const char* text) { put(attribute, text, std::strlen(text) + 1); }

  /// What follows is inside the attribute until it is closed.
  std::size_t open(std::uint16_t attribute) {
    const auto place = size_;
    put(attribute, "", 0);
    return place;
  }
  void close(std::size_t place) {
    const auto length = static_cast<std::uint16_t>(size_ - place);
    std::memcpy(&bytes_[place], &length, sizeof length);
  }

  /// The fixed part of a structure within an attribute.
  void append(const void* data, std::size_t size) {
    std::memcpy(&bytes_[size_], data, size);
    size_ += NLMSG_ALIGN(size);
    const auto length = static_cast<std::uint32_t>(size_ - message_);
    std::memcpy(&bytes_[message_], &length, sizeof length);
  }

  /// Sends all, waits for the answer to the last, and gives the index of the link that an answer tells (0: none does)
  /// and, by its address, that of the other end of the pair. Ends the process where anything but EEXIST comes back.
  std::uint32_t send(int socket, std::uint32_t* peer = nullptr);

 private:
  alignas(nlmsghdr) std::array<char, 4096> bytes_{};
  std::size_t size_ = 0;
  std::size_t message_ = 0;
  std::uint32_t count_ = 0;
};

/// Says what failed and why, and ends the process.
[[noreturn]] void fail(const char* act, int error);

}  // namespace floor_program
