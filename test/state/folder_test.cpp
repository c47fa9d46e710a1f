#include "plugin/state/folder.hpp"

#include "test/state/opened_folder.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

class Folder : public test::OpenedFolder {
 protected:
  std::string refusal() const {
    return test::error_text([&] { folder.require_private("net"); });
  }
};

TEST_F(Folder, HasNetworksOfAnyName) {
  const std::set<std::string> names{"net", "locks", "data-dirs", "gateways", "cursor", std::string(200, 'n')};
  for (const auto& name : names) {
    EXPECT_TRUE(folder.addresses.take(name, address, first_tag)) << name;
    folder.addresses.set_cursors(name, {address});
    folder.records.write_pending({.attachment = {.network = name, .container = "c", .interface = "e"}});
    EXPECT_TRUE(folder.records.has_any(name)) << name;
  }
  std::ofstream{folder.path() + "/file"} << "x";
  const auto networks = folder.records.networks();
  EXPECT_EQ((std::set<std::string>{networks.begin(), networks.end()}), names);
}

/// Earlier versions used this directory for a network called "gateways".
TEST_F(Folder, MayHaveANetworkAndClaimsInOneDirectory) {
  const cni::Attachment attachment{.network = "gateways", .container = "c", .interface = "e"};
  const auto tag = cni::tag_of(attachment);
  write(folder.path() + "/gateways/live/" + cni::to_string(tag), state::to_text({.attachment = attachment}));
  EXPECT_FALSE(folder.gateways.are_claims_complete());
  EXPECT_EQ(folder.records.networks(), std::vector<std::string>{"gateways"});
  folder.gateways.mark_claims_complete();
  folder.gateways.claim(address6, tag);
  folder.addresses.take("gateways", address, tag);
  EXPECT_EQ(folder.records.find(attachment)->record->attachment, attachment);
  EXPECT_EQ(folder.addresses.list_addresses("gateways"), std::vector{address});
  EXPECT_EQ(folder.gateways.claims().size(), 1U);
  folder.records.remove("gateways", tag);
  EXPECT_TRUE(folder.gateways.is_claimed(address6));
}

TEST_F(Folder, DoesNotListClaimsAsANetwork) {
  folder.gateways.mark_claims_complete();
  folder.gateways.claim(address6, first_tag);
  EXPECT_TRUE(folder.records.networks().empty());
}

TEST_F(Folder, CanBeUsedAfterAMove) {
  folder.records.write_pending(record);
  auto other = state::Folder::open(directory.path() + "/other", root);
  other = std::move(folder);
  other.records.mark_live(first, {.host = 5, .container = 6});
  EXPECT_EQ(other.records.find(first)->record->ends.container, 6U);
  EXPECT_TRUE(other.addresses.take("net", address, first_tag));
  other.gateways.claim(address6, first_tag);
  EXPECT_TRUE(fs::exists(root + "/" + fs::path{other.path()}.filename().string() + "/gateways/fd00::3"));
}

TEST_F(Folder, RejectsDirectoriesThatAreSymlinks) {
  folder.records.write_pending(record);
  folder.addresses.take("net", address, first_tag);
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

TEST_F(Folder, RejectsDirectoriesThatOtherUsersCanWrite) {
  folder.records.write_pending(record);
  ::chmod(file("pending").c_str(), 0722);
  EXPECT_EQ(refusal(), "100: state folder \"" + file("pending") + "\" can be written by others (mode 0722)");
}

TEST_F(Folder, ReadsNothingIfANetworkIsAFile) {
  std::ofstream{folder.path() + "/net"} << "x";
  EXPECT_TRUE(folder.records.list("net").empty());
  EXPECT_FALSE(folder.records.find(first).has_value());
  EXPECT_FALSE(folder.records.has_any("net"));
  EXPECT_TRUE(folder.addresses.list("net").empty());
  EXPECT_FALSE(folder.addresses.is_taken("net", address));
  EXPECT_FALSE(folder.records.remove("net", first_tag));
  EXPECT_EQ(test::error_text([&] { folder.addresses.take("net", address, first_tag); }),
            "take the address \"" + file("addresses/10.1.2.3") + "\": Not a directory");
}

}  // namespace
