#include "plugin/attachment/teardown.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/cni/error.hpp"
#include "test/verbs/network.hpp"

#include <cerrno>

namespace {

class Teardown : public test::NetworkTest {
 protected:
  void SetUp() override {
    for (const auto* container : {"c1", "c2"}) add(container);
  }
  std::vector<cni::Tag> tear_down(std::vector<wiring::Footprint> batch) {
    return attachment::tear_down(std::move(batch), {.kernel = &kernel, .folder = &folder}, effort);
  }
  std::vector<wiring::Footprint> both() const {
    return {attachment::footprint_of(record("c1")), attachment::footprint_of(record("c2"))};
  }

  attachment::BestEffort effort;
};

TEST_F(Teardown, LeavesNothingOfABatch) {
  EXPECT_EQ(tear_down(both()), std::vector<cni::Tag>{});
  EXPECT_NO_THROW(effort.finish());
  expect_nothing_left();
}

TEST_F(Teardown, MayBeCalledAgain) {
  const auto batch = both();
  tear_down(batch);
  EXPECT_EQ(tear_down(batch), std::vector<cni::Tag>{});
  EXPECT_NO_THROW(effort.finish());
}

TEST_F(Teardown, KeepsOtherAttachments) {
  tear_down({attachment::footprint_of(record("c1"))});
  EXPECT_TRUE(is_live("c2"));
  EXPECT_TRUE(has_link("c2"));
  EXPECT_EQ(taken(), (std::vector<std::string>{"10.1.2.3", "fd00::3"}));
  EXPECT_FALSE(kernel.host_gateways.empty());
}

/// Addresses that may still be in use are not released.
TEST_F(Teardown, KeepsAddressesAndRecordOfALinkThatCannotBeRemoved) {
  kernel.errors["remove_links"] = EPERM;
  EXPECT_EQ(tear_down(both()), (std::vector{tag("c1"), tag("c2")}));
  EXPECT_THROW(effort.finish(), cni::Error);
  EXPECT_TRUE(has_record("c1") && has_record("c2"));
  EXPECT_EQ(taken().size(), 4U);
}

TEST_F(Teardown, KeepsAddressesAndRecordOfRulesThatCannotBeRemoved) {
  kernel.errors["remove_rules"] = EPERM;
  auto footprint = attachment::footprint_of(record("c1"));
  EXPECT_EQ(tear_down({std::move(footprint)}), std::vector{tag("c1")});
  EXPECT_FALSE(has_link("c1")) << "each step runs";
  EXPECT_TRUE(has_record("c1"));
  EXPECT_EQ(taken().size(), 4U);
}

TEST_F(Teardown, KeepsTheRecordOfAGatewayThatCannotBeRemoved) {
  kernel.errors["remove_gateways"] = EPERM;
  EXPECT_EQ(tear_down(both()), std::vector{tag("c2")}) << "the last attachment that needs the gateway";
  EXPECT_FALSE(has_record("c1"));
  EXPECT_TRUE(has_record("c2"));
  kernel.errors.clear();
  EXPECT_EQ(tear_down({attachment::footprint_of(record("c2"))}), std::vector<cni::Tag>{});
  expect_nothing_left();
}

/// Two footprints of one attachment, as in mode netns without a record. The second one contains the addresses.
TEST_F(Teardown, RemovesAnAttachmentWithTwoFootprintsOnce) {
  auto on_host = attachment::footprint_of(tag("c1"), "net");
  on_host.attachment = attachment("c1");
  EXPECT_EQ(tear_down({on_host, attachment::footprint_of(record("c1"))}), std::vector<cni::Tag>{});
  EXPECT_FALSE(has_link("c1") || has_record("c1"));
  EXPECT_EQ(taken(), (std::vector<std::string>{"10.1.2.3", "fd00::3"}));
}

TEST_F(Teardown, OfLeasesOnlyDoesNotChangeTheKernel) {
  kernel.calls.clear();
  attachment::tear_down(both(), {.folder = &folder}, effort);
  EXPECT_EQ(kernel.calls, std::vector<std::string>{});
  EXPECT_EQ(taken(), std::vector<std::string>{});
  EXPECT_FALSE(has_record("c1") || has_record("c2"));
}

}  // namespace
