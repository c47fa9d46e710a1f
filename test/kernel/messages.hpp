#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/message.hpp"

#include <netlink/msg.h>

#include <string>

namespace test {

/// The interface of the requests under test.
inline const kernel::Device device{"eth0", 7};

/// A message as the socket returns it: its bytes with the header.
inline std::string bytes_of(const kernel::Message& message) {
  const nlmsghdr* header = nlmsg_hdr(message.get());
  return {reinterpret_cast<const char*>(header), header->nlmsg_len};
}

}  // namespace test
