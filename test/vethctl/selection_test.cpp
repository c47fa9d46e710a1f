#include "plugin/vethctl/selection.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/vethctl/command.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

const std::vector<inspect::Attachment> attachments{test::bridged("web", "cni0"), test::routed("database"),
                                                   test::routed("data"), test::routed("web-2")};

std::string error_of(const auto& act) {
  try {
    act();
  } catch (const vethctl::UsageError& error) {
    return "usage: " + error.message + "; " + error.details;
  } catch (const cni::Error& error) {
    return error.what();
  }
  return {};
}

TEST(SelectOne, ReturnsTheOnlyAttachment) {
  EXPECT_EQ(vethctl::select_one(attachments, "datab").identity.container, "database");
  EXPECT_EQ(vethctl::select_one(attachments, "data").identity.container, "data");
}

TEST(SelectOne, ListsTheCandidates) {
  EXPECT_EQ(
      error_of([] { vethctl::select_one(attachments, "dat"); }),
      "usage: \"dat\" is ambiguous: it matches net/database/eth0, net/data/eth0; give NETWORK/CONTAINER/INTERFACE, "
      "as listed");
}

TEST(SelectOne, ListsSimilarNamesIfNoneMatches) {
  EXPECT_EQ(error_of([] { vethctl::select_one(attachments, "wbe"); }),
            "there is no attachment \"wbe\"; similar names: lan/web/eth0");
  EXPECT_EQ(error_of([] { vethctl::select_one(attachments, "c1"); }),
            "there is no attachment \"c1\"; known attachments: lan/web/eth0, net/database/eth0, net/data/eth0, "
            "net/web-2/eth0");
  EXPECT_EQ(error_of([] { vethctl::select_one({}, "c1"); }),
            "there is no attachment \"c1\"; the node has no attachments");
}

TEST(SelectOne, ListsTenCandidatesAtMost) {
  std::vector<inspect::Attachment> many;
  for (int i = 10; i < 22; ++i) many.push_back(test::routed("c" + std::to_string(i)));
  const auto text = error_of([&] { vethctl::select_one(many, "c"); });
  EXPECT_NE(text.find("net/c19/eth0 and 2 more; "), std::string::npos) << text;
}

TEST(Select, ReturnsAllAttachmentsOfOneName) {
  auto all = attachments;
  all.push_back(test::routed("data"));
  all.back().identity.interface = "net1";
  EXPECT_EQ(vethctl::select(all, "data").size(), 2U);
  EXPECT_EQ(vethctl::select(all, "10.1.2.2").size(), all.size());
  EXPECT_TRUE(error_of([&] { vethctl::select(all, "we"); }).starts_with("usage: \"we\" is ambiguous: "));
}

}  // namespace
