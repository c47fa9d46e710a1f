#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "test/vethctl/nodes.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

namespace {

using Names = std::vector<std::string>;

std::vector<inspect::Attachment> node() {
  auto data = test::routed("data");
  data.addresses = {test::prefix("10.1.2.7/24"), test::prefix("fd00::7/64")};
  auto second = test::routed("data");
  second.identity.interface = "net1";
  second.host_interface = "veth-second";
  second.addresses = {test::prefix("10.9.0.7/24")};
  auto cable = test::joined("red", "blue");
  cable.addresses = {test::prefix("192.168.10.1/24")};
  cable.peer_addresses = {test::prefix("192.168.10.2/24")};
  auto web = test::bridged("web", "cni0");
  web.addresses = {test::prefix("10.5.0.2/24")};
  return {cable, web, test::routed("database"), data, second, test::routed("web-2")};
}

/// Process 42 is in the namespace of "red", process 1 in that of the host.
std::optional<inspect::NamespaceId> id_of(const std::string& path) {
  const std::map<std::string, inspect::NamespaceId> known{{"/proc/42/ns/net", {4, 1}},
                                                          {"/run/netns/red", {4, 1}},
                                                          {"/tmp/red", {4, 1}},
                                                          {"/run/netns/blue", {4, 2}},
                                                          {"/proc/1/ns/net", {4, 3}}};
  const auto found = known.find(path);
  return found == known.end() ? std::nullopt : std::optional{found->second};
}

Names names(const inspect::Candidates& found) {
  Names all;
  for (const auto* attachment : found) all.push_back(inspect::name_of(*attachment));
  return all;
}

Names found(const std::string& word) {
  const auto attachments = node();
  return names(inspect::find_attachments(attachments, word, id_of));
}

TEST(FindAttachments, AcceptsEachKindOfName) {
  struct Case {
    std::string word;
    Names found;
  };
  for (const auto& [word, expected] : {Case{"net/database/eth0", {"net/database/eth0"}},
                                       Case{"database", {"net/database/eth0"}},
                                       Case{"datab", {"net/database/eth0"}},
                                       Case{"data/net1", {"net/data/net1"}},
                                       Case{"data:net1", {"net/data/net1"}},
                                       Case{"veth-database", {"net/database/eth0"}},
                                       Case{"host:veth-second", {"net/data/net1"}},
                                       Case{"10.9.0.7", {"net/data/net1"}},
                                       Case{"10.9.0.7/24", {"net/data/net1"}},
                                       Case{"FD00:0::0007", {"net/data/eth0"}},
                                       Case{"[fd00::7]", {"net/data/eth0"}},
                                       Case{"::ffff:10.1.2.7", {"net/data/eth0"}},
                                       Case{"192.168.10.2", {"cable/red/eth0"}},
                                       Case{"blue", {"cable/red/eth0"}},
                                       Case{"blue:eth1", {"cable/red/eth0"}},
                                       Case{"red:eth0", {"cable/red/eth0"}},
                                       Case{"/run/netns/blue", {"cable/red/eth0"}},
                                       Case{"/tmp/red", {"cable/red/eth0"}},
                                       Case{"42", {"cable/red/eth0"}},
                                       Case{"42:eth0", {"cable/red/eth0"}},
                                       Case{"cable", {"cable/red/eth0"}},
                                       Case{"lan", {"lan/web/eth0"}}}) {
    EXPECT_EQ(found(word), expected) << word;
  }
}

TEST(FindAttachments, PrefersAWholeName) {
  EXPECT_EQ(found("data"), (Names{"net/data/eth0", "net/data/net1"}));
  EXPECT_EQ(found("web"), Names{"lan/web/eth0"});
}

TEST(FindAttachments, ReturnsAllCandidates) {
  EXPECT_EQ(found("we"), (Names{"lan/web/eth0", "net/web-2/eth0"}));
  EXPECT_EQ(found("net").size(), 4U);
}

TEST(FindAttachments, ReturnsNoneForUnknownNames) {
  for (const auto* word :
       {"", "c1", "10.1.2.99", "fd00::99", "blue:eth0", "red:eth9", "1", "4242", "/run/netns/none"}) {
    EXPECT_EQ(found(word), Names{}) << word;
  }
}

TEST(FindAttachments, ComparesNamespacesOfTheSystem) {
  EXPECT_EQ(inspect::find_namespace_id("/proc/self/ns/net"), inspect::find_namespace_id("/proc/thread-self/ns/net"));
  EXPECT_EQ(inspect::find_namespace_id("/proc/self/none"), std::nullopt);
}

TEST(CommonBeginning, IsThatOfSeveralContainers) {
  const auto attachments = node();
  const auto is_common = [&](const std::string& word) {
    return inspect::is_common_beginning(inspect::find_attachments(attachments, word, id_of), word);
  };
  EXPECT_TRUE(is_common("we"));
  EXPECT_FALSE(is_common("data"));
  EXPECT_FALSE(is_common("datab"));
  EXPECT_FALSE(is_common("net"));
}

TEST(FindSimilar, ReturnsMisspelledAndPartialNames) {
  const auto attachments = node();
  EXPECT_EQ(names(inspect::find_similar(attachments, "wbe")), Names{"lan/web/eth0"});
  EXPECT_EQ(names(inspect::find_similar(attachments, "base")), Names{"net/database/eth0"});
  EXPECT_EQ(names(inspect::find_similar(attachments, "xyz")), Names{});
}

}  // namespace
