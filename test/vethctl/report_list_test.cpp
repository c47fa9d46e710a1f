#include "plugin/vethctl/report/list.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

using test::wide;

TEST(List, IsATableWithoutEmptyColumns) {
  EXPECT_EQ(report::list({test::routed("web")}, wide),
            "NETWORK  CONTAINER  INTERFACE  NAMESPACE  MODE  HOST INTERFACE  ADDRESSES    AGE  STATE\n"
            "net      web        eth0       web        ptp   veth-web        10.1.2.2/24  1m   live\n");
}

TEST(List, ShowsTheOtherEndOfAPairBetweenNamespaces) {
  const auto text = report::list({test::joined("red", "blue")}, wide);
  EXPECT_NE(text.find("eth1 in blue"), std::string::npos) << text;
}

TEST(List, ShowsPortsIfThereAreAny) {
  auto attachment = test::routed("web");
  attachment.ports = {"8080:80/tcp", "53:53/udp"};
  const auto text = report::list({attachment}, wide);
  EXPECT_NE(text.find("PORTS"), std::string::npos) << text;
  EXPECT_NE(text.find("8080:80/tcp 53:53/udp"), std::string::npos) << text;
}

TEST(List, FitsTheTerminal) {
  auto attachment = test::routed(std::string(100, 'x'));
  EXPECT_EQ(report::list({attachment}, 80), "NETWORK  CONTAINER" + std::string(33, ' ') +
                                                "INTERFACE  ADDRESSES    STATE\n" + "net      " + std::string(39, 'x') +
                                                "…  eth0       10.1.2.2/24  live\n");
}

/// An attachment of containerd on a dual-stack node.
TEST(List, ShowsTheAddressesInEightyColumns) {
  auto attachment = test::routed(std::string(64, 'a'));
  attachment.netns = "/var/run/netns/cni-0c1e5c2e-31a5-8a1d-6e50-d2d1b3b1a9d4";
  attachment.addresses = {test::prefix("10.244.0.112/24"), test::prefix("fd00:10:244::112/64")};
  EXPECT_EQ(report::list({attachment}, 80),
            "NETWORK  CONTAINER     INTERFACE  ADDRESSES                            STATE\n"
            "net      aaaaaaaaaaaa  eth0       10.244.0.112/24 fd00:10:244::112/64  live\n");
}

TEST(List, ReportsThatThereAreNoAttachments) { EXPECT_EQ(report::list({}, wide), "no attachments\n"); }

}  // namespace
