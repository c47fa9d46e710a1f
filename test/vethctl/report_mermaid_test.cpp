#include "plugin/vethctl/report/mermaid.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Mermaid, IsAFlowchart) {
  EXPECT_EQ(report::mermaid(test::small_node()),
            R"(flowchart LR
  subgraph host["host node-1"]
    lo["lo<br/>fd00::1"]
    port0["veth-web"]
    subgraph bridge0["bridge cni0 up 10.88.0.1/16"]
      port1["veth-db"]
    end
  end
  subgraph space0["red"]
    space0_0["eth0<br/>10.1.2.2/24"]
  end
  subgraph space1["blue"]
    space1_0["eth1<br/>10.1.2.3/24"]
  end
  subgraph space2["db"]
    space2_0["eth0<br/>10.1.2.2/24"]
  end
  subgraph space3["web"]
    space3_0["eth0<br/>10.1.2.2/24"]
  end
  port0 ---|"net"| space3_0
  port1 ---|"lan"| space2_0
  space1_0 ---|"cable"| space0_0
)");
}

TEST(Mermaid, DrawsAttachmentsThatAreNotLiveDashed) {
  const auto text =
      report::mermaid({.hostname = "n", .attachments = {test::in_state(test::routed("c"), inspect::State::broken)}});
  EXPECT_NE(text.find("port0 -.-|\"net<br/>broken\"| space0_0"), std::string::npos) << text;
}

TEST(Mermaid, ShowsMappedPortsAndRates) {
  const auto text = report::mermaid({.hostname = "n", .attachments = {test::with_services(test::routed("c"))}});
  const std::string box = R"(["eth0<br/>10.1.2.2/24<br/>port 8080:80/tcp<br/>ingress 20 Mbit/s<br/>egress 10 Mbit/s"])";
  EXPECT_NE(text.find(box), std::string::npos) << text;
}

}  // namespace
