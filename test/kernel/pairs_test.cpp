#include "plugin/kernel/pairs.hpp"

#include "plugin/kernel/links.hpp"
#include "test/kernel/messages.hpp"

#include <netlink/attr.h>

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <gtest/gtest.h>

namespace {

using test::bytes_of;

wiring::Wiring pair() {
  wiring::Wiring wiring;
  wiring.attachment = {.network = "net", .container = "c1", .interface = "eth0"};
  wiring.mtu = 9000;
  wiring.container.name = "eth0";
  wiring.container.mac = cni::find_mac("02:00:00:00:00:01").value();
  wiring.host.name = "vethhost";
  wiring.host.mac = cni::find_mac("02:00:00:00:00:02").value();
  return wiring;
}

TEST(CreateVethPair, CreatesTheContainerEndUp) {
  constexpr int container_netns = 5;
  const auto link = kernel::find_link(bytes_of(kernel::create_veth_pair(pair(), container_netns).message));
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->name, "eth0");
  EXPECT_EQ(cni::to_string(link->mac), "02:00:00:00:00:01");
  EXPECT_EQ(link->mtu, 9000U);
  EXPECT_TRUE(link->is_up);
}

/// A nested attribute, and null in one that does not exist.
const nlattr* attribute_in(const nlattr* nest, int type) {
  return nest == nullptr ? nullptr : nla_find(static_cast<const nlattr*>(nla_data(nest)), nla_len(nest), type);
}

/// An attribute of the kind in the message that creates a pair.
const nlattr* kind_attribute(const kernel::NetlinkRequest& request, int type) {
  const nlattr* info = nlmsg_find_attr(nlmsg_hdr(request.message.get()), sizeof(ifinfomsg), IFLA_LINKINFO);
  return attribute_in(attribute_in(info, IFLA_INFO_DATA), type);
}

/// The attribute of the other end in the message that creates a pair.
const nlattr* peer_attribute(const kernel::NetlinkRequest& request, int type) {
  const nlattr* peer = kind_attribute(request, VETH_INFO_PEER);  // the number of IFLA_NETKIT_PEER_INFO, too
  constexpr int header = NLMSG_ALIGN(sizeof(ifinfomsg));
  return peer == nullptr ? nullptr
                         : nla_find(reinterpret_cast<const nlattr*>(static_cast<const char*>(nla_data(peer)) + header),
                                    nla_len(peer) - header, type);
}

TEST(CreateVethPair, DescribesTheHostEndAsPeer) {
  const auto request = kernel::create_veth_pair(pair(), 5);
  EXPECT_EQ(kernel::find_link(bytes_of(request.message))->kind, "veth");
  EXPECT_STREQ(nla_get_string(peer_attribute(request, IFLA_IFNAME)), "vethhost");
  EXPECT_EQ(kernel::number_in<std::uint32_t>(peer_attribute(request, IFLA_MTU)), 9000U);
  EXPECT_NE(peer_attribute(request, IFLA_ADDRESS), nullptr);
  EXPECT_EQ(peer_attribute(request, IFLA_NET_NS_FD), nullptr);
}

TEST(CreateVethPair, SetsTheSizesOfLargePacketsOfBothEnds) {
  constexpr int gso_ipv4 = 63;
  constexpr int gro_ipv4 = 64;
  auto wiring = pair();
  const auto plain = kernel::create_veth_pair(wiring, 5);
  EXPECT_EQ(kernel::find_link(bytes_of(plain.message))->big_tcp, wiring::BigTcp{});
  EXPECT_EQ(peer_attribute(plain, gso_ipv4), nullptr);
  wiring.big_tcp = wiring::BigTcp{.gso_ipv4_max_size = 196608, .gro_ipv4_max_size = 131072};
  const auto raised = kernel::create_veth_pair(wiring, 5);
  EXPECT_EQ(kernel::find_link(bytes_of(raised.message))->big_tcp, *wiring.big_tcp);
  EXPECT_EQ(kernel::number_in<std::uint32_t>(peer_attribute(raised, gso_ipv4)), 196608U);
  EXPECT_EQ(kernel::number_in<std::uint32_t>(peer_attribute(raised, gro_ipv4)), 131072U);
}

TEST(CreateVethPair, IsExclusive) {
  const auto request = kernel::create_veth_pair(pair(), 5);
  const auto flags = nlmsg_hdr(request.message.get())->nlmsg_flags;
  EXPECT_EQ(flags & (NLM_F_CREATE | NLM_F_EXCL), NLM_F_CREATE | NLM_F_EXCL);
  EXPECT_TRUE(request.tolerated.empty());
}

TEST(CreateVethPair, LeavesTheContainerEndDownIfWanted) {
  for (const bool is_left_down : {false, true}) {
    auto wiring = pair();
    wiring.leave_down = is_left_down;
    const auto request = kernel::create_veth_pair(wiring, 5);
    const auto* header = static_cast<const ifinfomsg*>(nlmsg_data(nlmsg_hdr(request.message.get())));
    EXPECT_EQ((header->ifi_flags & IFF_UP) == 0, is_left_down);
  }
}

TEST(CreateVethPair, TunesTheContainerEnd) {
  auto wiring = pair();
  wiring.tuning = wiring::Tuning{.tx_queue_length = 0, .promiscuous = true, .all_multicast = true};
  const auto tuned = kernel::find_link(bytes_of(kernel::create_veth_pair(wiring, 5).message));
  EXPECT_TRUE(tuned->is_promiscuous && tuned->is_all_multicast && tuned->is_up);
  EXPECT_EQ(tuned->tx_queue_length, 0U);
  wiring.tuning = wiring::Tuning{.tx_queue_length = 77};
  const auto request = kernel::create_veth_pair(wiring, 5);
  EXPECT_EQ(kernel::find_link(bytes_of(request.message))->tx_queue_length, 77U);
  EXPECT_FALSE(kernel::find_link(bytes_of(request.message))->is_promiscuous);
}

