#include "plugin/kernel/network_namespace.hpp"

#include "test/kernel/messages.hpp"

#include <netlink/attr.h>

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include <cstdint>

#include <gtest/gtest.h>

namespace {

using test::bytes_of;

kernel::Message answer(int type, std::int32_t number) {
  auto message = kernel::new_message(type, rtgenmsg{.rtgen_family = AF_UNSPEC});
  nla_put_s32(message.get(), NETNSA_NSID, number);
  return message;
}

TEST(Nsid, IsReadOnlyFromItsAnswer) {
  EXPECT_EQ(kernel::find_nsid(bytes_of(answer(RTM_NEWNSID, 7))), 7);
  EXPECT_FALSE(kernel::find_nsid(bytes_of(answer(RTM_NEWNSID, NETNSA_NSID_NOT_ASSIGNED))).has_value());
  EXPECT_FALSE(kernel::find_nsid(bytes_of(answer(RTM_NEWLINK, 7))).has_value());
}

}  // namespace
