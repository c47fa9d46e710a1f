#include "plugin/state/folder.hpp"

#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

const cni::Attachment first{.network = "net", .container = "c1", .interface = "eth0"};
const cni::Attachment second{.network = "net", .container = "c2", .interface = "eth0"};
const cni::Tag first_tag = cni::tag_of(first);
const cni::Tag second_tag = cni::tag_of(second);
const cni::IpAddress address = *cni::find_address("10.1.2.3");
const cni::IpAddress address6 = *cni::find_address("fd00::3");

class Folder : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return folder.path() + "/net/" + name; }
  std::string pending(cni::Tag tag) const { return file("pending/" + cni::to_string(tag)); }
  std::string live(cni::Tag tag) const { return file("live/" + cni::to_string(tag)); }
  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path{path}.parent_path());
    std::ofstream{path} << text;
  }

  static std::string content_of(const std::string& path) {
    std::string text;
    std::getline(std::ifstream{path}, text);
    return text;
  }
  /// What `act` throws while no file may grow beyond so many bytes.
  static std::string error_with_files_of(rlim_t bytes, const std::function<void()>& act) {
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{bytes, before.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &small);
    auto text = test::error_text(act);
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    return text;
  }
  std::string refusal() const {
    return test::error_text([&] { folder.refuse_planted("net"); });
  }

  test::TemporaryDirectory directory;
  std::string root = directory.path() + "/root";
  state::Folder folder = state::Folder::open(root, root);
  const state::Record record{.attachment = first, .netns = "/run/netns/c1", .addresses = {address}};
};

using Locks = Folder;
using Records = Folder;
using Addresses = Folder;

TEST_F(Locks, OfAnAttachmentAreForOneCallAtATime) {
  const auto other = state::Folder::open(root, root);
  {
    const auto lock = folder.lock(first);
    EXPECT_FALSE(other.try_lock(first_tag).has_value());
    EXPECT_TRUE(other.try_lock(second_tag).has_value());
    EXPECT_TRUE(other.is_at_work());
    EXPECT_EQ(test::error_text([&] { other.lock(first, milliseconds{1}); }),
              "11: another call has been busy with container \"c1\", interface \"eth0\", network \"net\" for too long");
  }
  EXPECT_TRUE(other.try_lock(first_tag).has_value());
  const auto lock = folder.lock_network("net");
  EXPECT_FALSE(other.is_at_work()) << "a network's lock is no attachment's";
}

TEST_F(Locks, OfANetworkAreForOneCallAtATime) {
  const auto other = state::Folder::open(root, root);
  const auto lock = folder.lock_network("net");
  EXPECT_NO_THROW(other.lock_network("net2", milliseconds{1}));
  EXPECT_NO_THROW(other.lock(first, milliseconds{1}));
  EXPECT_EQ(test::error_text([&] { other.lock_network("net", milliseconds{1}); }),
            "11: another call has been busy with the addresses of network \"net\" for too long");
}

TEST_F(Locks, AreWaitedFor) {
  const auto other = state::Folder::open(root, root);
  std::optional<posix::ByteLock> held = folder.lock(first);
  std::thread end{[&] {
    std::this_thread::sleep_for(milliseconds{20});
    held.reset();
  }};
  EXPECT_NO_THROW(other.lock(first));
  end.join();
}

TEST_F(Locks, ReachTheEndOfTheFile) {
  EXPECT_TRUE(folder.try_lock(cni::Tag{~std::uint64_t{0}}).has_value());
  EXPECT_TRUE(folder.try_lock(cni::Tag{0}).has_value());
}

TEST_F(Locks, OutliveTheMoveOfTheirFolder) {
  const auto lock = folder.lock(first);
  const state::Folder moved = std::move(folder);
  const auto other = state::Folder::open(root, root);
  EXPECT_FALSE(other.try_lock(first_tag).has_value());
  EXPECT_EQ(moved.path(), other.path());
}