const ifinfomsg& ifinfo_of(const kernel::NetlinkRequest& request) {
  return *static_cast<const ifinfomsg*>(nlmsg_data(nlmsg_hdr(request.message.get())));
}

/// A way to create a pair whose main device is the host end.
struct HostEndFirst {
  std::string kind;
  kernel::NetlinkRequest (*create)(const wiring::Wiring& wiring, int container_netns);
};

class CreatePairByHostEnd : public testing::TestWithParam<HostEndFirst> {};

TEST_P(CreatePairByHostEnd, DescribesTheHostEndAsMainDevice) {
  const auto request = GetParam().create(pair(), 5);
  const auto link = kernel::find_link(bytes_of(request.message));
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->kind, GetParam().kind);
  EXPECT_EQ(link->name, "vethhost");
  EXPECT_EQ(cni::to_string(link->mac), "02:00:00:00:00:02");
  EXPECT_EQ(link->mtu, 9000U);
  EXPECT_FALSE(link->is_up);
  EXPECT_EQ(nlmsg_find_attr(nlmsg_hdr(request.message.get()), sizeof(ifinfomsg), IFLA_NET_NS_FD), nullptr);
  EXPECT_EQ(nlmsg_hdr(request.message.get())->nlmsg_flags & NLM_F_EXCL, NLM_F_EXCL);
}

TEST_P(CreatePairByHostEnd, DescribesTheContainerEndAsPeerInItsNamespace) {
  auto wiring = pair();
  wiring.tuning = wiring::Tuning{.tx_queue_length = 77};
  wiring.big_tcp = wiring::BigTcp{.gso_ipv4_max_size = 196608, .gro_ipv4_max_size = 131072};
  const auto request = GetParam().create(wiring, 5);
  EXPECT_STREQ(nla_get_string(peer_attribute(request, IFLA_IFNAME)), "eth0");
  EXPECT_EQ(kernel::number_in<std::uint32_t>(peer_attribute(request, IFLA_NET_NS_FD)), 5U);
  EXPECT_EQ(kernel::number_in<std::uint32_t>(peer_attribute(request, IFLA_MTU)), 9000U);
  EXPECT_EQ(kernel::number_in<std::uint32_t>(peer_attribute(request, IFLA_TXQLEN)), 77U);
  constexpr int gso_ipv4 = 63;
  EXPECT_EQ(kernel::number_in<std::uint32_t>(peer_attribute(request, gso_ipv4)), 196608U);
}

INSTANTIATE_TEST_SUITE_P(, CreatePairByHostEnd,
                         testing::Values(HostEndFirst{"veth", kernel::create_veth_pair_by_host_end},
                                         HostEndFirst{"netkit", kernel::create_netkit_pair}),
                         [](const auto& way) { return way.param.kind; });

TEST(CreateNetkitPair, HasModeL2) {
  constexpr int mode = 5;     // IFLA_NETKIT_MODE
  constexpr unsigned l3 = 1;  // NETKIT_L3, the default of the kernel: interfaces without MAC and ARP
  const auto request = kernel::create_netkit_pair(pair(), 5);
  const auto* attribute = kind_attribute(request, mode);
  ASSERT_NE(attribute, nullptr);
  EXPECT_EQ(kernel::number_in<std::uint32_t>(attribute, l3), 0U);
}

TEST(SetFlags, SetsThoseThatAVethHasFromItsCreation) {
  auto wiring = pair();
  EXPECT_EQ(ifinfo_of(kernel::set_flags({"eth0", 7}, wiring)).ifi_flags, unsigned{IFF_UP});
  EXPECT_EQ(ifinfo_of(kernel::set_flags({"eth0", 7}, wiring)).ifi_index, 7);
  wiring.leave_down = true;
  wiring.tuning = wiring::Tuning{.promiscuous = true, .all_multicast = true};
  const auto request = kernel::set_flags({"eth0", 7}, wiring);
  EXPECT_EQ(ifinfo_of(request).ifi_flags, unsigned{IFF_PROMISC} | unsigned{IFF_ALLMULTI});
  EXPECT_EQ(ifinfo_of(request).ifi_change, ifinfo_of(request).ifi_flags);
}

TEST(PairRequest, DescribesItsAction) {
  EXPECT_EQ(kernel::create_veth_pair(pair(), 5).action, R"(create veth pair "eth0" and "vethhost")");
  EXPECT_EQ(kernel::create_netkit_pair(pair(), 5).action, R"(create netkit pair "eth0" and "vethhost")");
  EXPECT_EQ(kernel::create_local_pair("cni0.7", "vethport", 1500).action,
            R"(create veth pair "cni0.7" and "vethport")");
  EXPECT_EQ(kernel::set_flags({"eth0", 7}, pair()).action, R"(set the flags of "eth0")");
}

TEST(PairKind, IsVethOrNetkit) {
  EXPECT_TRUE(kernel::is_pair_kind("veth"));
  EXPECT_TRUE(kernel::is_pair_kind("netkit"));
  for (const char* other : {"", "bridge", "ifb", "vxlan", "netkit2"}) EXPECT_FALSE(kernel::is_pair_kind(other));
}

}  // namespace
