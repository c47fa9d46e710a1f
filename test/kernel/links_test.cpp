#include "plugin/kernel/links.hpp"

#include "test/kernel/messages.hpp"

#include <netlink/attr.h>

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>

#include <gtest/gtest.h>

namespace {

using test::bytes_of;

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
      {kernel::set_alias("vethhost", {}), R"(set the alias of "vethhost")"},
      {kernel::configure_next_hop("vethhost"), R"(set IPv4 forwarding and arp_notify of "vethhost")"},
      {kernel::fix_mac({"br0", 3}, {}), R"(set the MAC and arp_notify of "br0")"},
      {kernel::set_mac({"eth0", 7}, {}), R"(set the MAC of "eth0")"},
      {kernel::disable_address_generation("eth0"), R"(set address generation of "eth0" to none)"},
      {kernel::bring_up(7, "eth0"), R"(set "eth0" up)"},
      {kernel::bring_down(7, "eth0"), R"(set "eth0" down)"},
      {kernel::get_link("eth0"), R"(get link "eth0")"},
      {kernel::get_link(7), "get link with index 7"},
      {kernel::create_ifb("ifbhost", {}, 1500), R"(create ifb "ifbhost")"},
      {kernel::list_links("ifb"), "list ifb links"},
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
  const cni::Attachment attachment{.network = "net", .container = std::string(1000, 'c'), .interface = "eth0"};
  const auto request = kernel::set_alias("vethhost", attachment);
  const nlattr* alias = nlmsg_find_attr(nlmsg_hdr(request.message.get()), sizeof(ifinfomsg), IFLA_IFALIAS);
  ASSERT_NE(alias, nullptr);
  EXPECT_EQ(nla_get_string(alias), cni::alias_of(attachment));
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
