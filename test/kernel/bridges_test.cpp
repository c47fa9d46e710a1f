#include "plugin/kernel/bridges.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

nlmsghdr* link_header(const kernel::NetlinkRequest& request) { return nlmsg_hdr(request.message.get()); }

const nlattr* inside(const nlattr* nest, int type) {
  return nest == nullptr ? nullptr : nla_find(static_cast<const nlattr*>(nla_data(nest)), nla_len(nest), type);
}

const nlattr* top(const kernel::NetlinkRequest& request, int type) {
  return nlmsg_find_attr(link_header(request), sizeof(ifinfomsg), type);
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

}  // namespace
