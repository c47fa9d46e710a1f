#include "plugin/kernel/message.hpp"

#include <netlink/addr.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

#include <gtest/gtest.h>

namespace {

/// The address as it is read from a message that contains it.
std::optional<cni::IpAddress> read_back(const cni::IpAddress& address) {
  const auto message = kernel::new_message(0, 0, nullptr, 0);
  kernel::put_address(message.get(), 1, address);
  return kernel::find_address(nlmsg_find_attr(nlmsg_hdr(message.get()), 0, 1), address.family);
}

TEST(NetlinkAddress, IsReadAsItWasWritten) {
  for (const char* text : {"0.0.0.0", "10.1.2.3", "255.255.255.255", "::", "fd00::3", "fe80::1"}) {
    const auto found = read_back(cni::find_address(text).value());
    ASSERT_TRUE(found.has_value()) << text;
    EXPECT_EQ(cni::to_string(*found), text);
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

TEST(NetlinkAddress, IsNotReadFromAMissingOrShortAttribute) {
  EXPECT_EQ(kernel::find_address(nullptr, cni::Family::ipv4), std::nullopt);
  const auto message = kernel::new_message(0, 0, nullptr, 0);
  kernel::put_number(message.get(), 1, 7);
  EXPECT_EQ(kernel::find_address(nlmsg_find_attr(nlmsg_hdr(message.get()), 0, 1), cni::Family::ipv6), std::nullopt);
}

/// An attribute with these bytes.
class Attribute {
 public:
  explicit Attribute(std::string_view bytes) {
    if (nla_put(message_.get(), 1, static_cast<int>(bytes.size()), bytes.data()) < 0) throw std::bad_alloc{};
  }
  nlattr* get() const { return nlmsg_find_attr(nlmsg_hdr(message_.get()), 0, 1); }

 private:
  kernel::Message message_{nlmsg_alloc()};
};

TEST(Attribute, IsNotReadBeyondItsEnd) {
  const Attribute two{std::string_view{"ab"}};
  EXPECT_EQ(kernel::number_in<std::uint32_t>(two.get(), 7), 7U);
  EXPECT_EQ(kernel::number_in<std::uint8_t>(two.get()), 'a');
  EXPECT_EQ(kernel::text_in(two.get()), "ab");
  EXPECT_EQ(kernel::find_address(two.get(), cni::Family::ipv4), std::nullopt);
  EXPECT_EQ(kernel::find_nested(two.get(), 1), nullptr);
}

TEST(Attribute, ContainsTextUpToTheFirstNul) {
  const Attribute text{std::string_view{"ab\0cd", 5}};
  EXPECT_EQ(kernel::text_in(text.get()), "ab");
}

TEST(Attribute, ThatIsMissingIsEmpty) {
  EXPECT_EQ(kernel::number_in<std::uint32_t>(nullptr, 7), 7U);
  EXPECT_EQ(kernel::text_in(nullptr), "");
  EXPECT_EQ(kernel::find_nested(nullptr, 1), nullptr);
}

TEST(KernelFamily, IsConvertedInBothDirections) {
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    EXPECT_TRUE(kernel::find_family(kernel::kernel_family(family)) == family);
  }
  EXPECT_FALSE(kernel::find_family(AF_UNSPEC).has_value());
}

TEST(BuiltMessage, ThrowsALogicErrorIfItCouldNotBeBuilt) {
  try {
    kernel::built(-NLE_INVAL, nullptr, "route");
    FAIL() << "nothing was thrown";
  } catch (const std::logic_error& error) {
    EXPECT_STREQ(error.what(), "build a netlink message: route: Invalid input data or parameter");
  }
}

}  // namespace
