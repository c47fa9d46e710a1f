#include "plugin/kernel/echo_messages.hpp"

#include <gtest/gtest.h>

namespace {

using kernel::EchoId;

constexpr EchoId tested_id{.id = 0x1234, .sequence = 0x5678};

/// Turns a request into its reply; 129 is that of ICMPv6.
std::string reply_to(std::string request, char type) {
  request[0] = type;
  return request;
}

TEST(EchoMessages, HaveTheSizeOfThePacket) {
  EXPECT_EQ(kernel::echo_request(cni::Family::ipv4, tested_id, 1500).size(), 1480U);
  EXPECT_EQ(kernel::echo_request(cni::Family::ipv6, tested_id, 1500).size(), 1460U);
  EXPECT_EQ(kernel::echo_request(cni::Family::ipv4, tested_id, 0).size(), 8U);
}

TEST(EchoMessages, HaveTheChecksumOfIpv4) {
  EXPECT_EQ(kernel::echo_request(cni::Family::ipv4, tested_id, 28).substr(0, 8),
            std::string("\x08\x00\x8f\x53\x12\x34\x56\x78", 8));
}

TEST(EchoMessages, AreRecognizedByTheirIds) {
  const auto ipv4 = kernel::echo_request(cni::Family::ipv4, tested_id, 84);
  const auto ipv6 = kernel::echo_request(cni::Family::ipv6, tested_id, 84);
  EXPECT_EQ(kernel::find_echo_request(cni::Family::ipv4, ipv4), tested_id);
  EXPECT_EQ(kernel::find_echo_request(cni::Family::ipv6, ipv6.substr(0, 8)), tested_id);
  EXPECT_EQ(kernel::find_echo_request(cni::Family::ipv4, ipv4.substr(0, 7)), std::nullopt);
  EXPECT_EQ(kernel::find_echo_request(cni::Family::ipv4, ipv6), std::nullopt);
  const auto ip_header = '\x45' + std::string(19, '\0');
  EXPECT_EQ(kernel::find_echo_reply(cni::Family::ipv4, ip_header + reply_to(ipv4, 0)), tested_id);
  EXPECT_EQ(kernel::find_echo_reply(cni::Family::ipv6, reply_to(ipv6, '\x81')), tested_id);
  EXPECT_EQ(kernel::find_echo_reply(cni::Family::ipv4, ip_header + ipv4), std::nullopt);
  EXPECT_EQ(kernel::find_echo_reply(cni::Family::ipv4, {}), std::nullopt);
  EXPECT_EQ(kernel::find_echo_reply(cni::Family::ipv4, "\x4f"), std::nullopt);
}

}  // namespace
