#include "plugin/kernel/addresses.hpp"

#include "test/kernel/messages.hpp"
#include "test/support/addresses.hpp"

#include <netlink/attr.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <string_view>

#include <gtest/gtest.h>

namespace {

using test::bytes_of;
using test::device;
using test::prefix;

std::uint32_t flags_of(const kernel::NetlinkRequest& request) {
  const auto* header = nlmsg_hdr(request.message.get());
  const nlattr* flags = nlmsg_find_attr(const_cast<nlmsghdr*>(header), sizeof(ifaddrmsg), IFA_FLAGS);
  return flags == nullptr ? static_cast<const ifaddrmsg*>(nlmsg_data(header))->ifa_flags : nla_get_u32(flags);
}

const ifaddrmsg& address_header(const kernel::NetlinkRequest& request) {
  return *static_cast<const ifaddrmsg*>(nlmsg_data(nlmsg_hdr(request.message.get())));
}

TEST(AddressMessage, IsReadAsItWasWritten) {
  for (const char* text : {"10.1.2.5/24", "10.1.2.5/32", "fd00::5/64", "fe80::1/128"}) {
    const auto message = bytes_of(kernel::add_address(device, {prefix(text), false}, false).message);
    const auto found = kernel::find_interface_address(message);
    ASSERT_TRUE(found.has_value()) << text;
    EXPECT_EQ(cni::to_string(found->prefix), text);
  }
}

TEST(AddressMessage, ContainsTheStateOfDuplicateAddressDetection) {
  struct Case {
    std::uint32_t flags;
    bool is_tentative;
    bool is_duplicate;
  };
  for (const auto& [flags, is_tentative, is_duplicate] :
       {Case{IFA_F_PERMANENT, false, false}, Case{IFA_F_TENTATIVE, true, false},
        Case{IFA_F_TENTATIVE | IFA_F_DADFAILED, true, true}}) {
    const auto request = kernel::add_address(device, {prefix("fd00::5/64"), true}, true);
    kernel::put_number(request.message.get(), IFA_FLAGS, flags);
    const auto found = kernel::find_interface_address(bytes_of(request.message));
    ASSERT_TRUE(found.has_value()) << flags;
    EXPECT_EQ(found->is_tentative, is_tentative) << flags;
    EXPECT_EQ(found->is_duplicate, is_duplicate) << flags;
  }
}

TEST(AddressMessage, IsNotFoundInOtherMessages) {
  const auto query = kernel::list_addresses(device);
  EXPECT_FALSE(kernel::find_interface_address(bytes_of(query.message)).has_value());
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  EXPECT_FALSE(kernel::find_interface_address(bytes_of(kernel::new_message(RTM_NEWADDR, header))).has_value());
  header.ifa_family = AF_UNIX;
  const auto odd = kernel::new_message(RTM_NEWADDR, header);
  kernel::put_number(odd.get(), IFA_LOCAL, 1);
  EXPECT_FALSE(kernel::find_interface_address(bytes_of(odd)).has_value());
}

TEST(AddressRequest, PreventsThePrefixRouteUnlessItIsWanted) {
  for (const char* text : {"10.1.2.5/24", "fd00::5/64"}) {
    const auto without = kernel::add_address(device, {prefix(text), false}, false);
    EXPECT_NE(flags_of(without) & IFA_F_NOPREFIXROUTE, 0U) << text;
    const auto with = kernel::add_address(device, {prefix(text), true}, false);
    EXPECT_EQ(flags_of(with) & IFA_F_NOPREFIXROUTE, 0U) << text;
  }
}

TEST(AddressRequest, DisablesDuplicateAddressDetectionUnlessItIsWanted) {
  const wiring::Address ipv6{prefix("fd00::5/64"), false};
  EXPECT_NE(flags_of(kernel::add_address(device, ipv6, false)) & IFA_F_NODAD, 0U);
  EXPECT_EQ(flags_of(kernel::add_address(device, ipv6, true)) & IFA_F_NODAD, 0U);
}

TEST(AddressRequest, HasABroadcastAddressUpToPrefixLength30) {
  const std::pair<const char*, bool> cases[] = {{"10.1.2.5/24", true},
                                                {"10.1.2.5/30", true},
                                                {"10.1.2.5/31", false},
                                                {"10.1.2.5/32", false},
                                                {"fd00::5/64", false}};
  for (const auto& [text, has_broadcast] : cases) {
    const auto request = kernel::add_address(device, {prefix(text), false}, false);
    const nlattr* found = nlmsg_find_attr(nlmsg_hdr(request.message.get()), sizeof(ifaddrmsg), IFA_BROADCAST);
    EXPECT_EQ(found != nullptr, has_broadcast) << text;
  }
}

TEST(AddressRequest, DescribesItsAction) {
  EXPECT_EQ(kernel::add_address(device, {prefix("10.1.2.5/24"), false}, false).action,
            R"(add address 10.1.2.5/24 on "eth0")");
  EXPECT_EQ(kernel::delete_address(device, prefix("fd00::1/128")).action, R"(delete address fd00::1/128 on "eth0")");
  EXPECT_EQ(kernel::list_addresses(device).action, R"(list addresses on "eth0")");
}

TEST(AddressRequest, ListsOnlyTheAddressesOfItsDevice) {
  const auto request = kernel::list_addresses(device);
  EXPECT_EQ(address_header(request).ifa_index, 7U);
  EXPECT_EQ(address_header(request).ifa_family, AF_UNSPEC);
}

}  // namespace
