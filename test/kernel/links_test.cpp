#include "plugin/kernel/links.hpp"

#include "test/kernel/messages.hpp"

#include <netlink/attr.h>

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <algorithm>
#include <cerrno>

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

kernel::Message link_message(unsigned flags) {
  ifinfomsg header{};
  header.ifi_index = 7;
  header.ifi_flags = flags;
  return kernel::new_message(RTM_NEWLINK, header);
}

bool tolerates(const kernel::NetlinkRequest& request, int error) {
  return std::ranges::find(request.tolerated, error) != request.tolerated.end();
}

TEST(LinkMessage, IsReadWithAllAttributes) {
  const auto message = link_message(IFF_UP);
  kernel::put_text(message.get(), IFLA_IFNAME, "eth0");
  kernel::put_text(message.get(), IFLA_IFALIAS, "veth-cni/net/c1/eth0");
  kernel::put_number(message.get(), IFLA_MTU, 9000);
  kernel::put_number(message.get(), IFLA_LINK, 12);
  const auto mac = cni::find_mac("02:00:00:00:00:01").value();
  nla_put(message.get(), IFLA_ADDRESS, static_cast<int>(mac.bytes.size()), mac.bytes.data());
  nla_put_u8(message.get(), IFLA_OPERSTATE, IF_OPER_UP);
  const kernel::Link link{.index = 7,
                          .peer_index = 12,
                          .name = "eth0",
                          .alias = "veth-cni/net/c1/eth0",
                          .mac = mac,
                          .mtu = 9000,
                          .is_up = true,
                          .has_carrier = true};
  EXPECT_TRUE(kernel::find_link(bytes_of(message)) == link);
}

TEST(LinkMessage, IsReadWithoutOptionalAttributes) {
  kernel::Link link;
  link.index = 7;
  EXPECT_TRUE(kernel::find_link(bytes_of(link_message(0))) == link);
}

TEST(LinkMessage, HasNoCarrierInOtherStates) {
  for (const std::uint8_t state : {IF_OPER_UNKNOWN, IF_OPER_LOWERLAYERDOWN, IF_OPER_DORMANT, IF_OPER_DOWN}) {
    const auto message = link_message(IFF_UP);
    nla_put_u8(message.get(), IFLA_OPERSTATE, state);
    EXPECT_FALSE(kernel::find_link(bytes_of(message))->has_carrier) << unsigned{state};
  }
}

TEST(LinkMessage, HasNoMacIfTheAddressIsNotEthernet) {
  const auto message = link_message(0);
  kernel::put_number(message.get(), IFLA_ADDRESS, 0x7f000001);
  EXPECT_TRUE(kernel::find_link(bytes_of(message))->mac == cni::MacAddress{});
}

TEST(LinkMessage, IsNotFoundInOtherMessages) {
  const auto refusal = kernel::new_message(NLMSG_ERROR, nlmsgerr{});
  for (const auto& message : {bytes_of(kernel::get_link("eth0").message), bytes_of(refusal)}) {
    EXPECT_FALSE(kernel::find_link(message).has_value());
    EXPECT_FALSE(kernel::first_link({message}).has_value());
  }
}

TEST(LinkMessage, IsFoundAmongOtherAnswers) {
  const auto query = bytes_of(kernel::get_link("eth0").message);
  const auto link = kernel::first_link({query, bytes_of(link_message(0)), query});
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->index, 7U);
  EXPECT_FALSE(kernel::first_link({}).has_value());
}

TEST(CreatePair, CreatesTheContainerEndUp) {
  constexpr int container_netns = 5;
  const auto link = kernel::find_link(bytes_of(kernel::create_pair(pair(), container_netns).message));
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->name, "eth0");
  EXPECT_EQ(cni::to_string(link->mac), "02:00:00:00:00:01");
  EXPECT_EQ(link->mtu, 9000U);
  EXPECT_TRUE(link->is_up);
}

/// A nested attribute, and null in one that does not exist.
const nlattr* nested(const nlattr* nest, int type) {
  return nest == nullptr ? nullptr : nla_find(static_cast<const nlattr*>(nla_data(nest)), nla_len(nest), type);
}

