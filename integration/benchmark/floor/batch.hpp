#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace floor_program {

/// Several netlink messages for one send.
class Batch {
 public:
  /// Begins a message; the messages before it are complete.
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

  /// Begins a nested attribute. Returns its position for close().
  std::size_t open(std::uint16_t attribute) {
    const auto position = size_;
    put(attribute, "", 0);
    return position;
  }
  void close(std::size_t position) {
    const auto length = static_cast<std::uint16_t>(size_ - position);
    std::memcpy(&bytes_[position], &length, sizeof length);
  }

  /// Appends the fixed part of a structure within an attribute.
  void append(const void* data, std::size_t size) {
    std::memcpy(&bytes_[size_], data, size);
    size_ += NLMSG_ALIGN(size);
    const auto length = static_cast<std::uint32_t>(size_ - message_);
    std::memcpy(&bytes_[message_], &length, sizeof length);
  }

  /// Sends all messages and waits for the answer to the last one. Returns the ifindex of the link in an answer (0:
  /// none) and in *peer that of the other end of the pair. Ends the process for any error but EEXIST.
  std::uint32_t send(int socket, std::uint32_t* peer = nullptr);

 private:
  alignas(nlmsghdr) std::array<char, 4096> bytes_{};
  std::size_t size_ = 0;
  std::size_t message_ = 0;
  std::uint32_t count_ = 0;
};

/// Prints the error and ends the process.
[[noreturn]] void fail(const char* act, int error);

}  // namespace floor_program
