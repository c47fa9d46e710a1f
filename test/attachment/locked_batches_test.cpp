#include "plugin/attachment/locked_batches.hpp"

#include "test/verbs/network.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace {

constexpr std::chrono::milliseconds at_once{0};

class LockedBatches : public test::NetworkTest {
 protected:
  attachment::LockedBatch lock(const std::vector<cni::Tag>& tags, std::chrono::milliseconds timeout) const {
    return attachment::lock_batch("net", tags, folder, std::chrono::steady_clock::now() + timeout);
  }
  state::Folder others = state::Folder::open(root, root);
};

TEST_F(LockedBatches, HaveTheLocksAndTheExistingRecords) {
  add("c1");
  const auto batch = lock({tag("c1"), tag("c2")}, at_once);
  EXPECT_EQ(batch.tags, (std::vector{tag("c1"), tag("c2")}));
  ASSERT_EQ(batch.records.size(), 1U);
  EXPECT_EQ(batch.records.front().tag, tag("c1"));
  EXPECT_FALSE(others.locks.try_attachment(tag("c1")) || others.locks.try_attachment(tag("c2")));
}

TEST_F(LockedBatches, ReleaseTheirLocks) {
  { const auto batch = lock({tag("c1")}, at_once); }
  EXPECT_TRUE(others.locks.try_attachment(tag("c1")));
}

TEST_F(LockedBatches, ListTheBusyAttachments) {
  add("c1");
  const auto held = others.locks.try_attachment(tag("c1"));
  const auto batch = lock({tag("c1"), tag("c2")}, at_once);
  EXPECT_EQ(batch.busy, std::vector{tag("c1")});
  EXPECT_EQ(batch.tags, std::vector{tag("c2")});
  EXPECT_TRUE(batch.records.empty());
}

TEST_F(LockedBatches, WaitForALockThatIsReleasedInTime) {
  auto held = others.locks.try_attachment(tag("c1"));
  std::thread releasing{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    held.reset();
  }};
  const auto batch = lock({tag("c1")}, std::chrono::seconds{10});
  releasing.join();
  EXPECT_TRUE(batch.busy.empty());
}

/// The deadline is common to all tags.
TEST_F(LockedBatches, WaitNoLongerForManyThanForOne) {
  std::vector<cni::Tag> tags;
  std::vector<posix::ByteLock> held;
  held.reserve(20);
  for (std::uint64_t value = 1; value <= 20; ++value) tags.push_back(cni::Tag{value << 8U});
  for (const auto tag : tags) held.push_back(others.locks.try_attachment(tag).value());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(lock(tags, std::chrono::milliseconds{50}).busy, tags);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds{500});
}

TEST_F(LockedBatches, ContainEachTagOnceAndInOrder) {
  std::vector<cni::Tag> tags;
  for (std::uint64_t value = 0; value < 1001; ++value) tags.push_back(cni::Tag{value});
  std::vector<cni::Tag> seen;
  std::size_t longest = 0;
  attachment::for_each_batch(tags, [&](std::span<const cni::Tag> batch) {
    longest = std::max(longest, batch.size());
    seen.insert(seen.end(), batch.begin(), batch.end());
  });
  EXPECT_EQ(seen, tags);
  EXPECT_LE(longest, 200U);
  attachment::for_each_batch({}, [](std::span<const cni::Tag>) { FAIL() << "an empty batch"; });
}

}  // namespace