/// The attribute of the other end in the message that creates a pair.
const nlattr* peer_attribute(const kernel::NetlinkRequest& request, int type) {
  const nlattr* info = nlmsg_find_attr(nlmsg_hdr(request.message.get()), sizeof(ifinfomsg), IFLA_LINKINFO);
  const nlattr* peer = nested(nested(info, IFLA_INFO_DATA), VETH_INFO_PEER);
  constexpr int header = NLMSG_ALIGN(sizeof(ifinfomsg));
  return peer == nullptr ? nullptr
                         : nla_find(reinterpret_cast<const nlattr*>(static_cast<const char*>(nla_data(peer)) + header),
                                    nla_len(peer) - header, type);
}

TEST(CreatePair, DescribesTheHostEndAsPeer) {
  const auto request = kernel::create_pair(pair(), 5);
  EXPECT_EQ(kernel::find_link(bytes_of(request.message))->kind, "veth");
  EXPECT_STREQ(nla_get_string(peer_attribute(request, IFLA_IFNAME)), "vethhost");
  EXPECT_EQ(kernel::number_in<std::uint32_t>(peer_attribute(request, IFLA_MTU)), 9000U);
  EXPECT_NE(peer_attribute(request, IFLA_ADDRESS), nullptr);
  EXPECT_EQ(peer_attribute(request, IFLA_NET_NS_FD), nullptr);
}

TEST(CreatePair, SetsTheSizesOfLargePacketsOfBothEnds) {
  constexpr int gso_ipv4 = 63;
  constexpr int gro_ipv4 = 64;
  auto wiring = pair();
  const auto plain = kernel::create_pair(wiring, 5);
  EXPECT_EQ(kernel::find_link(bytes_of(plain.message))->big_tcp, wiring::BigTcp{});
  EXPECT_EQ(peer_attribute(plain, gso_ipv4), nullptr);
  wiring.big_tcp = wiring::BigTcp{.gso_ipv4_max_size = 196608, .gro_ipv4_max_size = 131072};
  const auto raised = kernel::create_pair(wiring, 5);
  EXPECT_EQ(kernel::find_link(bytes_of(raised.message))->big_tcp, *wiring.big_tcp);
  EXPECT_EQ(kernel::number_in<std::uint32_t>(peer_attribute(raised, gso_ipv4)), 196608U);
  EXPECT_EQ(kernel::number_in<std::uint32_t>(peer_attribute(raised, gro_ipv4)), 131072U);
}

TEST(CreatePair, IsExclusive) {
  const auto request = kernel::create_pair(pair(), 5);
  const auto flags = nlmsg_hdr(request.message.get())->nlmsg_flags;
  EXPECT_EQ(flags & (NLM_F_CREATE | NLM_F_EXCL), NLM_F_CREATE | NLM_F_EXCL);
  EXPECT_TRUE(request.tolerated.empty());
}

TEST(CreatePair, LeavesTheContainerEndDownIfWanted) {
  for (const bool is_left_down : {false, true}) {
    auto wiring = pair();
    wiring.leave_down = is_left_down;
    const auto request = kernel::create_pair(wiring, 5);
    const auto* header = static_cast<const ifinfomsg*>(nlmsg_data(nlmsg_hdr(request.message.get())));
    EXPECT_EQ((header->ifi_flags & IFF_UP) == 0, is_left_down);
  }
}

TEST(CreatePair, TunesTheContainerEnd) {
  auto wiring = pair();
  wiring.tuning = wiring::Tuning{.tx_queue_length = 0, .promiscuous = true, .all_multicast = true};
  const auto tuned = kernel::find_link(bytes_of(kernel::create_pair(wiring, 5).message));
  EXPECT_TRUE(tuned->is_promiscuous && tuned->is_all_multicast && tuned->is_up);
  EXPECT_EQ(tuned->tx_queue_length, 0U);
  wiring.tuning = wiring::Tuning{.tx_queue_length = 77};
  const auto request = kernel::create_pair(wiring, 5);
  EXPECT_EQ(kernel::find_link(bytes_of(request.message))->tx_queue_length, 77U);
  EXPECT_FALSE(kernel::find_link(bytes_of(request.message))->is_promiscuous);
}

