#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "test/support/error_text.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

const std::vector<inspect::Attachment> attachments{test::bridged("web", "cni0"), test::routed("database"),
                                                   test::routed("data"), test::routed("web-2")};

std::string found(const std::string& name) { return inspect::name_of(inspect::find_attachment(attachments, name)); }

std::string refusal(const std::string& name) {
  return test::error_text([&] { inspect::find_attachment(attachments, name); });
}

TEST(FindAttachment, AcceptsNamesContainersAndHostInterfaces) {
  EXPECT_EQ(found("net/database/eth0"), "net/database/eth0");
  EXPECT_EQ(found("database"), "net/database/eth0");
  EXPECT_EQ(found("datab"), "net/database/eth0");
  EXPECT_EQ(found("veth-database"), "net/database/eth0");
}

TEST(FindAttachment, PrefersAnExactMatch) {
  EXPECT_EQ(found("data"), "net/data/eth0");
  EXPECT_EQ(found("web"), "lan/web/eth0");
}

TEST(FindAttachment, ListsTheCandidates) {
  EXPECT_EQ(refusal("dat"), "4: \"dat\" is ambiguous: it matches net/database/eth0, net/data/eth0");
}

TEST(FindAttachment, ListsTheAttachmentsIfNoneMatches) {
  EXPECT_EQ(refusal("c1"), "4: there is no attachment \"c1\"");
  try {
    inspect::find_attachment(attachments, "c1");
  } catch (const cni::Error& error) {
    EXPECT_EQ(error.details, "known attachments: lan/web/eth0, net/database/eth0, net/data/eth0, net/web-2/eth0");
  }
}

TEST(FindAttachment, ReportsThatThereAreNoAttachments) {
  try {
    inspect::find_attachment({}, "c1");
    ADD_FAILURE();
  } catch (const cni::Error& error) {
    EXPECT_EQ(error.details, "the node has no attachments");
  }
}

TEST(FindAttachment, ListsTenCandidatesAtMost) {
  std::vector<inspect::Attachment> many;
  for (int i = 10; i < 22; ++i) many.push_back(test::routed("c" + std::to_string(i)));
  const auto text = test::error_text([&] { inspect::find_attachment(many, "c"); });
  EXPECT_TRUE(text.ends_with("net/c19/eth0 and 2 more")) << text;
}

}  // namespace
