#include "plugin/kernel/neighbours.hpp"

#include "test/kernel/messages.hpp"

#include <netlink/attr.h>

#include <linux/neighbour.h>

#include <cerrno>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::device;

const wiring::Neighbour neighbour{cni::find_address("10.1.2.1").value(), cni::find_mac("02:00:00:00:00:02").value()};

TEST(NeighbourRequest, ReplacesTheEntryAsReachable) {
  const auto request = kernel::set_neighbour(device, neighbour);
  const auto* header = nlmsg_hdr(request.message.get());
  const auto* fixed = static_cast<const ndmsg*>(nlmsg_data(header));
  EXPECT_EQ(fixed->ndm_ifindex, 7);
  EXPECT_EQ(fixed->ndm_state, NUD_REACHABLE);
  EXPECT_EQ(header->nlmsg_flags & (NLM_F_CREATE | NLM_F_REPLACE), NLM_F_CREATE | NLM_F_REPLACE);
}

TEST(NeighbourRequest, ContainsAddressAndMac) {
  const auto request = kernel::set_neighbour(device, neighbour);
  auto* header = nlmsg_hdr(request.message.get());
  const nlattr* address = nlmsg_find_attr(header, sizeof(ndmsg), NDA_DST);
  const nlattr* mac = nlmsg_find_attr(header, sizeof(ndmsg), NDA_LLADDR);
  ASSERT_TRUE(address != nullptr && mac != nullptr);
  ASSERT_EQ(nla_len(mac), 6);
  EXPECT_EQ(static_cast<const std::uint8_t*>(nla_data(mac))[5], 2);
  const auto* bytes = static_cast<const std::uint8_t*>(nla_data(address));
  EXPECT_EQ(cni::to_string(cni::from_bytes(cni::Family::ipv4, bytes)), "10.1.2.1");
}

/// The kernel does not count such entries against the limit of its table (gc_thresh3).
TEST(NeighbourRequest, MarksTheEntryAsExternallyLearned) {
  const auto request = kernel::set_neighbour(device, neighbour);
  const auto* fixed = static_cast<const ndmsg*>(nlmsg_data(nlmsg_hdr(request.message.get())));
  EXPECT_NE(fixed->ndm_flags & NTF_EXT_LEARNED, 0);
}

TEST(NeighbourRequest, ToleratesAKernelWithoutTheFamily) {
  const auto request = kernel::set_neighbour(device, neighbour);
  EXPECT_EQ(request.action, R"(set neighbour 10.1.2.1 dev "eth0")");
  EXPECT_EQ(request.tolerated, (std::vector<int>{EAFNOSUPPORT}));
}

}  // namespace
