#include "plugin/state/blocks.hpp"

#include "plugin/state/folder.hpp"
#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using state::Block;

class Blocks : public testing::Test {
 protected:
  static Block block(std::uint32_t index) {
    const auto number = std::to_string(index);
    return {.index = index,
            .prefixes = {*cni::find_prefix("10.128." + number + ".0/26"),
                         *cni::find_prefix("fd00:244::" + number + ":0/122")},
            .pool = {*cni::find_prefix("10.128.0.0/9"), *cni::find_prefix("fd00:244::/48")}};
  }

  void put(const std::string& name, const std::string& text) const {
    fs::create_directories(root() + "/default");
    std::ofstream{root() + "/default/" + name} << text;
  }

  std::vector<Block> read() const { return state::read_blocks("default", root()); }
  void write(std::uint32_t index) const { state::write_block("default", block(index), root()); }

  bool remove(std::uint32_t index, bool is_in_use = false) const {
    return state::remove_block(
        "default", index, [&](const Block&) { return is_in_use; }, root());
  }

  std::string root() const { return directory_.path() + "/lib/blocks"; }

 private:
  test::TemporaryDirectory directory_;
};

TEST_F(Blocks, AreReadAsTheyWereWritten) {
  for (const std::uint32_t index : {163U, 7U, 0U}) write(index);
  EXPECT_EQ(read(), (std::vector<Block>{block(0), block(7), block(163)}));
  EXPECT_TRUE(fs::exists(root() + "/default/0000a3"));
  write(7);
  EXPECT_EQ(read().size(), 3U);
}

TEST_F(Blocks, AreNoneWithoutAFolder) {
  EXPECT_TRUE(read().empty());
  EXPECT_FALSE(state::lock_blocks("default", root()));
  EXPECT_TRUE(remove(1));
}

TEST_F(Blocks, HaveNamesOfSixDigits) {
  EXPECT_EQ(state::block_file_name(0), "000000");
  EXPECT_EQ(state::block_file_name(0xa3), "0000a3");
  EXPECT_EQ(state::block_file_name(0xffffff), "ffffff");
}

TEST_F(Blocks, IgnoreOtherFiles) {
  for (const char* name : {"0000a3.1234", "lock", "A3", "0000A3", "a3", "00000000"}) put(name, "?");
  EXPECT_TRUE(read().empty());
}

TEST_F(Blocks, ThatAreDamagedAreReportedWithTheirPathAndKept) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"prefixes":["10.0.0.0/26"]})", R"({"prefixes":[],"pool":["10.0.0.0/8"]})",
        R"({"prefixes":["10.0.0.0"],"pool":["10.0.0.0/8"]})"}) {
    put("0000a3", text);
    const auto error = test::error_text([&] { read(); });
    EXPECT_EQ(error.find("5: cannot read the block of addresses in \"" + root() + "/default/0000a3\": "), 0U)
        << text << ": " << error;
    EXPECT_FALSE(remove(0xa3)) << text;
    EXPECT_TRUE(fs::exists(root() + "/default/0000a3"));
  }
}

TEST_F(Blocks, AreRemovedUnlessTheyAreInUse) {
  write(3);
  EXPECT_FALSE(remove(3, true));
  EXPECT_EQ(read().size(), 1U);
  EXPECT_TRUE(remove(3));
  EXPECT_TRUE(read().empty());
  EXPECT_TRUE(remove(3));
}

/// An ADD between reading the blocks and taking an address.
TEST_F(Blocks, AreNotRemovedWhileTheyAreLocked) {
  write(3);
  auto lock = state::lock_blocks("default", root());
  const auto second = state::lock_blocks("default", root());
  EXPECT_TRUE(lock);
  EXPECT_TRUE(second);
  bool is_removed = false;
  std::thread removing{[&] { is_removed = remove(3); }};
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  EXPECT_EQ(read().size(), 1U);
  lock.close();
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  EXPECT_EQ(read().size(), 1U);
  const_cast<posix::FileDescriptor&>(second).close();
  removing.join();
  EXPECT_TRUE(is_removed);
}

TEST_F(Blocks, AreInUseWhileAnAddressIsTakenInAnyNetwork) {
  const test::TemporaryDirectory run;
  EXPECT_FALSE(state::has_taken_address(block(3), run.path() + "/state"));
  auto folder = state::Folder::open(run.path() + "/state", run.path() + "/state");
  EXPECT_FALSE(state::has_taken_address(block(3), run.path() + "/state"));
  folder.addresses.take("net", *cni::find_address("10.128.3.9"), cni::Tag{1});
  EXPECT_TRUE(state::has_taken_address(block(3), run.path() + "/state"));
  EXPECT_FALSE(state::has_taken_address(block(4), run.path() + "/state"));
  folder.addresses.take("other", *cni::find_address("fd00:244::4:9"), cni::Tag{1});
  EXPECT_TRUE(state::has_taken_address(block(4), run.path() + "/state"));
}

}  // namespace
