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

/// Attachments whose records are lost: the folder of these verbs does not exist.
class LostGateways : public test::VerbsOfNetwork {
 protected:
  void SetUp() override {
    add("c1");
    add("c2");
  }
  void del(const std::string& container) { verbs::del(request(container), kernel, directory.path() + "/none"); }
  /// Another call holds the lock of the gateways when `act` begins, and does something else under it.
  void while_locked(const std::function<void()>& act, const std::function<void()>& meanwhile) const {
    const auto others = state::Folder::open(root, root);
    std::optional lock{others.locks.gateways()};
    std::thread acting{act};
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    meanwhile();
    lock.reset();
    acting.join();
  }
  bool stands() const { return !kernel.host_gateways.empty(); }
};

TEST_F(LostGateways, GoWithTheLastLinkOfTheNetwork) {
  del("c1");
  EXPECT_TRUE(stands());
  del("c2");
  EXPECT_FALSE(stands());
}

TEST_F(LostGateways, StayWhereAnotherLinkHasLostItsRecord) {
  folder.records.forget("net", tag("c1"));
  verbs::del(request("c2"), kernel, root);
  EXPECT_TRUE(stands());
  verbs::del(request("c1"), kernel, root);
  EXPECT_FALSE(stands());
}

/// DEL succeeds on a node where links come and go all the time.
TEST_F(LostGateways, StayWhereNoListOfLinksIsWhole) {
  folder.gateways.mark_unrecorded_users();
  verbs::del(request("c1"), kernel, root);
  kernel.refusals["list"] = EINTR;
  verbs::del(request("c2"), kernel, root);
  EXPECT_TRUE(stands());
  kernel.refusals.clear();
  add("c1");
  verbs::del(request("c1"), kernel, root);
  EXPECT_FALSE(stands());
}

TEST_F(LostGateways, AreMarkedAsUsedWithoutARecordUntilNoLinkIs) {
  std::filesystem::remove_all(folder.path() + "/gateways");
  folder.records.forget("net", tag("c1"));
  add("c3");
  EXPECT_TRUE(folder.gateways.has_unrecorded_users());
  for (const auto* container : {"c2", "c3"}) verbs::del(request(container), kernel, root);
  EXPECT_TRUE(folder.gateways.has_unrecorded_users());
  EXPECT_TRUE(stands());
  verbs::del(request("c1"), kernel, root);
  EXPECT_FALSE(folder.gateways.has_unrecorded_users());
  EXPECT_FALSE(stands());
}

TEST_F(LostGateways, GoWithTheLinksThatGcRemoves) {
  cni::Request gc;
  gc.attachment.network = "net";
  gc.config = config;
  gc.config.valid_attachments.emplace().push_back({"c2", "eth0"});
  verbs::gc(gc, kernel, nullptr);
  EXPECT_TRUE(stands());
  gc.config.valid_attachments->clear();
  verbs::gc(gc, kernel, nullptr);
  EXPECT_FALSE(stands());
}

/// A record that is gone leaves its claim, whatever network it is of.
TEST_F(LostGateways, StayWhereAnotherNetworkHasThem) {
  auto other = request("c3");
  other.attachment.network = other.config.name = "other";
  verbs::add(other, kernel, root, [](std::string_view) {});
  folder.records.forget("other", cni::tag_of(other.attachment));
  for (const auto* container : {"c1", "c2"}) verbs::del(request(container), kernel, root);
  EXPECT_TRUE(stands());
  verbs::del(other, kernel, root);
  EXPECT_FALSE(stands());
}

/// An ADD of another network that begins while the last of this one leaves.
TEST_F(LostGateways, AreNotTakenFromANetworkThatBeginsMeanwhile) {
  verbs::del(request("c1"), kernel, root);
  while_locked([&] { verbs::del(request("c2"), kernel, root); },
               [&] { folder.gateways.claim(ip("fd00::1"), cni::Tag{3}); });
  EXPECT_FALSE(has_record("c2"));
  EXPECT_TRUE(stands());
}

TEST_F(LostGateways, GoWithTheRecordThatCannotBeRead) {
  spoil_record("live", "c1");
  verbs::del(request("c1"), kernel, root);
  EXPECT_TRUE(stands());
  spoil_record("live", "c2");
  config.ipam.ranges = {{test::range("10.1.2.0/29")}};  // names no IPv6 gateway any more
  verbs::del(request("c2"), kernel, root);
  EXPECT_FALSE(stands());
}

/// The gateway of the record, and not that of the configuration as it is by now.
TEST_F(LostGateways, OfAChangedConfigurationGoToo) {
  config.ipam.ranges.at(1).at(0).gateway = ip("fd00::5");
  add("c3");
  for (const auto* container : {"c1", "c2"}) verbs::del(request(container), kernel, root);
  EXPECT_EQ(kernel.host_gateways, std::vector{ip("fd00::5")});
  verbs::del(request("c3"), kernel, root);
  EXPECT_FALSE(stands());
}

/// As an earlier version left it: records name the gateways, and nothing claims them.
TEST_F(LostGateways, OfRecordsWithoutClaimsAreClaimedByTheFirstAdd) {
  std::filesystem::remove_all(folder.path() + "/gateways");
  add("c3");
  EXPECT_EQ(folder.gateways.claims().size(), 3U);
  verbs::del(request("c3"), kernel, root);
  verbs::del(request("c1"), kernel, root);
  EXPECT_TRUE(stands());
  verbs::del(request("c2"), kernel, root);
  EXPECT_FALSE(stands());
}

TEST_F(LostGateways, OfRecordsWithoutClaimsStayForTheOthers) {
  std::filesystem::remove_all(folder.path() + "/gateways");
  verbs::del(request("c1"), kernel, root);
  EXPECT_TRUE(stands());
  verbs::del(request("c2"), kernel, root);
  EXPECT_FALSE(stands());
}

TEST_F(LostGateways, StayWhereNothingWasRemoved) {
  kernel.pairs.clear();
  del("c1");
  EXPECT_TRUE(stands()) << "the address may be the user's own";
}

TEST_F(LostGateways, AreNoOtherModes) {
  config.mode = cni::Mode::bridge;
  del("c1");
  del("c2");
  EXPECT_TRUE(stands());
}

}  // namespace
