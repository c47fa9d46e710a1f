#include "plugin/state/locks.hpp"

#include "test/state/opened_folder.hpp"

#include <chrono>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

namespace {

using std::chrono::milliseconds;
using Locks = test::OpenedFolder;

TEST_F(Locks, OfAnAttachmentAreExclusive) {
  const auto other = state::Folder::open(root, root);
  {
    const auto lock = folder.locks.attachment(first);
    EXPECT_FALSE(other.locks.try_attachment(first_tag).has_value());
    EXPECT_TRUE(other.locks.try_attachment(second_tag).has_value());
    EXPECT_TRUE(other.locks.is_any_attachment_locked());
    EXPECT_EQ(test::error_text([&] { other.locks.attachment(first, milliseconds{1}); }),
              "11: cannot lock container \"c1\", interface \"eth0\", network \"net\": another call holds the lock");
  }
  EXPECT_TRUE(other.locks.try_attachment(first_tag).has_value());
  const auto lock = folder.locks.network("net");
  EXPECT_FALSE(other.locks.is_any_attachment_locked()) << "the lock of a network is not counted";
}

TEST_F(Locks, OfANetworkAreExclusive) {
  const auto other = state::Folder::open(root, root);
  const auto lock = folder.locks.network("net");
  EXPECT_NO_THROW(other.locks.network("net2", milliseconds{1}));
  EXPECT_NO_THROW(other.locks.attachment(first, milliseconds{1}));
  EXPECT_EQ(test::error_text([&] { other.locks.network("net", milliseconds{1}); }),
            "11: cannot lock the addresses of network \"net\": another call holds the lock");
}

TEST_F(Locks, WaitUntilTheHolderReleasesThem) {
  const auto other = state::Folder::open(root, root);
  std::optional<posix::ByteLock> held = folder.locks.attachment(first);
  std::thread end{[&] {
    std::this_thread::sleep_for(milliseconds{20});
    held.reset();
  }};
  EXPECT_NO_THROW(other.locks.attachment(first));
  end.join();
}

TEST_F(Locks, WaitUpToTheTimeout) {
  const auto other = state::Folder::open(root, root);
  EXPECT_TRUE(other.locks.try_attachment(first_tag, milliseconds{0}).has_value());
  std::optional<posix::ByteLock> held = folder.locks.attachment(first);
  EXPECT_FALSE(other.locks.try_attachment(first_tag, milliseconds{1}).has_value());
  std::thread end{[&] {
    std::this_thread::sleep_for(milliseconds{20});
    held.reset();
  }};
  EXPECT_TRUE(other.locks.try_attachment(first_tag, milliseconds{10'000}).has_value());
  end.join();
}

TEST_F(Locks, CoverAllTags) {
  EXPECT_TRUE(folder.locks.try_attachment(cni::Tag{~std::uint64_t{0}}).has_value());
  EXPECT_TRUE(folder.locks.try_attachment(cni::Tag{0}).has_value());
}

TEST_F(Locks, AreHeldWhenTheirFolderIsMoved) {
  const auto lock = folder.locks.attachment(first);
  const state::Folder moved = std::move(folder);
  const auto other = state::Folder::open(root, root);
  EXPECT_FALSE(other.locks.try_attachment(first_tag).has_value());
  EXPECT_EQ(moved.path(), other.path());
}

}  // namespace
