#include "plugin/state/bridges.hpp"

#include "test/state/opened_folder.hpp"

namespace {

class Bridges : public test::OpenedFolder {
 protected:
  /// As an ADD of the network: takes the address, then claims it.
  bool take(const std::string& network, const std::string& bridge = "br0") {
    return folder.addresses.take(network, address, first_tag) &&
           folder.bridges.claim(bridge, address, network, folder.locks);
  }
};

TEST_F(Bridges, HaveAnAddressOfOneNetworkOnly) {
  EXPECT_TRUE(take("net"));
  EXPECT_FALSE(take("pods"));
  EXPECT_TRUE(take("other", "br0.100")) << "another VLAN";
  EXPECT_EQ(folder.bridges.holder("br0", address), (state::BridgeHolder{"net", first_tag}));
  EXPECT_EQ(folder.bridges.held_by_others("br0", "pods"), std::vector{address});
  EXPECT_TRUE(folder.bridges.held_by_others("br0", "net").empty());
}

TEST_F(Bridges, LoseAClaimWhoseAddressIsReleased) {
  EXPECT_TRUE(take("net"));
  folder.addresses.release("net", address, first_tag);
  EXPECT_EQ(folder.bridges.holder("br0", address), std::nullopt);
  EXPECT_TRUE(take("pods"));
  EXPECT_EQ(folder.bridges.holder("br0", address), (state::BridgeHolder{"pods", first_tag}));
}

TEST_F(Bridges, AreNoNetwork) {
  EXPECT_TRUE(take("net"));
  EXPECT_EQ(folder.records.networks(), std::vector<std::string>{"net"});
}

TEST_F(Bridges, ReleaseTheClaimsOfOneNetworkOnEachBridge) {
  EXPECT_TRUE(take("net", "br0"));
  EXPECT_TRUE(take("pods", "br1"));
  folder.bridges.release_on_each(address, "net");
  EXPECT_EQ(folder.bridges.holder("br0", address), std::nullopt);
  EXPECT_EQ(folder.bridges.holder("br1", address), (state::BridgeHolder{"pods", first_tag}));
}

TEST_F(Bridges, ReleaseAClaimBeforeTheAddress) {
  EXPECT_TRUE(take("net"));
  folder.addresses.release("net", address, second_tag, [] { FAIL() << "another attachment holds it"; });
  folder.addresses.release("net", address, first_tag, [&] {
    EXPECT_TRUE(folder.addresses.is_taken("net", address));
    folder.bridges.release("br0", address);
  });
  EXPECT_TRUE(take("pods"));
}

}  // namespace
