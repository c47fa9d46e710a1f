#include "ipam/host_local_files.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/file_lock.hpp"
#include "plugin/posix/files.hpp"

#include <fcntl.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using ipam::HostLocalFiles;
using ipam::HostLocalHolder;

const HostLocalHolder holder_a{"a", "eth0"};

cni::IpAddress lease_address(const char* text) { return cni::find_address(text).value(); }

class HostLocalFilesTest : public testing::Test {
 protected:
  HostLocalFilesTest() { fs::remove_all(folder_); }
  ~HostLocalFilesTest() override { fs::remove_all(folder_); }

  HostLocalFiles open() const { return HostLocalFiles::open(folder_, "net"); }
  std::string path(const std::string& name) const { return folder_ + "/net/" + name; }

  std::string content(const std::string& name) const {
    std::ifstream file{path(name), std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  const std::string folder_ = testing::TempDir() + "host-local-files/deep";
};

TEST(ParseHostLocal, ReadsBothFormats) {
  const std::pair<const char*, HostLocalHolder> cases[] = {{"a\r\neth0", {"a", "eth0"}},
                                                           {"a\neth0\n", {"a", "eth0"}},
                                                           {" a \r\n eth0 ", {"a", "eth0"}},
                                                           {"a", {"a", ""}},
                                                           {"a\r\n", {"a", ""}},
                                                           {"", {"", ""}}};
  for (const auto& [text, holder] : cases) EXPECT_EQ(ipam::parse_host_local(text), holder) << text;
}

TEST_F(HostLocalFilesTest, HaveTheFormatOfTheReferencePlugin) {
  const auto files = open();
  EXPECT_TRUE(files.take(lease_address("10.0.0.2"), holder_a));
  EXPECT_TRUE(files.take(lease_address("fd00::2"), holder_a));
  files.set_last_reserved(1, lease_address("fd00::2"));
  EXPECT_EQ(content("10.0.0.2"), "a\r\neth0");
  EXPECT_EQ(content("fd00::2"), "a\r\neth0");
  EXPECT_EQ(content("last_reserved_ip.1"), "fd00::2");
  EXPECT_EQ(content("lock"), "");
  EXPECT_EQ(files.last_reserved(1), lease_address("fd00::2"));
  EXPECT_EQ(files.last_reserved(0), std::nullopt);
}

TEST_F(HostLocalFilesTest, GiveAnAddressOnce) {
  const auto files = open();
  EXPECT_TRUE(files.take(lease_address("10.0.0.2"), holder_a));
  EXPECT_FALSE(files.take(lease_address("10.0.0.2"), {"b", "eth0"}));
  EXPECT_EQ(files.holder_of(lease_address("10.0.0.2")), holder_a);
  files.release(lease_address("10.0.0.2"));
  files.release(lease_address("10.0.0.2"));
  EXPECT_EQ(files.holder_of(lease_address("10.0.0.2")), std::nullopt);
}

TEST_F(HostLocalFilesTest, ListOnlyLeases) {
  const auto files = open();
  for (const char* text : {"10.0.0.10", "10.0.0.9", "fd00::2"}) files.take(lease_address(text), holder_a);
  files.set_last_reserved(0, lease_address("10.0.0.10"));
  const std::vector<cni::IpAddress> all{lease_address("10.0.0.9"), lease_address("10.0.0.10"),
                                        lease_address("fd00::2")};
  EXPECT_EQ(files.taken(), all);
  EXPECT_EQ(files.held_by([](const auto& holder) { return holder == holder_a; }), all);
  EXPECT_EQ(files.held_by([](const auto& holder) { return holder.container == "b"; }).size(), 0U);
}

TEST_F(HostLocalFilesTest, FindCreatesNothing) {
  EXPECT_FALSE(HostLocalFiles::find(folder_, "net").has_value());
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(HostLocalFilesTest, AreLockedWhileTheyAreOpen) {
  std::optional files{open()};
  const auto other = posix::open_file(AT_FDCWD, path("lock"), O_RDONLY);
  EXPECT_FALSE(posix::take_file_lock(other, std::chrono::milliseconds{1}));
  files.reset();
  EXPECT_TRUE(posix::take_file_lock(other, std::chrono::milliseconds{1}));
}

}  // namespace
