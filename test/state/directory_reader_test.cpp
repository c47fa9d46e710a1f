#include "plugin/state/directory_reader.hpp"

#include "plugin/posix/files.hpp"
#include "test/support/temporary_directory.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

class DirectoryReaderTest : public testing::TestWithParam<std::size_t> {
 protected:
  std::set<std::string> names() const {
    const auto opened = posix::open_file(AT_FDCWD, directory.path(), O_RDONLY | O_DIRECTORY);
    state::DirectoryReader reader{opened.get(), GetParam()};
    std::set<std::string> names;
    while (const auto entry = reader.next()) names.emplace(entry->name);
    return names;
  }

  test::TemporaryDirectory directory;
};

TEST_P(DirectoryReaderTest, FindsNothingInAnEmptyDirectory) { EXPECT_TRUE(names().empty()); }

TEST_P(DirectoryReaderTest, FindsEachNameOnce) {
  std::set<std::string> expected{".hidden", std::string(255, 'x')};
  for (int number = 0; number < 500; ++number) expected.insert("name-" + std::to_string(number));
  for (const auto& name : expected) posix::open_file(AT_FDCWD, directory.path() + "/" + name, O_CREAT | O_WRONLY);
  EXPECT_EQ(names(), expected);
}

INSTANTIATE_TEST_SUITE_P(Rooms, DirectoryReaderTest,
                         testing::Values(state::DirectoryReader::small_buffer, state::DirectoryReader::large_buffer));

TEST(DirectoryReader, ReportsTheTypeOfADirectory) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() + "/inner");
  const auto opened = posix::open_file(AT_FDCWD, directory.path(), O_RDONLY | O_DIRECTORY);
  state::DirectoryReader reader{opened.get()};
  const auto entry = reader.next();
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->type, DT_DIR);
}

}  // namespace
