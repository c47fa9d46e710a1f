#include "plugin/attachment/gateways.hpp"

#include "plugin/verbs/del.hpp"
#include "plugin/verbs/gc.hpp"
#include "test/verbs/network.hpp"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

namespace {

using test::ip;

/// Two attachments of one network that need the same IPv6 gateway.
class SharedGateways : public test::NetworkTest {
 protected:
  void SetUp() override {
    add("c1");
    add("c2");
  }
  void del(const std::string& container) { verbs::del(request(container), kernel, directory.path() + "/none"); }
  /// Runs `act` in a thread while another call holds the lock of the gateways and runs `meanwhile`.
  void while_locked(const std::function<void()>& act, const std::function<void()>& meanwhile) const {
    const auto others = state::Folder::open(root, root);
    std::optional lock{others.locks.gateways()};
    std::thread acting{act};
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    meanwhile();
    lock.reset();
    acting.join();
  }
  bool exists() const { return !kernel.host_gateways.empty(); }
};

TEST_F(SharedGateways, AreRemovedWithTheLastLinkOfTheNetwork) {
  del("c1");
  EXPECT_TRUE(exists());
  del("c2");
  EXPECT_FALSE(exists());
}

TEST_F(SharedGateways, AreKeptIfAnotherLinkHasNoRecord) {
  folder.records.remove("net", tag("c1"));
  verbs::del(request("c2"), kernel, root);
  EXPECT_TRUE(exists());
  verbs::del(request("c1"), kernel, root);
  EXPECT_FALSE(exists());
}

/// DEL succeeds on a node where links change all the time.
TEST_F(SharedGateways, AreKeptIfTheListOfLinksIsIncomplete) {
  folder.gateways.mark_unrecorded_users();
  verbs::del(request("c1"), kernel, root);
  kernel.errors["list"] = EINTR;
  verbs::del(request("c2"), kernel, root);
  EXPECT_TRUE(exists());
  kernel.errors.clear();
  add("c1");
  verbs::del(request("c1"), kernel, root);
  EXPECT_FALSE(exists());
}

TEST_F(SharedGateways, AreMarkedAsUsedUntilTheLastLinkWithoutARecordIsRemoved) {
  std::filesystem::remove_all(folder.path() + "/gateways");
  folder.records.remove("net", tag("c1"));
  add("c3");
  EXPECT_TRUE(folder.gateways.has_unrecorded_users());
  for (const auto* container : {"c2", "c3"}) verbs::del(request(container), kernel, root);
  EXPECT_TRUE(folder.gateways.has_unrecorded_users());
  EXPECT_TRUE(exists());
  verbs::del(request("c1"), kernel, root);
  EXPECT_FALSE(folder.gateways.has_unrecorded_users());
  EXPECT_FALSE(exists());
}

TEST_F(SharedGateways, AreRemovedWithTheLinksThatGcRemoves) {
  cni::Request gc;
  gc.attachment.network = "net";
  gc.config = config;
  gc.config.valid_attachments.emplace().push_back({"c2", "eth0"});
  verbs::gc(gc, kernel, nullptr);
  EXPECT_TRUE(exists());
  gc.config.valid_attachments->clear();
  verbs::gc(gc, kernel, nullptr);
  EXPECT_FALSE(exists());
}

/// The claim is kept when the record is removed.
TEST_F(SharedGateways, AreKeptForAnotherNetwork) {
  auto other = request("c3");
  other.attachment.network = other.config.name = "other";
  verbs::add(other, kernel, root, [](std::string_view) {});
  folder.records.remove("other", cni::tag_of(other.attachment));
  for (const auto* container : {"c1", "c2"}) verbs::del(request(container), kernel, root);
  EXPECT_TRUE(exists());
  verbs::del(other, kernel, root);
  EXPECT_FALSE(exists());
}

/// An ADD of another network begins during the DEL of the last attachment.
TEST_F(SharedGateways, AreKeptForANetworkThatClaimsThemMeanwhile) {
  verbs::del(request("c1"), kernel, root);
  while_locked([&] { verbs::del(request("c2"), kernel, root); },
               [&] { folder.gateways.claim(ip("fd00::1"), cni::Tag{3}); });
  EXPECT_FALSE(has_record("c2"));
  EXPECT_TRUE(exists());
}

TEST_F(SharedGateways, AreRemovedWithTheLastUnreadableRecord) {
  corrupt_record("live", "c1");
  verbs::del(request("c1"), kernel, root);
  EXPECT_TRUE(exists());
  corrupt_record("live", "c2");
  config.ipam.ranges = {{test::range("10.1.2.0/29")}};  // names no IPv6 gateway any more
  verbs::del(request("c2"), kernel, root);
  EXPECT_FALSE(exists());
}

/// The gateway of the record is removed, not that of the current configuration.
TEST_F(SharedGateways, OfAChangedConfigurationAreRemovedToo) {
  config.ipam.ranges.at(1).at(0).gateway = ip("fd00::5");
  add("c3");
  for (const auto* container : {"c1", "c2"}) verbs::del(request(container), kernel, root);
  EXPECT_EQ(kernel.host_gateways, std::vector{ip("fd00::5")});
  verbs::del(request("c3"), kernel, root);
  EXPECT_FALSE(exists());
}

/// As left by an earlier version: the gateways are in the records and have no claims.
TEST_F(SharedGateways, OfRecordsWithoutClaimsAreClaimedByTheFirstAdd) {
  std::filesystem::remove_all(folder.path() + "/gateways");
  add("c3");
  EXPECT_EQ(folder.gateways.claims().size(), 3U);
  verbs::del(request("c3"), kernel, root);
  verbs::del(request("c1"), kernel, root);
  EXPECT_TRUE(exists());
  verbs::del(request("c2"), kernel, root);
  EXPECT_FALSE(exists());
}

TEST_F(SharedGateways, OfRecordsWithoutClaimsAreKeptForOtherAttachments) {
  std::filesystem::remove_all(folder.path() + "/gateways");
  verbs::del(request("c1"), kernel, root);
  EXPECT_TRUE(exists());
  verbs::del(request("c2"), kernel, root);
  EXPECT_FALSE(exists());
}

TEST_F(SharedGateways, AreKeptIfNoLinkWasRemoved) {
  kernel.pairs.clear();
  del("c1");
  EXPECT_TRUE(exists()) << "an administrator may have added the address";
}

TEST_F(SharedGateways, AreKeptInOtherModes) {
  config.mode = cni::Mode::bridge;
  del("c1");
  del("c2");
  EXPECT_TRUE(exists());
}

}  // namespace
