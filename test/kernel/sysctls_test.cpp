#include "plugin/kernel/sysctls.hpp"

#include "test/kernel/messages.hpp"

#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace {

using test::bytes_of;

kernel::Message forwarding_message(unsigned char family) {
  return kernel::new_message(RTM_NEWNETCONF, netconfmsg{.ncm_family = family});
}

TEST(ForwardingMessage, ContainsFamilyAndState) {
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    for (const bool is_on : {false, true}) {
      const auto message = forwarding_message(static_cast<unsigned char>(kernel::kernel_family(family)));
      kernel::put_number(message.get(), NETCONFA_FORWARDING, is_on ? 1 : 0);
      const auto found = kernel::find_forwarding(bytes_of(message));
      ASSERT_TRUE(found.has_value());
      EXPECT_TRUE(found->family == family);
      EXPECT_EQ(found->is_on, is_on);
    }
  }
}

TEST(ForwardingMessage, IsNotFoundInOtherMessages) {
  EXPECT_FALSE(kernel::find_forwarding(bytes_of(kernel::get_forwarding(cni::Family::ipv4).message)).has_value());
  EXPECT_FALSE(kernel::find_forwarding(bytes_of(forwarding_message(AF_INET))).has_value());
  const auto odd = forwarding_message(AF_UNIX);
  kernel::put_number(odd.get(), NETCONFA_FORWARDING, 1);
  EXPECT_FALSE(kernel::find_forwarding(bytes_of(odd)).has_value());
}

TEST(ForwardingQuery, DescribesItsAction) {
  EXPECT_EQ(kernel::get_forwarding(cni::Family::ipv6).action, "get the forwarding state of the host");
}

}  // namespace
