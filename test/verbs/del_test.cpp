#include "plugin/verbs/del.hpp"

#include "test/verbs/network.hpp"

#include <cerrno>
#include <filesystem>

namespace {

using test::ip;
using Texts = std::vector<std::string>;

class Del : public test::NetworkTest {
 protected:
  std::string error_of_del(const std::string& container) { return error_of_del(request(container)); }
  std::string error_of_del(const cni::Request& request) {
    return test::error_text([&] { verbs::del(request, kernel, root); });
  }
};

TEST_F(Del, SucceedsIfNoObjectExists) {
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Del, CreatesNoStateFolder) {
  root = directory.path() + "/none";
  EXPECT_EQ(error_of_del("c1"), "");
  EXPECT_FALSE(std::filesystem::exists(root));
}

TEST_F(Del, RemovesLinkLeaseRecordAndGateway) {
  add("c1");
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Del, NeedsNoNamespace) {
  add("c1");
  kernel.errors["open_namespace"] = ENOENT;
  auto gone = request("c1");
  gone.netns.clear();
  EXPECT_EQ(error_of_del(gone), "");
  expect_nothing_left();
}

TEST_F(Del, KeepsOtherAttachments) {
  add("c1");
  add("c2");
  EXPECT_EQ(error_of_del("c1"), "");
  EXPECT_TRUE(has_link("c2") && is_live("c2"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.3", "fd00::3"}));
  EXPECT_EQ(kernel.host_gateways, (std::vector{ip("fd00::1")}));
}

TEST_F(Del, RemovesARecordWithoutALink) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Del, RemovesAnIfbWithAndWithoutItsPair) {
  for (const bool is_pair_gone : {false, true}) {
    limit_rates();
    add("c1");
    if (is_pair_gone) kernel.pairs.clear();
    config.bandwidth = {};
    EXPECT_EQ(error_of_del("c1"), "");
    expect_nothing_left();
  }
}

TEST_F(Del, RemovesALinkWithoutARecord) {
  add("c1");
  std::filesystem::remove_all(root);
  kernel.host_gateways.clear();
  EXPECT_EQ(error_of_del("c1"), "");
  EXPECT_TRUE(kernel.pairs.empty());
}

TEST_F(Del, ReleasesTheAddressesOfAnUnreadableRecord) {
  add("c1");
  add("c2");
  corrupt_record("live", "c1");
  EXPECT_EQ(error_of_del("c1"), "");
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.3", "fd00::3"}));
}

TEST_F(Del, RemovesTheGatewayOfAnUnreadableRecord) {
  add("c1");
  corrupt_record("live", "c1");
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Del, RemovesTheGatewayOfAKilledAdd) {
  wiring::Wiring wiring;
  wiring.host_gateways = {ip("fd00::1")};
  leave_killed_add("c1", {"10.1.2.2"}, wiring);
  kernel.host_gateways = wiring.host_gateways;
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Del, ReleasesTheAddressesOfAnAddThatTriedSeveral) {
  kernel.routed_addresses = {ip("10.1.2.2")};
  add("c1");
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Del, KeepsTheLeaseOfALinkThatCannotBeRemoved) {
  add("c1");
  kernel.errors["remove_links"] = EBUSY;
  EXPECT_EQ(error_of_del("c1"), "100: remove_links: Device or resource busy");
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
  EXPECT_TRUE(has_record("c1"));
}

TEST_F(Del, SucceedsAfterAFailureWhenTheCauseIsGone) {
  add("c1");
  kernel.errors["remove_links"] = EBUSY;
  EXPECT_NE(error_of_del("c1"), "");
  kernel.errors.clear();
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Del, ReportsAFailingDelegateAfterAllOtherSteps) {
  install_delegate(R"([ $CNI_COMMAND = DEL ] || echo '{"cniVersion":"1.1.0","ips":[{"address":"10.7.7.7/24"}]}')");
  add("c1");
  install_delegate(R"(echo '{"code": 4711, "msg": "the delegate is ill"}'; exit 1)");
  EXPECT_EQ(error_of_del("c1"), "4711: the delegate is ill");
  EXPECT_EQ(verbs_of_delegate(), "ADD\nDEL\n");
  EXPECT_FALSE(has_link("c1"));
}

TEST_F(Del, ReportsAMissingDelegateAfterAllOtherSteps) {
  add("c1");
  auto changed = request("c1");
  changed.config.ipam = {.type = "missing"};
  EXPECT_EQ(error_of_del(changed), "105: failed to find plugin \"missing\" in path [" + directory.path() + "]");
  EXPECT_FALSE(has_link("c1"));
}

/// Another DEL calls the delegate again.
TEST_F(Del, KeepsTheRecordWhileTheDelegateHoldsTheLease) {
  add("c1");
  install_delegate("exit 1");
  EXPECT_NE(error_of_del("c1"), "");
  EXPECT_TRUE(has_record("c1"));
  install_delegate("exit 0");
  EXPECT_EQ(error_of_del("c1"), "");
  EXPECT_FALSE(has_record("c1"));
}

TEST_F(Del, NeedsNoIpamInTheConfiguration) {
  add("c1");
  config.ipam = {};
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Del, NeedsNoValidRange) {
  add("c1");
  config.ipam.ranges = {{test::range("10.1.2.0/32", "10.9.9.9")}};
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Del, RemovesTheLinkIfTheStateFolderIsRejected) {
  add("c1");
  std::filesystem::permissions(root, std::filesystem::perms::all);
  const auto error = error_of_del("c1");
  EXPECT_EQ(error.substr(0, 5), "100: ") << error;
  EXPECT_NE(error.find(root), std::string::npos) << error;
  EXPECT_FALSE(has_link("c1"));
}

TEST_F(Del, RemovesAnImportedLinkByIndexAndName) {
  import_attachment("c1", "10.1.2.2", "veth12345678");
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Del, KeepsALinkWithAnotherIndexOrNameThanTheImportedOne) {
  for (const test::FakeLink& other : {test::FakeLink{78, "veth12345678", ""}, test::FakeLink{77, "vethother", ""}}) {
    import_attachment("c1", "10.1.2.2", "veth12345678");
    kernel.pairs.at(0).link = other;
    EXPECT_EQ(error_of_del("c1"), "");
    EXPECT_EQ(kernel.pairs.size(), 1U) << other.index << ' ' << other.name;
    EXPECT_FALSE(has_record("c1"));
    kernel.pairs.clear();
  }
}

TEST_F(Del, ReportsAGatewayThatCannotBeRemoved) {
  add("c1");
  kernel.errors["remove_gateways"] = EPERM;
  EXPECT_EQ(error_of_del("c1"), "100: remove_gateways: Operation not permitted");
  EXPECT_EQ(taken(), Texts{});
  EXPECT_TRUE(has_record("c1")) << "the next DEL needs it to remove the gateway";
  kernel.errors.clear();
  EXPECT_EQ(error_of_del("c1"), "");
  EXPECT_FALSE(has_record("c1"));
}

}  // namespace
