#include "plugin/kernel/message.hpp"

#include <netlink/addr.h>
#include <netlink/errno.h>

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

#include <gtest/gtest.h>

namespace {

TEST(NetlinkAddress, IsReadAsItWasWritten) {
  for (const char* text : {"0.0.0.0", "10.1.2.3", "255.255.255.255", "::", "fd00::3", "fe80::1"}) {
    const auto address = cni::find_address(text).value();
    const auto found = kernel::from_netlink(kernel::to_netlink(address).get());
    ASSERT_TRUE(found.has_value()) << text;
    EXPECT_EQ(cni::to_string(*found), text);
  }
}

TEST(NetlinkAddress, HasTheLengthOfItsPrefix) {
  const std::pair<const char*, unsigned> cases[] = {{"10.1.2.0/24", 24}, {"0.0.0.0/0", 0}, {"fd00::/64", 64}};
  for (const auto& [text, length] : cases) {
    EXPECT_EQ(nl_addr_get_prefixlen(kernel::to_netlink(cni::find_prefix(text).value()).get()), length) << text;
  }
}

TEST(NetlinkAddress, HasTheBytesOfAMac) {
  const auto mac = cni::find_mac("02:00:00:00:00:01").value();
  const auto address = kernel::to_netlink(mac);
  ASSERT_EQ(nl_addr_get_len(address.get()), mac.bytes.size());
  EXPECT_TRUE(std::ranges::equal(
      mac.bytes,
      std::span{static_cast<const std::uint8_t*>(nl_addr_get_binary_addr(address.get())), mac.bytes.size()}));
}

TEST(NetlinkAddress, IsNoneOfOtherFamilies) {
  EXPECT_FALSE(kernel::from_netlink(nullptr).has_value());
  EXPECT_FALSE(kernel::from_netlink(kernel::to_netlink(cni::MacAddress{}).get()).has_value());
}

TEST(KernelFamily, IsFoundAgain) {
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    EXPECT_TRUE(kernel::find_family(kernel::kernel_family(family)) == family);
  }
  EXPECT_FALSE(kernel::find_family(AF_UNSPEC).has_value());
}

TEST(BuiltMessage, IsABugWhereItCouldNotBeBuilt) {
  try {
    kernel::built(-NLE_INVAL, nullptr, "route");
    FAIL() << "nothing was thrown";
  } catch (const std::logic_error& error) {
    EXPECT_STREQ(error.what(), "build a netlink message: route: Invalid input data or parameter");
  }
}

}  // namespace
