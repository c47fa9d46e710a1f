#include "plugin/verbs/lost_gateways.hpp"

#include "plugin/verbs/del.hpp"
#include "plugin/verbs/gc.hpp"
#include "test/verbs/network.hpp"

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
  bool stands() const { return !kernel.host_gateways.empty(); }
};

TEST_F(LostGateways, GoWithTheLastLinkOfTheNetwork) {
  del("c1");
  EXPECT_TRUE(stands());
  del("c2");
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

/// One network's lock makes one of two that leave together the last.
TEST_F(LostGateways, AreTakenUnderTheLockOfTheNetwork) {
  folder.forget("net", tag("c1"));
  folder.forget("net", tag("c2"));
  kernel.pairs.clear();
  const auto others = state::Folder::open(root, root);
  std::optional lock{others.lock_network("net")};
  std::thread removal{[&] { verbs::remove_lost_gateways(request("c1"), kernel, &folder); }};
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  folder.write_pending({.attachment = attachment("c4")});
  lock.reset();
  removal.join();
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
