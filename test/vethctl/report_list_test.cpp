#include "plugin/vethctl/report/list.hpp"
#include "plugin/vethctl/report/style.hpp"
#include "test/vethctl/nodes.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace {

using test::wide;

std::string list(const std::vector<inspect::Attachment>& attachments, std::size_t width) {
  return report::list(attachments, {.width = width});
}

TEST(List, IsATableWithoutEmptyColumns) {
  EXPECT_EQ(list({test::routed("web")}, wide),
            "NETWORK  CONTAINER  INTERFACE  NAMESPACE  MODE  ADDRESSES    OTHER END  AGE  STATE\n"
            "net      web        eth0       web        ptp   10.1.2.2/24  veth-web   1m   live\n");
}

TEST(List, ShowsBothEndsAndThePortOfABridge) {
  const auto text = list({test::joined("red", "blue"), test::bridged("web", "cni0")}, wide);
  EXPECT_NE(text.find("  10.1.2.2/24  blue:eth1 10.1.2.3/24  "), std::string::npos) << text;
  EXPECT_NE(text.find("  10.1.2.2/24  veth-web port of cni0  "), std::string::npos) << text;
}

TEST(List, ShowsPortsIfThereAreAny) {
  auto attachment = test::routed("web");
  attachment.ports = {"8080:80/tcp", "53:53/udp"};
  for (const std::size_t width : {wide, std::size_t{80}}) {
    const auto text = list({attachment}, width);
    EXPECT_NE(text.find("PORTS"), std::string::npos) << text;
    EXPECT_NE(text.find("8080:80/tcp"), std::string::npos) << text;
  }
}

TEST(List, WrapsLongNames) {
  EXPECT_EQ(list({test::routed(std::string(50, 'x'))}, 80),
            "NETWORK  CONTAINER" + std::string(33, ' ') + "INTERFACE  ADDRESSES    STATE\n" + "net      " +
                std::string(40, 'x') + "  eth0       10.1.2.2/24  live\n         " + std::string(10, 'x') + "\n");
}

TEST(List, LosesNothingInFiftyColumns) {
  EXPECT_EQ(list({test::joined("red", "blue")}, 50),
            "NETWORK    cable\n"
            "CONTAINER  red\n"
            "INTERFACE  eth0\n"
            "ADDRESSES  10.1.2.2/24\n"
            "OTHER END  blue:eth1 10.1.2.3/24\n"
            "STATE      live\n");
}

/// An attachment of containerd on a dual-stack node.
inspect::Attachment pod() {
  auto attachment = test::routed(std::string(64, 'a'));
  attachment.netns = "/var/run/netns/cni-0c1e5c2e-31a5-8a1d-6e50-d2d1b3b1a9d4";
  attachment.addresses = {test::prefix("10.244.0.112/24"), test::prefix("fd00:10:244::112/64")};
  return attachment;
}

TEST(List, ShowsTheAddressesInEightyColumns) {
  EXPECT_EQ(list({pod()}, 80),
            "NETWORK  CONTAINER     INTERFACE  ADDRESSES                            STATE\n"
            "net      aaaaaaaaaaaa  eth0       10.244.0.112/24 fd00:10:244::112/64  live\n");
}

TEST(List, IsCompleteIfItIsWide) {
  const auto text = report::list({pod()}, {.width = 80, .is_wide = true});
  EXPECT_NE(text.find("OTHER END"), std::string::npos) << text;
  EXPECT_NE(text.find(std::string(64, 'a')), std::string::npos) << text;
  EXPECT_NE(text.find(pod().netns), std::string::npos) << text;
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
}

TEST(List, ColoursStates) {
  const auto text = report::list({test::in_state(pod(), inspect::State::broken)}, {.width = 80, .is_coloured = true});
  EXPECT_NE(text.find(report::styled(report::Style::red, "broken")), std::string::npos) << text;
}

TEST(List, ReportsThatThereAreNoAttachments) {
  EXPECT_EQ(list({}, wide), "no attachments\n");
  EXPECT_EQ(report::list({}, {.has_headings = false}), "");
}

}  // namespace
