// GC: attachments that are not valid are removed, and others are kept.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"
#include "integration/support/state_folder.hpp"
#include "plugin/posix/files.hpp"

#include <fcntl.h>

#include <chrono>
#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace {

using namespace support;

class Gc : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* container : {&a, &b}) ASSERT_EQ(add(*container, config).exit, 0);
    both = Snapshot::take_settled();
  }

  Answer gc(const json& keys) {
    json request = config;
    request.update(keys);
    return call({.command = "GC", .interface = "", .config = request});
  }

  static json attachment(const std::string& id) { return {{"containerID", id}, {"ifname", "eth0"}}; }

  json config = [] {
    json newest = dual_stack();
    newest["cniVersion"] = "1.1.0";
    return newest;
  }();
  Snapshot none = Snapshot::take();
  Container a{"a"};
  Container b{"b"};
  Snapshot both;
};

TEST_F(Gc, KeepsValidAttachmentsAndRemovesTheOthers) {
  const auto collected = gc({{"cni.dev/valid-attachments", json::array({attachment("a")})}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_EQ(collected.out, "");
  EXPECT_TRUE(ping(Namespace::host(), "10.1.2.2"));
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
  EXPECT_FALSE(has_interface(b.netns, "eth0"));
  EXPECT_EQ(del(a, config).exit, 0);
  EXPECT_TRUE(unchanged_since(none));
}

TEST_F(Gc, UsesTheUnionOfBothKeys) {
  const auto collected = gc({{"cni.dev/valid-attachments", json::array({attachment("a")})},
                             {"cni.dev/attachments", json::array({attachment("b")})}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(both));
}

/// The input has more than 2 MiB, since libcni sends the list under both keys.
TEST_F(Gc, AcceptsTenThousandValidAttachments) {
  auto valid = json::array({attachment("a")});
  for (int number = 0; number < 10'000; ++number) {
    auto id = std::to_string(number);
    id.resize(64, 'f');
    valid.push_back({{"containerID", id}, {"ifname", "fifteen-letters"}});
  }
  const auto collected = gc({{"cni.dev/valid-attachments", valid}, {"cni.dev/attachments", valid}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
  EXPECT_FALSE(has_interface(b.netns, "eth0"));
}

TEST_F(Gc, RemovesAllForAnEmptyList) {
  const auto collected = gc({{"cni.dev/valid-attachments", json::array()}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(none));
}

TEST_F(Gc, RemovesAllForNull) {
  const auto collected = gc({{"cni.dev/valid-attachments", nullptr}, {"cni.dev/attachments", nullptr}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(none));
}

TEST_F(Gc, DeletesNothingWithoutTheKey) {
  const auto collected = gc(json::object());
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(both));
}

TEST_F(Gc, DoesNotAffectOtherNetworks) {
  json request = config;
  request["name"] = "other";
  request["cni.dev/valid-attachments"] = json::array();
  const auto collected = call({.command = "GC", .interface = "", .config = request});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(both));
}

TEST_F(Gc, ComparesTheInterfaceToo) {
  const auto collected =
      gc({{"cni.dev/valid-attachments", json::array({{{"containerID", "a"}, {"ifname", "eth1"}}, attachment("b")})}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_FALSE(has_interface(a.netns, "eth0"));
  EXPECT_TRUE(has_interface(b.netns, "eth0"));
}

TEST_F(Gc, ReleasesTheAddressesOfDeletedNamespaces) {
  a.netns.remove();
  const auto collected = gc({{"cni.dev/valid-attachments", json::array({attachment("b")})}});
  ASSERT_EQ(collected.exit, 0) << collected;
  EXPECT_EQ(del(b, config).exit, 0);
  EXPECT_TRUE(unchanged_since(none));
}

/// Holds the lock of every attachment for a time, as a call does.
class HeldLocks {
 public:
  explicit HeldLocks(std::chrono::milliseconds time)
      : file_(posix::open_file(AT_FDCWD, state_folder() + "/locks", O_RDWR)) {
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_len = off_t{1} << 62U;  // the locks of networks have higher offsets
    EXPECT_EQ(::fcntl(file_.get(), F_OFD_SETLK, &range), 0);
    release_ = std::async(std::launch::async, [this, time] {
      std::this_thread::sleep_for(time);
      file_.close();
    });
  }

 private:
  posix::FileDescriptor file_;
  std::future<void> release_;
};

TEST_F(Gc, WaitsForALockThatIsHeldBriefly) {
  const HeldLocks locks{std::chrono::milliseconds{300}};
  const auto collected = gc({{"cni.dev/valid-attachments", json::array({attachment("a")})}});
  EXPECT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
  EXPECT_FALSE(has_interface(b.netns, "eth0"));
}

TEST_F(Gc, ReportsALockThatIsHeldForLonger) {
  {
    const HeldLocks locks{std::chrono::milliseconds{2500}};
    const auto collected = gc({{"cni.dev/valid-attachments", json::array({attachment("a")})}});
    EXPECT_EQ(code_of(collected), 11) << collected;
    EXPECT_TRUE(has_interface(b.netns, "eth0"));
  }
  EXPECT_EQ(gc({{"cni.dev/valid-attachments", json::array()}}).exit, 0);
  EXPECT_TRUE(unchanged_since(none));
}

/// Only the locks of valid attachments are held.
TEST_F(Gc, NeedsNoLocksOfValidAttachments) {
  const HeldLocks locks{std::chrono::milliseconds{1500}};
  const auto collected = gc({{"cni.dev/valid-attachments", json::array({attachment("a"), attachment("b")})}});
  EXPECT_EQ(collected.exit, 0) << collected;
  EXPECT_TRUE(unchanged_since(both));
}

}  // namespace
