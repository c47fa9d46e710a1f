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

TEST(List, SaysWhereTheOtherEndOfACableIs) {
  const auto text = report::list({test::joined("red", "blue")}, wide);
  EXPECT_NE(text.find("eth1 in blue"), std::string::npos) << text;
}

TEST(List, ShowsPortsWhereThereAreAny) {
  auto attachment = test::routed("web");
  attachment.ports = {"8080:80/tcp", "53:53/udp"};
  const auto text = report::list({attachment}, wide);
  EXPECT_NE(text.find("PORTS"), std::string::npos) << text;
  EXPECT_NE(text.find("8080:80/tcp 53:53/udp"), std::string::npos) << text;
}

TEST(List, FitsTheTerminal) {
  auto attachment = test::routed(std::string(100, 'x'));
  EXPECT_EQ(report::list({attachment}, 80),
            "NETWORK  CONTAINER  INTERFACE  NAMESPACE  MODE  HOST INT…  ADDRESSES  AGE  STATE\n"
            "net      xxxxxxxx…  eth0       xxxxxxxx…  ptp   veth-xxx…  10.1.2.2…  1m   live\n");
}

TEST(List, SaysThatNothingIsAttached) { EXPECT_EQ(report::list({}, wide), "nothing is attached\n"); }

}  // namespace
