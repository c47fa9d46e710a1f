#include "plugin/vethctl/report/dot.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Dot, IsAGraphOfGraphviz) {
  EXPECT_EQ(report::dot({.hostname = "node-1", .attachments = {test::routed("web")}}),
            R"(graph "node-1" {
  rankdir=LR;
  fontname="sans-serif";
  node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=11];
  edge [fontname="sans-serif", fontsize=10];
  subgraph cluster_host {
    label="host node-1";
    lo [label="lo", fillcolor="#f0f0f0"];
    port0 [label="veth-web", fillcolor="#dbe9fb"];
  }
  subgraph cluster_space0 {
    label="web";
    space0_0 [label="eth0\n10.1.2.2/24", fillcolor="#ffffff"];
  }
  port0 -- space0_0 [label="net"];
}
)");
}

TEST(Dot, HasBridgesAndPairsBetweenNamespaces) {
  const auto text = report::dot(test::small_node());
  for (const char* part : {"label=\"bridge cni0\\nup 10.88.0.1/16\"", "space1_0 -- space0_0 [label=\"cable\"]"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

TEST(Dot, DrawsAttachmentsThatAreNotLiveDashed) {
  const auto text =
      report::dot({.hostname = "n", .attachments = {test::in_state(test::routed("c"), inspect::State::broken)}});
  EXPECT_NE(text.find("[label=\"net\\nbroken\", style=dashed]"), std::string::npos) << text;
}

TEST(Dot, ShowsMappedPortsAndRates) {
  const auto text = report::dot({.hostname = "n", .attachments = {test::with_services(test::routed("c"))}});
  const std::string label = R"("eth0\n10.1.2.2/24\nport 8080:80/tcp\ningress 20 Mbit/s\negress 10 Mbit/s")";
  EXPECT_NE(text.find(label), std::string::npos) << text;
}

}  // namespace
