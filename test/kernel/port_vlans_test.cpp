#include "plugin/kernel/port_vlans.hpp"

#include "test/kernel/messages.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

const kernel::Device vlan_port{"vethport", 7};

/// The VLANs of a request as "ID/flags", in their order.
std::vector<std::string> vlans_in(const kernel::NetlinkRequest& request) {
  std::vector<std::string> vlans;
  const nlattr* all = nlmsg_find_attr(nlmsg_hdr(request.message.get()), sizeof(ifinfomsg), IFLA_AF_SPEC);
  int rest = all == nullptr ? 0 : nla_len(all);
  for (auto* each = static_cast<nlattr*>(nla_data(all)); nla_ok(each, rest) != 0; each = nla_next(each, &rest)) {
    const auto* info = static_cast<const bridge_vlan_info*>(nla_data(each));
    vlans.push_back(std::to_string(info->vid) + '/' + std::to_string(info->flags));
  }
  return vlans;
}

int type_of(const kernel::NetlinkRequest& request) { return nlmsg_hdr(request.message.get())->nlmsg_type; }

using Texts = std::vector<std::string>;

// `bridge vlan add dev vethport vid 100 pvid untagged` sends 06 00 64 00: flags 2 (PVID) and 4 (untagged), then the ID.
TEST(SetVlans, HasTheBytesThatBridgeSends) {
  const auto requests = kernel::set_vlans(vlan_port, {.name = "cni0", .vlan = 100, .trunk = {{7, 7}, {200, 300}}}, 1);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(type_of(requests[0]), RTM_DELLINK);
  EXPECT_EQ(vlans_in(requests[0]), (Texts{"1/0"}));
  EXPECT_EQ(type_of(requests[1]), RTM_SETLINK);
  EXPECT_EQ(vlans_in(requests[1]), (Texts{"7/0", "100/6", "200/8", "300/16"}));
  for (const auto& request : requests) {
    const auto* fixed = static_cast<const ifinfomsg*>(nlmsg_data(nlmsg_hdr(request.message.get())));
    EXPECT_EQ(fixed->ifi_family, AF_BRIDGE);
    EXPECT_EQ(fixed->ifi_index, 7);
  }
}

TEST(SetVlans, DeletesTheDefaultVlanOfTheBridge) {
  EXPECT_EQ(vlans_in(kernel::set_vlans(vlan_port, {.name = "cni0", .vlan = 100}, 5).front()), (Texts{"5/0"}));
  EXPECT_EQ(kernel::set_vlans(vlan_port, {.name = "cni0", .vlan = 100}, 0).size(), 1U) << "the bridge has none";
  EXPECT_EQ(kernel::set_vlans(vlan_port, {.name = "cni0", .vlan = 5}, 5).size(), 1U) << "it is wanted";
}

TEST(SetVlans, KeepsTheDefaultVlanIfItIsWanted) {
  const auto requests = kernel::set_vlans(vlan_port, {.name = "cni0", .vlan = 100, .keep_default_vlan = true}, 1);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(vlans_in(requests[0]), (Texts{"1/4", "100/6"}));
}

TEST(SetVlans, PutsUntaggedFramesOfATrunkIntoVlan1) {
  const auto requests = kernel::set_vlans(vlan_port, {.name = "cni0", .trunk = {{7, 7}}}, 1);
  EXPECT_EQ(vlans_in(requests.back()), (Texts{"1/6", "7/0"}));
}

TEST(SetVlans, UsesSeveralMessages) {
  std::vector<cni::VlanRange> trunk;
  for (std::uint16_t id = 2; id < 202; id = static_cast<std::uint16_t>(id + 2)) trunk.push_back({id, id});
  std::size_t count = 0;
  for (const auto& request : kernel::set_vlans(vlan_port, {.name = "cni0", .vlan = 1000, .trunk = trunk}, 0)) {
    count += vlans_in(request).size();
  }
  EXPECT_EQ(count, trunk.size() + 1);
}

TEST(DeleteOtherVlans, KeepsTheWantedOnes) {
  const std::vector<wiring::PortVlan> found{{1, false, true}, {7}, {8}, {9}, {100, true, true}};
  const auto requests = kernel::delete_other_vlans(vlan_port, found, {{8}, {100}});
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(type_of(requests[0]), RTM_DELLINK);
  EXPECT_EQ(vlans_in(requests[0]), (Texts{"1/0", "7/0", "9/0"}));
  EXPECT_TRUE(kernel::delete_other_vlans(vlan_port, found, found).empty());
}

void put_entry(nl_msg* message, const bridge_vlan_info& info, std::uint16_t last = 0) {
  nlattr* entry = nla_nest_start(message, BRIDGE_VLANDB_ENTRY);
  nla_put(message, BRIDGE_VLANDB_ENTRY_INFO, sizeof info, &info);
  if (last != 0) nla_put_u16(message, BRIDGE_VLANDB_ENTRY_RANGE, last);
  nla_nest_end(message, entry);
}

TEST(ListedVlans, AreReadWithFlagsAndRanges) {
  br_vlan_msg header{};
  header.family = AF_BRIDGE;
  header.ifindex = vlan_port.index;
  const auto message = kernel::new_message(RTM_NEWVLAN, header);
  put_entry(message.get(), {.flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED, .vid = 100});
  put_entry(message.get(), {.flags = 0, .vid = 200}, 202);
  const auto bytes = test::bytes_of(message);
  EXPECT_EQ(wiring::to_string(kernel::find_vlans(bytes, vlan_port.index)), "100 PVID untagged, 200-202");
  EXPECT_TRUE(kernel::find_vlans(bytes, 8).empty()) << "of another port";
  EXPECT_TRUE(kernel::find_vlans(test::bytes_of(kernel::list_vlans(vlan_port).message), vlan_port.index).empty());
}

}  // namespace
