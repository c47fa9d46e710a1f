#include "plugin/kernel/bridges.hpp"

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

const kernel::Device port{"vethport", 7};

nlmsghdr* link_header(const kernel::NetlinkRequest& request) { return nlmsg_hdr(request.message.get()); }

const nlattr* inside(const nlattr* nest, int type) {
  return nest == nullptr ? nullptr : nla_find(static_cast<const nlattr*>(nla_data(nest)), nla_len(nest), type);
}

const nlattr* top(const kernel::NetlinkRequest& request, int type) {
  return nlmsg_find_attr(link_header(request), sizeof(ifinfomsg), type);
}

/// The VLANs of a message as "ID/flags", in their order.
std::vector<std::string> vlans_of(const kernel::NetlinkRequest& request) {
  std::vector<std::string> vlans;
  const nlattr* all = top(request, IFLA_AF_SPEC);
  int rest = all == nullptr ? 0 : nla_len(all);
  for (auto* each = static_cast<nlattr*>(nla_data(all)); nla_ok(each, rest) != 0; each = nla_next(each, &rest)) {
    const auto* info = static_cast<const bridge_vlan_info*>(nla_data(each));
    vlans.push_back(std::to_string(info->vid) + '/' + std::to_string(info->flags));
  }
  return vlans;
}

TEST(CreateBridge, RequestsVlanFilteringOnlyIfItIsWanted) {
  for (const bool is_wanted : {false, true}) {
    const auto request = kernel::create_bridge("cni0", {}, 1500, is_wanted);
    const nlattr* data = inside(top(request, IFLA_LINKINFO), IFLA_INFO_DATA);
    EXPECT_EQ(inside(data, IFLA_BR_VLAN_FILTERING) != nullptr, is_wanted)
        << "kernels without VLAN filtering refuse even the value 0";
  }
}

TEST(CreateBridge, ToleratesAnExistingBridge) {
  EXPECT_EQ(kernel::create_bridge("cni0", {}, 1500, false).tolerated, (std::vector<int>{EEXIST}));
}

TEST(BridgeRequest, DescribesItsAction) {
  EXPECT_EQ(kernel::create_bridge("cni0", {}, 1500, false).action, R"(create bridge "cni0")");
  EXPECT_EQ(kernel::create_bridge("cni0", {}, 1500, true).action, R"(create bridge "cni0" with VLAN filtering)");
  EXPECT_EQ(kernel::set_promiscuous({"cni0", 3}).action, R"(set "cni0" promiscuous)");
  EXPECT_EQ(kernel::enslave("vethport", {"cni0", 3}).action, R"(make "vethport" a port of bridge "cni0")");
  EXPECT_EQ(kernel::set_port_flags("vethport", {}).action, R"(set hairpin and isolation of port "vethport")");
}

TEST(PortFlags, AreSetByTheNameOfThePort) {
  const auto request = kernel::set_port_flags("vethport", {.name = "cni0", .hairpin = true, .isolated = true});
  EXPECT_STREQ(nla_get_string(top(request, IFLA_IFNAME)), "vethport");
  const nlattr* data = inside(top(request, IFLA_LINKINFO), IFLA_INFO_SLAVE_DATA);
  ASSERT_TRUE(inside(data, IFLA_BRPORT_MODE) != nullptr && inside(data, IFLA_BRPORT_ISOLATED) != nullptr);
  EXPECT_EQ(nla_get_u8(inside(data, IFLA_BRPORT_MODE)), 1);
  EXPECT_EQ(nla_get_u8(inside(data, IFLA_BRPORT_ISOLATED)), 1);
}

// `bridge vlan add dev vethport vid 100 pvid untagged` sends 06 00 64 00: flags 2 (PVID) and 4 (untagged), then the ID.
TEST(Vlans, HaveTheBytesThatBridgeSends) {
  const auto requests = kernel::set_vlans(port, {.name = "cni0", .vlan = 100, .trunk = {{7, 7}, {200, 300}}});
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(link_header(requests[0])->nlmsg_type, RTM_DELLINK);
  EXPECT_EQ(vlans_of(requests[0]), (std::vector<std::string>{"1/0"}));
  EXPECT_EQ(link_header(requests[1])->nlmsg_type, RTM_SETLINK);
  EXPECT_EQ(vlans_of(requests[1]), (std::vector<std::string>{"100/6", "7/0", "200/8", "300/16"}));
  for (const auto& request : requests) {
    const auto* fixed = static_cast<const ifinfomsg*>(nlmsg_data(link_header(request)));
    EXPECT_EQ(fixed->ifi_family, AF_BRIDGE);
    EXPECT_EQ(fixed->ifi_index, 7);
  }
}

TEST(Vlans, KeepTheDefaultVlanIfItIsWanted) {
  const auto requests = kernel::set_vlans(port, {.name = "cni0", .vlan = 100, .keep_default_vlan = true});
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(vlans_of(requests[0]), (std::vector<std::string>{"100/6"}));
}

TEST(Vlans, PutUntaggedFramesOfATrunkIntoTheDefaultVlan) {
  const auto requests = kernel::set_vlans(port, {.name = "cni0", .trunk = {{7, 7}}});
  EXPECT_EQ(vlans_of(requests.back()), (std::vector<std::string>{"1/6", "7/0"}));
}

TEST(Vlans, AreSplitIntoSeveralMessages) {
  std::vector<cni::VlanRange> trunk;
  for (std::uint16_t id = 2; id < 202; id = static_cast<std::uint16_t>(id + 2)) trunk.push_back({id, id});
  std::size_t count = 0;
  for (const auto& request : kernel::set_vlans(port, {.name = "cni0", .vlan = 1000, .trunk = trunk})) {
    for (const auto& vlan : vlans_of(request))
      if (vlan.ends_with("/0") && vlan != "1/0") ++count;
  }
  EXPECT_EQ(count, trunk.size());
}

TEST(Vlans, ExistIfTheConfigurationHasAny) {
  EXPECT_FALSE(kernel::has_vlans({.name = "cni0"}));
  EXPECT_TRUE(kernel::has_vlans({.name = "cni0", .vlan = 1}));
  EXPECT_TRUE(kernel::has_vlans({.name = "cni0", .trunk = {{7, 7}}}));
}

}  // namespace
