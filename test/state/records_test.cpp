#include "plugin/state/records.hpp"

#include "test/state/opened_folder.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

class Records : public test::OpenedFolder {
 protected:
  static std::string content_of(const std::string& path) {
    std::string text;
    std::getline(std::ifstream{path}, text);
    return text;
  }
  /// The error of `act` while the size of files is limited to `bytes`.
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
};

TEST_F(Records, AreAbsentAtFirst) {
  EXPECT_FALSE(folder.records.find(first).has_value());
  EXPECT_TRUE(folder.records.list("net").empty());
  EXPECT_FALSE(folder.records.has_any("net"));
  EXPECT_FALSE(folder.records.remove("net", first_tag));
  EXPECT_FALSE(fs::exists(folder.path() + "/net"));
}

TEST_F(Records, ArePendingAndThenLive) {
  folder.records.write_pending(record);
  auto found = folder.records.find(first);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->stage, state::Stage::pending);
  EXPECT_EQ(found->tag, first_tag);
  EXPECT_EQ(found->record, record);
  folder.records.mark_live(first);
  found = folder.records.find(first);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->stage, state::Stage::live);
  EXPECT_EQ(found->record, record);
  EXPECT_FALSE(fs::exists(pending(first_tag)));
}

TEST_F(Records, AreFilesWithPrivateModes) {
  folder.records.write_pending(record);
  struct stat status {};
  ASSERT_EQ(::stat(pending(first_tag).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat(file("pending").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(Records, AreReadFromPendingIfBothExist) {
  folder.records.write_pending(record);
  folder.records.mark_live(first);
  state::Record newer = record;
  newer.addresses.push_back(address6);
  folder.records.write_pending(newer);
  EXPECT_EQ(folder.records.find(first)->record, newer);
  EXPECT_EQ(folder.records.list("net").size(), 1U);
  EXPECT_TRUE(folder.records.remove("net", first_tag));
  EXPECT_FALSE(fs::exists(pending(first_tag)));
  EXPECT_FALSE(fs::exists(live(first_tag)));
}

TEST_F(Records, CannotBecomeLiveWithoutAPendingOne) {
  const std::string text = test::error_text([&] { folder.records.mark_live(first); });
  EXPECT_NE(text.find(": No such file or directory"), std::string::npos) << text;
  EXPECT_NE(text.find(live(first_tag)), std::string::npos) << text;
}

TEST_F(Records, AreListedWithTheirTags) {
  folder.records.write_pending(record);
  folder.records.mark_live(first);
  folder.records.write_pending({.attachment = second});
  write(pending(cni::Tag{5}), "{");
  write(file("pending/.hidden"), "");
  write(file("live/foreign"), "");
  const auto records = folder.records.list("net");
  ASSERT_EQ(records.size(), 3U);
  const auto broken = std::ranges::find(records, cni::Tag{5}, &state::StoredRecord::tag);
  ASSERT_NE(broken, records.end());
  EXPECT_FALSE(broken->record.has_value());
  EXPECT_TRUE(folder.records.has_any("net"));
}

TEST_F(Records, AreNotTemporaryFiles) {
  write(file("pending/." + cni::to_string(first_tag)), "half");
  EXPECT_FALSE(folder.records.has_any("net"));
  EXPECT_FALSE(folder.records.find(first).has_value());
  folder.records.remove("net", first_tag);
  EXPECT_TRUE(fs::is_empty(file("pending")));
}

TEST_F(Records, AreUnreadableIfAnotherFileHasTheirName) {
  const std::string path = pending(first_tag);
  fs::create_directories(file("pending"));
  const std::function<void()> plants[] = {
      [&] { write(path, "no json"); },
      [&] { write(path, ""); },
      [&] { write(path, state::to_text({.attachment = second})); },
      [&] { write(path, std::string(state::longest_record + 1, ' ')); },
      [&] { fs::create_symlink("/etc/passwd", path); },
      [&] { fs::create_directories(path + "/inner"); },
      [&] { ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0); },
  };
  for (std::size_t index = 0; index < std::size(plants); ++index) {
    plants[index]();
    const auto found = folder.records.find(first);
    ASSERT_TRUE(found.has_value()) << index;
    EXPECT_FALSE(found->record.has_value()) << index;
    EXPECT_TRUE(folder.records.remove("net", first_tag)) << index;
    EXPECT_FALSE(folder.records.find(first).has_value()) << index;
  }
}

TEST_F(Records, ReplaceAnyFileWithTheirName) {
  fs::create_directories(pending(first_tag) + "/inner");
  fs::create_directories(live(first_tag) + "/inner");
  folder.records.write_pending(record);
  folder.records.mark_live(first);
  EXPECT_EQ(folder.records.find(first)->record, record);
}

TEST_F(Records, ThatCannotBeWrittenLeaveTheOldOneAndNoTemporaryFile) {
  folder.records.write_pending(record);
  const std::string text = error_with_files_of(8, [&] { folder.records.write_pending({.attachment = first}); });
  EXPECT_EQ(text, "write the record \"" + pending(first_tag) + "\": File too large");
  EXPECT_EQ(folder.records.find(first)->record, record);
  EXPECT_FALSE(fs::exists(file("pending/." + cni::to_string(first_tag))));
}

TEST_F(Records, BecomeLiveWithoutNewDirectories) {
  folder.records.write_pending(record);
  EXPECT_TRUE(fs::is_directory(file("live")));
}

/// The file may be a hard link to a file elsewhere, which must not change.
TEST_F(Records, AreNotWrittenIntoExistingFiles) {
  const std::string other = directory.path() + "/other";
  write(other, "unchanged");
  fs::create_directories(file("pending"));
  fs::create_hard_link(other, file("pending/." + cni::to_string(first_tag)));
  folder.records.write_pending(record);
  EXPECT_EQ(content_of(other), "unchanged");
  EXPECT_EQ(folder.records.find(first)->record, record);
}

TEST_F(Records, HaveTheTimeOfTheirWriting) {
  const auto before = std::chrono::system_clock::now() - std::chrono::seconds{1};
  folder.records.write_pending(record);
  const auto written_at = folder.records.find(first)->written_at;
  ASSERT_TRUE(written_at.has_value());
  EXPECT_GE(*written_at, before);
  EXPECT_LE(*written_at, std::chrono::system_clock::now() + std::chrono::seconds{1});
}

TEST_F(Records, AreListedByTheirTagsWithoutBeingRead) {
  folder.records.write_pending(record);
  folder.records.mark_live(first);
  folder.records.write_pending(record);
  folder.records.write_pending({.attachment = second});
  write(pending(cni::Tag{5}), "{");
  write(file("live/foreign"), "");
  std::vector<cni::Tag> expected{cni::Tag{5}, first_tag, second_tag};
  std::ranges::sort(expected);
  EXPECT_EQ(folder.records.tags("net"), expected);
  EXPECT_TRUE(folder.records.tags("other").empty());
}

TEST_F(Records, AreInANetworkThatIsFoundByTheTag) {
  const cni::Attachment other{.network = "net2", .container = "c1", .interface = "eth0"};
  folder.records.write_pending(record);
  folder.records.write_pending({.attachment = other});
  EXPECT_EQ(folder.records.find_network(first_tag), "net");
  EXPECT_EQ(folder.records.find_network(cni::tag_of(other)), "net2");
  EXPECT_EQ(folder.records.find_network(second_tag), std::nullopt);
}

TEST_F(Records, ContainTheIndexesOfTheEndsWhenTheyAreLive) {
  folder.records.write_pending(record);
  const auto size = fs::file_size(pending(first_tag));
  folder.records.mark_live(first, {.host = 4'000'000'000, .container = 7});
  auto expected = record;
  expected.ends = {.host = 4'000'000'000, .container = 7};
  EXPECT_EQ(folder.records.find(first)->record, expected);
  EXPECT_EQ(folder.records.find(first)->stage, state::Stage::live);
  EXPECT_EQ(fs::file_size(live(first_tag)), size);
}

TEST_F(Records, ContainTheIndexesWhenAnotherCallHasWrittenThem) {
  folder.records.write_pending(record);
  auto another = state::Folder::open(root, root);
  another.records.write_pending({.attachment = second});
  another.records.mark_live(first, {.host = 5, .container = 6});
  auto expected = record;
  expected.ends = {.host = 5, .container = 6};
  EXPECT_EQ(folder.records.find(first)->record, expected);
  EXPECT_FALSE(folder.records.find(second)->record->ends.host);
}

TEST_F(Records, KeepTheIndexesThatTheyContain) {
  auto known = record;
  known.ends = {.host = 5, .container = 6};
  folder.records.write_pending(known);
  folder.records.mark_live(first);
  EXPECT_EQ(folder.records.find(first)->record, known);
}

TEST_F(Records, BecomeLiveIfTheyAreUnreadable) {
  write(pending(first_tag), "damaged");
  fs::create_directories(file("live"));
  folder.records.mark_live(first, {.host = 5, .container = 6});
  EXPECT_EQ(folder.records.find(first)->stage, state::Stage::live);
  EXPECT_EQ(content_of(live(first_tag)), "damaged");
}

/// The last written record is open until it is live.
TEST_F(Records, KeepNoOtherFileOpen) {
  const auto open_files = [] {
    return std::distance(fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{});
  };
  const auto before = open_files();
  folder.records.write_pending({.attachment = second});
  folder.records.write_pending(record);
  auto newer = record;
  newer.addresses.push_back(address6);
  folder.records.write_pending(newer);
  EXPECT_EQ(open_files(), before + 1);
  newer.ends = {.host = 5, .container = 6};
  folder.records.mark_live(first, newer.ends);
  EXPECT_EQ(open_files(), before);
  EXPECT_EQ(folder.records.find(first)->record, newer);
}

TEST_F(Records, AreReadUpToTheLongestSize) {
  auto longest = record;
  longest.wiring = R"("")";
  const auto rest = state::longest_record - state::to_text(longest).size();
  longest.wiring = '"' + std::string(rest, 'x') + '"';
  folder.records.write_pending(longest);
  EXPECT_EQ(fs::file_size(pending(first_tag)), state::longest_record);
  EXPECT_EQ(folder.records.find(first)->record, longest);
}

TEST_F(Records, AreNotWrittenIfTheyAreTooLong) {
  folder.records.write_pending(record);
  auto too_long = record;
  too_long.wiring = R"("")";
  const auto rest = state::longest_record - state::to_text(too_long).size();
  too_long.wiring = '"' + std::string(rest + 1, 'x') + '"';
  EXPECT_EQ(
      test::error_text([&] { folder.records.write_pending(too_long); }),
      "7: the record of container \"c1\", interface \"eth0\", network \"net\" would have 67108865 bytes, more than "
      "67108864");
  EXPECT_EQ(folder.records.find(first)->record, record);
}

}  // namespace
