#include "plugin/attachment/footprints.hpp"

#include "test/verbs/network.hpp"

namespace {

using test::ip;

class Footprints : public test::NetworkTest {
 protected:
  std::vector<wiring::Footprint> of(const cni::Request& request) const {
    return attachment::footprints_of(request, folder.records.find(request.attachment), &folder);
  }
  cni::Request netns_request() const {
    auto request = this->request("c1");
    request.config.mode = cni::Mode::netns;
    request.config.peer = {.netns = "/run/netns/peer", .interface = "eth1"};
    return request;
  }
};

TEST_F(Footprints, OfARecordContainWhatWasBuilt) {
  limit_rates();
  add("c1");
  const auto footprint = attachment::footprint_of(record("c1"));
  EXPECT_EQ(footprint.attachment, attachment("c1"));
  EXPECT_EQ(footprint.tag, tag("c1"));
  EXPECT_EQ(footprint.host.name, cni::host_interface_name(tag("c1")));
  EXPECT_EQ(footprint.host.mac, cni::host_mac(tag("c1")));
  EXPECT_EQ(footprint.host.index, kernel.pairs.at(0).link.index);
  EXPECT_EQ(footprint.container.mac, cni::container_mac(tag("c1")));
  EXPECT_EQ(footprint.addresses, (std::vector{ip("10.1.2.2"), ip("fd00::2")}));
  EXPECT_EQ(footprint.gateways, std::vector{ip("fd00::1")});
  EXPECT_TRUE(footprint.may_have_ifb);
  EXPECT_FALSE(footprint.are_gateways_assumed);
}

/// The configuration may have changed since.
TEST_F(Footprints, OfARequestHaveTheGatewaysOfItsRecord) {
  add("c1");
  config.ipam.ranges.at(1).at(0).gateway = ip("fd00::5");
  EXPECT_EQ(of(request("c1")).at(0).gateways, std::vector{ip("fd00::1")});
}

TEST_F(Footprints, WithoutARecordAssumeTheGatewaysOfTheConfiguration) {
  const auto footprints = of(request("c1"));
  ASSERT_EQ(footprints.size(), 1U);
  EXPECT_EQ(footprints.at(0).gateways, std::vector{ip("fd00::1")});
  EXPECT_TRUE(footprints.at(0).are_gateways_assumed);
  EXPECT_TRUE(footprints.at(0).may_have_rules);
  EXPECT_EQ(footprints.at(0).partial_wiring, std::nullopt);
}

TEST_F(Footprints, OfAnUnreadableRecordContainWhatTheStateFolderHas) {
  add("c1");
  corrupt_record("live", "c1");
  config.ipam.ranges.at(1).at(0).gateway = ip("fd00::5");
  const auto footprint = of(request("c1")).at(0);
  EXPECT_EQ(footprint.addresses, (std::vector{ip("10.1.2.2"), ip("fd00::2")}));
  EXPECT_EQ(footprint.gateways, std::vector{ip("fd00::1")});
  EXPECT_FALSE(footprint.are_gateways_assumed);
}

/// The pair is on the host if the configuration was changed to mode netns.
TEST_F(Footprints, OfModeNetnsWithoutARecordIncludeAPairOnTheHost) {
  const auto footprints = of(netns_request());
  ASSERT_EQ(footprints.size(), 2U);
  EXPECT_FALSE(footprints.at(0).is_netns_pair);
  EXPECT_TRUE(footprints.at(1).is_netns_pair);
  EXPECT_EQ(footprints.at(1).host.netns, std::vector<std::string>{"/run/netns/peer"});
  EXPECT_EQ(footprints.at(1).host.name, "eth1");
  EXPECT_EQ(footprints.at(1).container.netns, std::vector<std::string>{"/run/netns/c1"});
}

/// A runtime may use other paths of the namespaces than at ADD.
TEST_F(Footprints, OfModeNetnsHaveTheNamespacesOfRecordAndRequest) {
  add(netns_request());
  auto request = netns_request();
  request.netns = "/proc/7/ns/net";
  request.config.peer.netns = "/proc/8/ns/net";
  const auto footprints = of(request);
  ASSERT_EQ(footprints.size(), 1U);
  EXPECT_EQ(footprints.at(0).container.netns, (std::vector<std::string>{"/run/netns/c1", "/proc/7/ns/net"}));
  EXPECT_EQ(footprints.at(0).host.netns, (std::vector<std::string>{"/run/netns/peer", "/proc/8/ns/net"}));
}

TEST_F(Footprints, OfAnImportedAttachmentContainOnlyTheInterface) {
  import_attachment("c1", "10.1.2.2", "veth12345678");
  const auto footprint = attachment::footprint_of(record("c1"));
  EXPECT_TRUE(footprint.is_imported);
  EXPECT_EQ(footprint.host, (wiring::EndIdentity{.name = "veth12345678", .index = 77}));
  EXPECT_FALSE(footprint.may_have_ifb || footprint.may_have_rules);
}

TEST_F(Footprints, OfALeaseOfAnotherPluginContainNoKernelObjects) {
  const auto footprint = attachment::footprint_of(state::Record{.attachment = attachment("c1")});
  EXPECT_FALSE(footprint.may_have_pair || footprint.may_have_ifb || footprint.may_have_rules);
}

}  // namespace
