#include "plugin/cni/version.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

TEST(Version, IsFoundByItsName) {
  for (const Version version : all_versions) EXPECT_EQ(find_version(to_string(version)), version);
  EXPECT_EQ(to_string(Version::v0_1_0), "0.1.0");
  EXPECT_EQ(to_string(newest_version), "1.1.0");
}

TEST(Version, HasNoOtherNames) {
  for (const char* name : {"", "1", "1.0", "1.1.0 ", " 1.1.0", "1.1.1", "9.0.0", "v1.0.0", "0.3.2"}) {
    EXPECT_EQ(find_version(name), std::nullopt) << name;
  }
}

TEST(Version, HasThreeResultFormats) {
  EXPECT_TRUE(same_result_format(Version::v0_1_0, Version::v0_2_0));
  EXPECT_TRUE(same_result_format(Version::v0_3_0, Version::v0_4_0));
  EXPECT_TRUE(same_result_format(Version::v1_0_0, Version::v1_1_0));
  EXPECT_FALSE(same_result_format(Version::v0_2_0, Version::v0_3_0));
  EXPECT_FALSE(same_result_format(Version::v0_4_0, Version::v1_0_0));
}

constexpr std::string_view supported =
    R"("supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]})"
    "\n";

TEST(VersionAnswer, HasTheNewestVersionIfNoneWasRequested) {
  EXPECT_EQ(version_answer(""), R"({"cniVersion":"1.1.0",)" + std::string(supported));
}

TEST(VersionAnswer, EchoesTheRequestedVersion) {
  EXPECT_EQ(version_answer("0.4.0"), R"({"cniVersion":"0.4.0",)" + std::string(supported));
  EXPECT_EQ(version_answer("a\"\\\n\xff"), R"({"cniVersion":"a\"\\\n)"
                                           "\xEF\xBF\xBD"
                                           R"(",)" +
                                               std::string(supported));
}

}  // namespace
}  // namespace cni
