#include "plugin/state/gateways.hpp"

#include "test/state/opened_folder.hpp"

#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using Claims = std::vector<state::GatewayClaim>;

class Gateways : public test::OpenedFolder {
 protected:
  std::string entry(const std::string& name) const { return folder.path() + "/gateways/" + name; }

  state::Gateways& gateways = folder.gateways;
  const cni::IpAddress gateway = *cni::find_address("fd00:1:2::1");
  const cni::IpAddress another = *cni::find_address("fd00:9::1");
};

TEST_F(Gateways, ExistOnceTheyAreCreated) {
  EXPECT_FALSE(gateways.are_claims_complete());
  gateways.mark_claims_complete();
  EXPECT_TRUE(gateways.are_claims_complete());
  gateways.mark_claims_complete();
  EXPECT_TRUE(gateways.claims().empty());
}

TEST_F(Gateways, AreNotClaimedAtFirst) {
  EXPECT_FALSE(gateways.is_claimed(gateway));
  EXPECT_TRUE(gateways.release(gateway, first_tag));
  EXPECT_TRUE(gateways.claims().empty());
  EXPECT_TRUE(gateways.claimed_by(first_tag).empty());
  EXPECT_FALSE(fs::exists(folder.path() + "/gateways"));
}

TEST_F(Gateways, AreClaimedUntilTheLastAttachmentReleasesThem) {
  gateways.claim(gateway, first_tag);
  gateways.claim(gateway, first_tag);
  gateways.claim(gateway, second_tag);
  EXPECT_TRUE(gateways.is_claimed(gateway));
  EXPECT_FALSE(gateways.release(gateway, first_tag));
  EXPECT_FALSE(gateways.release(gateway, first_tag));
  EXPECT_TRUE(gateways.is_claimed(gateway));
  EXPECT_TRUE(gateways.release(gateway, second_tag));
  EXPECT_FALSE(gateways.is_claimed(gateway));
  EXPECT_FALSE(fs::exists(entry("fd00:1:2::1")));
}

TEST_F(Gateways, AreSymbolicLinks) {
  gateways.claim(gateway, first_tag);
  EXPECT_EQ(fs::read_symlink(entry("fd00:1:2::1/" + cni::to_string(first_tag))), "claim");
}

TEST_F(Gateways, AreFoundByTheTagOfAnAttachment) {
  gateways.claim(another, first_tag);
  gateways.claim(gateway, first_tag);
  gateways.claim(gateway, second_tag);
  EXPECT_EQ(gateways.claimed_by(first_tag), (std::vector{gateway, another}));
  EXPECT_EQ(gateways.claimed_by(second_tag), std::vector{gateway});
}

TEST_F(Gateways, AreListed) {
  gateways.mark_claims_complete();
  gateways.mark_unrecorded_users();
  gateways.claim(another, first_tag);
  gateways.claim(gateway, first_tag);
  write(entry("notes"), "");
  write(entry("FD00::9/" + cni::to_string(second_tag)), "");
  write(entry("fd00:9::1/notes"), "");
  EXPECT_EQ(gateways.claims(), (Claims{{gateway, first_tag}, {another, first_tag}}));
}

/// As left by a call that is killed between the two steps of a release.
TEST_F(Gateways, AreNotClaimedByAnEmptyDirectory) {
  fs::create_directories(entry("fd00:1:2::1"));
  EXPECT_FALSE(gateways.is_claimed(gateway));
  EXPECT_TRUE(gateways.release(gateway, first_tag));
  EXPECT_FALSE(fs::exists(entry("fd00:1:2::1")));
}

TEST_F(Gateways, AreClaimedByFilesOfOtherPrograms) {
  gateways.claim(gateway, first_tag);
  write(entry("fd00:1:2::1/notes"), "");
  EXPECT_FALSE(gateways.release(gateway, first_tag));
  EXPECT_TRUE(gateways.is_claimed(gateway));
}

TEST_F(Gateways, MayHaveUnrecordedUsers) {
  EXPECT_FALSE(gateways.has_unrecorded_users());
  gateways.mark_unrecorded_users();
  gateways.mark_unrecorded_users();
  EXPECT_TRUE(gateways.has_unrecorded_users());
  gateways.clear_unrecorded_users();
  gateways.clear_unrecorded_users();
  EXPECT_FALSE(gateways.has_unrecorded_users());
  EXPECT_FALSE(gateways.are_claims_complete()) << "only mark_claims_complete() completes the claims";
}

TEST_F(Gateways, ReportTheClaimThatFails) {
  write(folder.path() + "/gateways", "");
  EXPECT_EQ(test::error_text([&] { gateways.claim(gateway, first_tag); }),
            "claim the gateway \"" + entry("fd00:1:2::1/" + cni::to_string(first_tag)) + "\": Not a directory");
  EXPECT_FALSE(gateways.are_claims_complete());
  EXPECT_TRUE(gateways.claims().empty());
  EXPECT_TRUE(gateways.release(gateway, first_tag));
}

}  // namespace