TEST(CreateIfb, ContainsNameKindMacAndMtu) {
  const auto request = kernel::create_ifb("ifbhost", cni::find_mac("02:00:00:00:00:07").value(), 9000);
  const auto link = kernel::find_link(bytes_of(request.message));
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->name, "ifbhost");
  EXPECT_EQ(link->kind, "ifb");
  EXPECT_EQ(cni::to_string(link->mac), "02:00:00:00:00:07");
  EXPECT_EQ(link->mtu, 9000U);
  EXPECT_FALSE(link->is_up);
  EXPECT_TRUE(request.tolerated.empty());
}

TEST(LinkRequest, DescribesItsAction) {
  const std::pair<kernel::NetlinkRequest, std::string> cases[] = {
      {kernel::create_pair(pair(), 5), R"(create veth pair "eth0" and "vethhost")"},
      {kernel::set_alias("vethhost", {}), R"(set the alias of "vethhost")"},
      {kernel::configure_next_hop("vethhost"), R"(set IPv4 forwarding and arp_notify of "vethhost")"},
      {kernel::fix_mac({"br0", 3}, {}), R"(set the MAC and arp_notify of "br0")"},
      {kernel::create_local_pair("cni0.7", "vethport", 1500), R"(create veth pair "cni0.7" and "vethport")"},
      {kernel::set_mac({"eth0", 7}, {}), R"(set the MAC of "eth0")"},
      {kernel::disable_address_generation("eth0"), R"(set address generation of "eth0" to none)"},
      {kernel::bring_up(7, "eth0"), R"(set "eth0" up)"},
      {kernel::bring_down(7, "eth0"), R"(set "eth0" down)"},
      {kernel::get_link("eth0"), R"(get link "eth0")"},
      {kernel::get_link(7), "get link with index 7"},
      {kernel::create_ifb("ifbhost", {}, 1500), R"(create ifb "ifbhost")"},
      {kernel::list_links("veth"), "list veth links"},
      {kernel::delete_link(7, "eth0"), R"(delete link "eth0")"},
      {kernel::put_into_group(7, "eth0", 3), R"(set the link group of "eth0")"},
      {kernel::delete_group(3), "delete a link group"},
      {kernel::probe_cap_net_admin(), R"(set link "lo")"}};
  for (const auto& [request, action] : cases) EXPECT_EQ(request.action, action);
}

TEST(LinkRequest, ToleratesAMissingLink) {
  EXPECT_TRUE(tolerates(kernel::delete_link(7, "eth0"), ENODEV));
  EXPECT_TRUE(tolerates(kernel::delete_group(3), ENODEV));
  EXPECT_TRUE(tolerates(kernel::get_link("eth0"), ENODEV));
  EXPECT_FALSE(tolerates(kernel::bring_up(7, "eth0"), ENODEV));
}

TEST(LinkRequest, ContainsTheLongestAlias) {
  auto wiring = pair();
  wiring.attachment.container = std::string(1000, 'c');
  const auto request = kernel::set_alias("vethhost", wiring.attachment);
  const nlattr* alias = nlmsg_find_attr(nlmsg_hdr(request.message.get()), sizeof(ifinfomsg), IFLA_IFALIAS);
  ASSERT_NE(alias, nullptr);
  EXPECT_EQ(nla_get_string(alias), cni::alias_of(wiring.attachment));
}

TEST(LinkMessage, IsReadWithItsCounters) {
  const auto message = link_message(IFF_UP);
  rtnl_link_stats64 stats{};
  stats.rx_packets = 1;
  stats.rx_bytes = 5'000'000'000;
  stats.rx_errors = 3;
  stats.rx_dropped = 4;
  stats.tx_packets = 5;
  nla_put(message.get(), IFLA_STATS64, sizeof stats, &stats);
  const kernel::Counters counters{.received = {1, 5'000'000'000, 3, 4}, .sent = {.packets = 5}};
  EXPECT_TRUE(kernel::find_counters(bytes_of(message)) == counters);
  EXPECT_FALSE(kernel::find_counters(bytes_of(link_message(IFF_UP))).has_value());
}

}  // namespace