TEST_F(Records, AreAbsentAtFirst) {
  EXPECT_FALSE(folder.find_record(first).has_value());
  EXPECT_TRUE(folder.records("net").empty());
  EXPECT_FALSE(folder.has_records("net"));
  EXPECT_FALSE(folder.forget("net", first_tag));
  EXPECT_FALSE(fs::exists(folder.path() + "/net"));
}

TEST_F(Records, ArePendingAndThenLive) {
  folder.write_pending(record);
  auto found = folder.find_record(first);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->stage, state::Stage::pending);
  EXPECT_EQ(found->tag, first_tag);
  EXPECT_EQ(found->record, record);
  folder.mark_live(first);
  found = folder.find_record(first);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->stage, state::Stage::live);
  EXPECT_EQ(found->record, record);
  EXPECT_FALSE(fs::exists(pending(first_tag)));
}

TEST_F(Records, AreFilesOfTheirOwnerAlone) {
  folder.write_pending(record);
  struct stat status {};
  ASSERT_EQ(::stat(pending(first_tag).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat(file("pending").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(Records, AreTheNewerWhereThereAreTwo) {
  folder.write_pending(record);
  folder.mark_live(first);
  state::Record newer = record;
  newer.addresses.push_back(address6);
  folder.write_pending(newer);
  EXPECT_EQ(folder.find_record(first)->record, newer);
  EXPECT_EQ(folder.records("net").size(), 1U);
  EXPECT_TRUE(folder.forget("net", first_tag));
  EXPECT_FALSE(fs::exists(pending(first_tag)));
  EXPECT_FALSE(fs::exists(live(first_tag)));
}

TEST_F(Records, CannotBeLiveWithoutHavingBeenPending) {
  const std::string text = test::error_text([&] { folder.mark_live(first); });
  EXPECT_NE(text.find(": No such file or directory"), std::string::npos) << text;
  EXPECT_NE(text.find(live(first_tag)), std::string::npos) << text;
}

TEST_F(Records, AreListedWithTheirTags) {
  folder.write_pending(record);
  folder.mark_live(first);
  folder.write_pending({.attachment = second});
  write(pending(cni::Tag{5}), "{");
  write(file("pending/.hidden"), "");
  write(file("live/foreign"), "");
  const auto records = folder.records("net");
  ASSERT_EQ(records.size(), 3U);
  const auto broken = std::ranges::find(records, cni::Tag{5}, &state::StoredRecord::tag);
  ASSERT_NE(broken, records.end());
  EXPECT_FALSE(broken->record.has_value());
  EXPECT_TRUE(folder.has_records("net"));
}

TEST_F(Records, AreNotTemporaryFiles) {
  write(file("pending/." + cni::to_string(first_tag)), "half");
  EXPECT_FALSE(folder.has_records("net"));
  EXPECT_FALSE(folder.find_record(first).has_value());
  folder.forget("net", first_tag);
  EXPECT_TRUE(fs::is_empty(file("pending")));
}

TEST_F(Records, AreUnreadableWhateverStandsInTheirPlace) {
  const std::string path = pending(first_tag);
  fs::create_directories(file("pending"));
  const std::function<void()> plants[] = {
      [&] { write(path, "no json"); },
      [&] { write(path, ""); },
      [&] { write(path, state::to_text({.attachment = second})); },
      [&] { write(path, std::string(3U << 20U, ' ')); },
      [&] { fs::create_symlink("/etc/passwd", path); },
      [&] { fs::create_directories(path + "/inner"); },
      [&] { ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0); },
  };
  for (std::size_t index = 0; index < std::size(plants); ++index) {
    plants[index]();
    const auto found = folder.find_record(first);
    ASSERT_TRUE(found.has_value()) << index;
    EXPECT_FALSE(found->record.has_value()) << index;
    EXPECT_TRUE(folder.forget("net", first_tag)) << index;
    EXPECT_FALSE(folder.find_record(first).has_value()) << index;
  }
}

TEST_F(Records, ReplaceWhateverStandsInTheirPlace) {
  fs::create_directories(pending(first_tag) + "/inner");
  fs::create_directories(live(first_tag) + "/inner");
  folder.write_pending(record);
  folder.mark_live(first);
  EXPECT_EQ(folder.find_record(first)->record, record);
}

TEST_F(Records, ThatCannotBeWrittenLeaveTheOldOneAndNoTemporaryFile) {
  folder.write_pending(record);
  const std::string text = error_with_files_of(8, [&] { folder.write_pending({.attachment = first}); });
  EXPECT_EQ(text, "write the record \"" + pending(first_tag) + "\": File too large");
  EXPECT_EQ(folder.find_record(first)->record, record);
  EXPECT_FALSE(fs::exists(file("pending/." + cni::to_string(first_tag))));
}

TEST_F(Records, GoLiveWithoutNewDirectories) {
  folder.write_pending(record);
  EXPECT_TRUE(fs::is_directory(file("live")));
}

/// A hard link gives the file another name, where its text has to stay.
TEST_F(Records, AreNotWrittenIntoFilesThatStandThere) {
  const std::string other = directory.path() + "/other";
  write(other, "somebody's");
  fs::create_directories(file("pending"));
  fs::create_hard_link(other, file("pending/." + cni::to_string(first_tag)));
  folder.write_pending(record);
  EXPECT_EQ(content_of(other), "somebody's");
  EXPECT_EQ(folder.find_record(first)->record, record);
}

TEST_F(Addresses, BelongToTheirHolder) {
  for (const auto& each : {address, address6}) {
    EXPECT_FALSE(folder.is_taken("net", each));
    EXPECT_TRUE(folder.take("net", each, first_tag));
    EXPECT_FALSE(folder.take("net", each, second_tag));
    EXPECT_FALSE(folder.take("net", each, first_tag));
    EXPECT_TRUE(folder.is_taken("net", each));
    EXPECT_EQ(folder.holder("net", each), first_tag);
    EXPECT_FALSE(folder.release("net", each, second_tag));
    EXPECT_TRUE(folder.release("net", each, first_tag));
    EXPECT_FALSE(folder.release("net", each, first_tag));
    EXPECT_FALSE(folder.is_taken("net", each));
  }
}

TEST_F(Addresses, AreTakenInEachNetworkByItself) {
  EXPECT_TRUE(folder.take("net", address, first_tag));
  EXPECT_TRUE(folder.take("net2", address, second_tag));
  EXPECT_EQ(folder.holder("net2", address), second_tag);
}

TEST_F(Addresses, AreTakenByForeignFilesToo) {
  write(file("addresses/10.1.2.3"), "someone else");
  EXPECT_TRUE(folder.is_taken("net", address));
  EXPECT_FALSE(folder.take("net", address, first_tag));
  EXPECT_FALSE(folder.holder("net", address).has_value());
  EXPECT_FALSE(folder.release("net", address, first_tag));
}

TEST_F(Addresses, AreListedWithTheirHolders) {
  EXPECT_TRUE(folder.taken("net").empty());
  folder.take("net", address6, second_tag);
  folder.take("net", address, first_tag);
  write(file("addresses/10.1.2.9"), "");
  write(file("addresses/notes"), "");
  write(file("addresses/FD00::9"), "");
  EXPECT_EQ(folder.taken_addresses("net"),
            (std::vector<cni::IpAddress>{address, *cni::find_address("10.1.2.9"), address6}));
  const auto taken = folder.taken("net");
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(taken[0].holder, first_tag);
  EXPECT_EQ(taken[1].holder, std::nullopt);
  EXPECT_EQ(taken[2].holder, second_tag);
}

TEST_F(Addresses, HaveACursorForEachSet) {
  const state::Cursors none(2);
  EXPECT_EQ(folder.cursors("net", 2), none);
  const state::Cursors both{address, address6};
  folder.set_cursors("net", both);
  EXPECT_EQ(folder.cursors("net", 2), both);
  const state::Cursors second{std::nullopt, address6};
  folder.set_cursors("net", second);
  EXPECT_EQ(folder.cursors("net", 2), second);
  EXPECT_EQ(folder.cursors("net", 1), state::Cursors{std::nullopt});
  EXPECT_EQ(folder.cursors("net", 3), (state::Cursors{std::nullopt, address6, std::nullopt}));
}

/// A symbolic link has room for a page of text.
TEST_F(Addresses, HaveCursorsOfAsManySetsAsThereIsRoomFor) {
  const state::Cursors many(1000, cni::find_address("fd00:1111:2222:3333:4444:5555:6666:7777"));
  folder.set_cursors("net", many);
  const auto found = folder.cursors("net", many.size());
  EXPECT_EQ(found.front(), many.front());
  EXPECT_EQ(found[99], many[99]);
  EXPECT_EQ(found.back(), std::nullopt);
}

TEST_F(Addresses, HaveNoCursorInForeignFiles) {
  const std::function<void()> plants[] = {
      [&] { write(file("cursor"), "10.1.2.3"); },
      [&] { fs::create_symlink("not an address", file("cursor")); },
      [&] { fs::create_directories(file("cursor/inner")); },
      [&] { fs::create_symlink("10.9.9.9", file(".cursor")); },
  };
  for (std::size_t index = 0; index < std::size(plants); ++index) {
    plants[index]();
    EXPECT_EQ(folder.cursors("net", 1), state::Cursors{std::nullopt}) << index;
    folder.set_cursors("net", {address});
    EXPECT_EQ(folder.cursors("net", 1), state::Cursors{address}) << index;
    fs::remove(file("cursor"));
  }
}

TEST_F(Folder, HasNetworksOfAnyName) {
  const std::set<std::string> names{"net", "locks", "data-dirs", "cursor", std::string(200, 'n')};
  for (const auto& name : names) {
    EXPECT_TRUE(folder.take(name, address, first_tag)) << name;
    folder.set_cursors(name, {address});
    folder.write_pending({.attachment = {.network = name, .container = "c", .interface = "e"}});
    EXPECT_TRUE(folder.has_records(name)) << name;
  }
  std::ofstream{folder.path() + "/file"} << "x";
  const auto networks = folder.networks();
  EXPECT_EQ((std::set<std::string>{networks.begin(), networks.end()}), names);
}

TEST_F(Folder, RefusesDirectoriesThatAreLinks) {
  folder.write_pending(record);
  folder.take("net", address, first_tag);
  EXPECT_EQ(refusal(), "");
  for (const std::string name : {"/net", "/net/addresses", "/net/pending", "/net/live"}) {
    const auto path = folder.path() + name;
    fs::rename(path, directory.path() + "/moved");
    fs::create_directory_symlink(directory.path() + "/moved", path);
    EXPECT_EQ(refusal(), "100: state folder \"" + path + "\" is a symbolic link");
    fs::remove(path);
    fs::rename(directory.path() + "/moved", path);
  }
}

TEST_F(Folder, RefusesDirectoriesThatOthersCanWrite) {
  folder.write_pending(record);
  ::chmod(file("pending").c_str(), 0722);
  EXPECT_EQ(refusal(), "100: state folder \"" + file("pending") + "\" can be written by others (mode 0722)");
}

TEST_F(Folder, ReadsNothingWhereANetworkIsAFile) {
  std::ofstream{folder.path() + "/net"} << "x";
  EXPECT_TRUE(folder.records("net").empty());
  EXPECT_FALSE(folder.find_record(first).has_value());
  EXPECT_FALSE(folder.has_records("net"));
  EXPECT_TRUE(folder.taken("net").empty());
  EXPECT_FALSE(folder.is_taken("net", address));
  EXPECT_FALSE(folder.forget("net", first_tag));
  EXPECT_EQ(test::error_text([&] { folder.take("net", address, first_tag); }),
            "take the address \"" + file("addresses/10.1.2.3") + "\": Not a directory");
}

TEST_F(Records, TellWhenTheyWereWritten) {
  const auto before = std::chrono::system_clock::now() - std::chrono::seconds{1};
  folder.write_pending(record);
  const auto written_at = folder.find_record(first)->written_at;
  ASSERT_TRUE(written_at.has_value());
  EXPECT_GE(*written_at, before);
  EXPECT_LE(*written_at, std::chrono::system_clock::now() + std::chrono::seconds{1});
}

}  // namespace
