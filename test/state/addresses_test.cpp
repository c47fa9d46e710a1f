#include "plugin/state/addresses.hpp"

#include "test/state/opened_folder.hpp"

#include <filesystem>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using Addresses = test::OpenedFolder;

TEST_F(Addresses, BelongToTheirHolder) {
  for (const auto& each : {address, address6}) {
    EXPECT_FALSE(folder.addresses.is_taken("net", each));
    EXPECT_TRUE(folder.addresses.take("net", each, first_tag));
    EXPECT_FALSE(folder.addresses.take("net", each, second_tag));
    EXPECT_FALSE(folder.addresses.take("net", each, first_tag));
    EXPECT_TRUE(folder.addresses.is_taken("net", each));
    EXPECT_EQ(folder.addresses.holder("net", each), first_tag);
    EXPECT_FALSE(folder.addresses.release("net", each, second_tag));
    EXPECT_TRUE(folder.addresses.release("net", each, first_tag));
    EXPECT_FALSE(folder.addresses.release("net", each, first_tag));
    EXPECT_FALSE(folder.addresses.is_taken("net", each));
  }
}

TEST_F(Addresses, AreTakenSeparatelyInEachNetwork) {
  EXPECT_TRUE(folder.addresses.take("net", address, first_tag));
  EXPECT_TRUE(folder.addresses.take("net2", address, second_tag));
  EXPECT_EQ(folder.addresses.holder("net2", address), second_tag);
}

TEST_F(Addresses, AreTakenByFilesOfOtherPrograms) {
  write(file("addresses/10.1.2.3"), "another program");
  EXPECT_TRUE(folder.addresses.is_taken("net", address));
  EXPECT_FALSE(folder.addresses.take("net", address, first_tag));
  EXPECT_FALSE(folder.addresses.holder("net", address).has_value());
  EXPECT_FALSE(folder.addresses.release("net", address, first_tag));
}

TEST_F(Addresses, AreListedWithTheirHolders) {
  EXPECT_TRUE(folder.addresses.list("net").empty());
  folder.addresses.take("net", address6, second_tag);
  folder.addresses.take("net", address, first_tag);
  write(file("addresses/10.1.2.9"), "");
  write(file("addresses/notes"), "");
  write(file("addresses/FD00::9"), "");
  EXPECT_EQ(folder.addresses.list_addresses("net"),
            (std::vector<cni::IpAddress>{address, *cni::find_address("10.1.2.9"), address6}));
  const auto taken = folder.addresses.list("net");
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(taken[0].holder, first_tag);
  EXPECT_EQ(taken[1].holder, std::nullopt);
  EXPECT_EQ(taken[2].holder, second_tag);
}

TEST_F(Addresses, AreFoundByTheirHolder) {
  folder.addresses.take("net", address6, first_tag);
  folder.addresses.take("net", address, first_tag);
  folder.addresses.take("net", *cni::find_address("10.1.2.4"), second_tag);
  EXPECT_EQ(folder.addresses.held_by("net", first_tag), (std::vector{address, address6}));
  EXPECT_TRUE(folder.addresses.held_by("other", first_tag).empty());
}

TEST_F(Addresses, HaveACursorForEachSet) {
  const state::Cursors none(2);
  EXPECT_EQ(folder.addresses.cursors("net", 2), none);
  const state::Cursors both{address, address6};
  folder.addresses.set_cursors("net", both);
  EXPECT_EQ(folder.addresses.cursors("net", 2), both);
  const state::Cursors second{std::nullopt, address6};
  folder.addresses.set_cursors("net", second);
  EXPECT_EQ(folder.addresses.cursors("net", 2), second);
  EXPECT_EQ(folder.addresses.cursors("net", 1), state::Cursors{std::nullopt});
  EXPECT_EQ(folder.addresses.cursors("net", 3), (state::Cursors{std::nullopt, address6, std::nullopt}));
}

TEST_F(Addresses, HaveAListOfFreeOnesForEachSet) {
  EXPECT_TRUE(folder.addresses.free_list("net", 0).empty());
  folder.addresses.set_free_list("net", 0, {*cni::find_address("10.1.2.4"), address});
  folder.addresses.set_free_list("net", 1, {address6});
  EXPECT_EQ(folder.addresses.free_list("net", 0), (std::vector{address, *cni::find_address("10.1.2.4")}));
  EXPECT_EQ(folder.addresses.free_list("net", 1), std::vector{address6});
  folder.addresses.set_free_list("net", 0, {});
  EXPECT_FALSE(fs::exists(file("free.0")));
}

TEST_F(Addresses, IgnoreADamagedListOfFreeOnes) {
  for (const auto* text : {"", "\n\n", "10.1.2.3", "\n10.1.2.3\n10.1.2.", "10.1.2.3\nfree\n\n"}) {
    write(file("free.0"), text);
    const auto found = folder.addresses.free_list("net", 0);
    EXPECT_TRUE(found.empty() || found == std::vector{address}) << text;
  }
  write(file("free.0"), std::string(1U << 20U, '1'));
  EXPECT_TRUE(folder.addresses.free_list("net", 0).empty());
  fs::remove(file("free.0"));
  fs::create_directories(file("free.0/inner"));
  EXPECT_TRUE(folder.addresses.free_list("net", 0).empty());
  folder.addresses.set_free_list("net", 0, {address});
  EXPECT_EQ(folder.addresses.free_list("net", 0), std::vector{address});
}

/// The target of a symbolic link has at most 4095 bytes.
TEST_F(Addresses, HaveCursorsForAsManySetsAsFit) {
  const state::Cursors many(1000, cni::find_address("fd00:1111:2222:3333:4444:5555:6666:7777"));
  folder.addresses.set_cursors("net", many);
  const auto found = folder.addresses.cursors("net", many.size());
  EXPECT_EQ(found.front(), many.front());
  EXPECT_EQ(found[99], many[99]);
  EXPECT_EQ(found.back(), std::nullopt);
}

TEST_F(Addresses, ReplaceACursorThatIsNotASymlink) {
  const std::function<void()> plants[] = {
      [&] { write(file("cursor"), "10.1.2.3"); },
      [&] { fs::create_symlink("not an address", file("cursor")); },
      [&] { fs::create_directories(file("cursor/inner")); },
      [&] { fs::create_symlink("10.9.9.9", file(".cursor")); },
  };
  for (std::size_t index = 0; index < std::size(plants); ++index) {
    plants[index]();
    EXPECT_EQ(folder.addresses.cursors("net", 1), state::Cursors{std::nullopt}) << index;
    folder.addresses.set_cursors("net", {address});
    EXPECT_EQ(folder.addresses.cursors("net", 1), state::Cursors{address}) << index;
    fs::remove(file("cursor"));
  }
}

}  // namespace
