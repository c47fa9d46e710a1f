#include "plugin/verbs/lost_gateways.hpp"

#include "plugin/verbs/del.hpp"
#include "plugin/verbs/gc.hpp"
#include "test/verbs/network.hpp"

#include <cerrno>
#include <chrono>
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
    std::optional lock{others.lock_gateways()};
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
  folder.forget("net", tag("c1"));
  verbs::del(request("c2"), kernel, root);
  EXPECT_TRUE(stands());
  verbs::del(request("c1"), kernel, root);
  EXPECT_FALSE(stands());
}

/// DEL succeeds on a node where links come and go all the time.
TEST_F(LostGateways, StayWhereNoListOfLinksIsWhole) {
  verbs::del(request("c1"), kernel, root);
  kernel.refusals["host_links"] = EINTR;
  verbs::del(request("c2"), kernel, root);
  EXPECT_TRUE(stands());
  kernel.refusals.clear();
  add("c1");
  verbs::del(request("c1"), kernel, root);
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

TEST_F(LostGateways, AreKnownByThePreviousResultToo) {
  config.ipam = {.type = "other"};
  auto last = request("c1").config;
  last.previous =
      cni::Result{.interfaces = {}, .addresses = {{std::nullopt, test::prefix("fd00::2/125"), ip("fd00::1")}}};
  kernel.pairs.clear();
  verbs::remove_lost_gateways({.attachment = attachment("c1"), .config = last}, kernel, nullptr);
  EXPECT_FALSE(stands());
}

TEST_F(LostGateways, StayWhereARecordIsLeft) {
  kernel.pairs.clear();
  verbs::remove_lost_gateways(request("c1"), kernel, &folder);
  EXPECT_TRUE(stands());
}

/// As while a network is renamed.
TEST_F(LostGateways, StayWhereAnotherNetworkHasThem) {
  const auto lost = request("c1");
  auto other = request("c3");
  other.attachment.network = other.config.name = "other";
  for (const auto* container : {"c1", "c2"}) folder.forget("net", tag(container));
  kernel.pairs.clear();
  verbs::add(other, kernel, root, [](std::string_view) {});
  verbs::remove_lost_gateways(lost, kernel, &folder);
  EXPECT_TRUE(stands());
  EXPECT_TRUE(folder.forget("other", cni::tag_of(other.attachment)));
  verbs::remove_lost_gateways(lost, kernel, &folder);
  EXPECT_FALSE(stands());
}

/// The lock makes one of two that leave together the last.
TEST_F(LostGateways, AreTakenUnderTheirLock) {
  folder.forget("net", tag("c1"));
  folder.forget("net", tag("c2"));
  kernel.pairs.clear();
  while_locked([&] { verbs::remove_lost_gateways(request("c1"), kernel, &folder); },
               [&] { folder.write_pending({.attachment = attachment("c4")}); });
  EXPECT_TRUE(stands());
}

/// An ADD of another network that begins while the last of this one leaves.
TEST_F(LostGateways, AreNotTakenFromANetworkThatBeginsMeanwhile) {
  verbs::del(request("c1"), kernel, root);
  const wiring::Wiring wanted{.host_gateways = {ip("fd00::1")}};
  while_locked([&] { verbs::del(request("c2"), kernel, root); },
               [&] {
                 folder.write_pending({.attachment = {.network = "other", .container = "c3", .interface = "eth0"},
                                       .wiring = wiring::to_text(wanted)});
               });
  EXPECT_FALSE(has_record("c2"));
  EXPECT_TRUE(stands());
}

TEST_F(LostGateways, StayWhereNothingWasRemoved) {
  kernel.pairs.clear();
  del("c1");
  EXPECT_TRUE(stands()) << "the address may be the user's own";
}

TEST_F(LostGateways, AreNoOtherModes) {
  kernel.pairs.clear();
  config.mode = cni::Mode::bridge;
  verbs::remove_lost_gateways(request("c1"), kernel, nullptr);
  EXPECT_TRUE(stands());
}

}  // namespace
